import { blockedDdl } from './blocked-ddl.ts';
import { constraints } from './constraints.ts';
import { dependents } from './dependents.ts';
import { disk } from './disk.ts';
import type { InventoryFinding, InventoryInput, Severity, Subject } from './finding.ts';
import { foreignKeys } from './foreign-keys.ts';
import { frameworks } from './frameworks.ts';
import { generatedColumns } from './generated-columns.ts';
import { oldVectors } from './old-vectors.ts';
import { partClause } from './part-clause.ts';
import { partitions } from './partitions.ts';
import { publications } from './publications.ts';
import { rowSecurity } from './row-security.ts';
import { rules } from './rules.ts';
import { schemas } from './schemas.ts';
import { statements } from './statements.ts';
import { textSource } from './text-source.ts';
import { triggers } from './triggers.ts';
import { vectorIndexes } from './vector-indexes.ts';

const SUBJECTS: readonly Subject[] = [
  publications,
  triggers,
  constraints,
  oldVectors,
  textSource,
  rules,
  generatedColumns,
  rowSecurity,
  foreignKeys,
  vectorIndexes,
  partitions,
  partClause,
  dependents,
  disk,
  statements,
  frameworks,
  schemas,
  blockedDdl,
];

// Contract of a part drops no column, and there is no view with the table's own name.
const OF_WHOLE_TABLE = ['not-null', 'not-null-vector', 'schemas', 'vector-index-dropped'];

const ORDER: Record<Severity, number> = { refusal: 0, harm: 1, note: 2 };

// Several counts of a large table; create also reads it once to count the texts.
const SECONDS_A_COUNT = 20;

/** Finds out what a campaign does to a table and what the table does to a campaign, gravest first. */
export async function takeInventory(input: Omit<InventoryInput, 'seconds'> & { seconds?: number }): Promise<InventoryFinding[]> {
  const findings: InventoryFinding[] = [];
  for (const subject of SUBJECTS) findings.push(...(await subject({ seconds: SECONDS_A_COUNT, ...input })));
  return findings
    .filter((finding) => input.facts.part === null || !OF_WHOLE_TABLE.includes(finding.code))
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

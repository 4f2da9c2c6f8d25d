import { counted } from '../../wording.ts';
import type { InventoryFinding, Subject } from './finding.ts';

/** What the text depends on besides its own row. */
export const textSource: Subject = async ({ facts, text }) => [
  ...(text?.unseenFunctions ?? []).map(
    (name): InventoryFinding => ({
      code: 'unseen-function',
      what: `the text expression calls ${name}, which is STABLE and whose body PostgreSQL has not parsed`,
      consequence: 'if it reads another table, changes of that table are not noticed',
      avoid: `if it reads none, ALTER FUNCTION ${name} IMMUTABLE; if it does, join that table with --text-from`,
      severity: 'refusal',
      evidence: { functions: text?.unseenFunctions ?? [] },
    }),
  ),
  ...(text?.joined?.missingIndexes ?? []).map(
    ({ table, statement }): InventoryFinding => ({
      code: 'joined-without-index',
      what: `no index finds the rows whose text comes from a row of ${table}`,
      consequence: `each change of ${table} reads a table of up to ${counted(facts.rows, 'row')}`,
      avoid: statement,
      severity: 'refusal',
      evidence: { tables: (text?.joined?.missingIndexes ?? []).map((missing) => missing.table) },
    }),
  ),
  ...(text?.joined?.joins ?? []).map(
    ({ table, alias }): InventoryFinding => ({
      code: 'joined-table',
      what: `the text comes from ${table} (${alias})`,
      consequence: 'four triggers on it log which rows change, and workers renew the vectors that depend on them',
      avoid: 'nothing to do; down and release remove them',
      severity: 'note',
      evidence: { table },
    }),
  ),
];

import { counted, plural } from '../../wording.ts';
import { catalogQuery } from './catalog-query.ts';
import { count } from './count.ts';
import type { InventoryFinding, Subject } from './finding.ts';

/** Constraints that rows of the table violate already: PostgreSQL checks a row again when a vector is stored in it. */
export const constraints: Subject = async (input) => {
  const { rows } = await input.db.query<{ statement: string | null }>(`SELECT (${catalogQuery('violation_query')}) AS statement`, [
    input.facts.oid,
  ]);
  const statement = rows[0]?.statement;
  if (!statement) return [];
  const found = await count<{ name: string; rows: number }>(input, statement);
  if (found.rows?.length === 0) return [];
  return [found.rows ? violated(found.rows) : notCounted(found.failure)];
};

const SHARED = {
  code: 'violated-constraints',
  avoid: '--storage side-table; or correct the rows, then ALTER TABLE … VALIDATE CONSTRAINT …',
  severity: 'harm',
  storage: 'column',
  before: 'backfill',
} as const;

function violated(found: { name: string; rows: number }[]): InventoryFinding {
  const total = found.reduce((sum, { rows }) => sum + rows, 0);
  return {
    ...SHARED,
    what: `${counted(total, 'row')} ${plural(total, 'violates', 'violate')} ${found.map(({ name, rows }) => `${name} (${rows})`).join(', ')}`,
    consequence: `PostgreSQL refuses every update of ${plural(total, 'it: it gets', 'them: they get')} no new vector`,
    evidence: { constraints: found.map(({ name }) => name).sort(), rows: total },
  };
}

function notCounted(failure: string): InventoryFinding {
  return {
    ...SHARED,
    what: `constraints that were not validated, or call a function: rows that violate them were ${failure}`,
    consequence: 'PostgreSQL refuses every update of such a row: it gets no new vector',
    // The gate counts without a limit, and asks for an acceptance of what it finds.
    severity: 'note',
    evidence: {},
  };
}

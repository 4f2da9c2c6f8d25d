import type { Queryable } from '../database/connection.ts';
import { type MigrationFile, PHASES } from '../database/migration-file.ts';
import type { OpenCondition } from '../phases/advance.ts';
import { counted, formatNumber, plural } from '../wording.ts';
import { ifAllowed } from './if-allowed.ts';
import type { ProgressRow } from './show-progress.ts';

/** The next phase of a campaign and how to enter it. */
export interface NextStep {
  phase: string;
  /** migration file of the phase; null when it is not in the folder */
  file: string | null;
  /** conditions that keep the gate closed; null when this role may not read them */
  open_conditions: OpenCondition[] | null;
  /** the command to run now */
  command: string;
  /** whether nothing is left to run, because workers do what the command would start */
  is_under_way: boolean;
}

/** Rows of the new model that could not be embedded. */
export interface Failures {
  failed_new: number;
  allowed_failures: number;
}

// Conditions that running workers fulfil.
const WORK = ['pending_batches', 'outdated_rows'];

/**
 * Reads what a campaign waits for.
 *
 * @param row its progress
 * @param failures undefined where this role may not read them
 * @param pending migration files that have not run
 * @returns null when nothing follows
 */
export async function readNextStep(
  db: Queryable,
  row: ProgressRow,
  failures: Partial<Failures>,
  pending: readonly MigrationFile[],
): Promise<NextStep | null> {
  const file = pending.find(({ campaign }) => campaign === row.campaign);
  const phase = file?.phase ?? PHASES[PHASES.indexOf(row.phase) + 1];
  if (!phase) return null;
  const conditions = phase === 'index' ? ledgerConditions(row, failures) : await gateConditions(db, row.campaign, phase);
  // Vectors of a part that do not fit the column stay in their side table.
  if (conditions?.some(({ code }) => code === 'part_stays_in_side_table')) return null;
  const [first] = conditions ?? [];
  const is_under_way = first !== undefined && WORK.includes(first.code) && row.workers > 0 && row.throttled_by === null;
  return { phase, file: file?.name ?? null, open_conditions: conditions, command: first?.remedy ?? 'npm run migrate up', is_under_way };
}

/** Conditions of the gate to phase index, from the ledger alone. The gate itself searches the whole table, which is too expensive here. */
function ledgerConditions(row: ProgressRow, { failed_new = 0, allowed_failures = 0 }: Partial<Failures>): OpenCondition[] {
  const conditions: OpenCondition[] = [];
  if (row.done < row.total)
    conditions.push({
      code: 'pending_batches',
      condition: `${formatNumber(row.total - row.done)} of ${counted(row.total, 'row')} ${plural(row.total - row.done, 'is', 'are')} still to be embedded`,
      remedy: 'npm run worker',
    });
  if (row.outdated > 0)
    conditions.push({
      code: 'outdated_rows',
      condition: `${counted(row.outdated, 'row changed and waits for its', 'rows changed and wait for their')} new vector`,
      remedy: 'npm run worker',
    });
  if (failed_new > allowed_failures) {
    conditions.push({
      code: 'failed_rows',
      condition: `${counted(failed_new, 'row')} could not be embedded, ${counted(allowed_failures, 'is', 'are')} allowed`,
      remedy: `npm run retry, or npm run setting -- max_failed_rows=${failed_new}`,
    });
  }
  return conditions;
}

async function gateConditions(db: Queryable, campaign: string, phase: string): Promise<OpenCondition[] | null> {
  if (phase === 'expand') return [];
  const conditions = db.query<OpenCondition>('SELECT code, condition, remedy FROM reembed.open_conditions($1, $2)', [campaign, phase]);
  return ifAllowed(
    conditions.then(({ rows }) => rows),
    null,
  );
}

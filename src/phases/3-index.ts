import type { Database } from '../database/connection.ts';
import type { Notice } from '../database/migration-runner.ts';
import { withSession } from '../database/session.ts';
import { identifier, literal } from '../plan/plan.ts';
import { buildIndexes, newIndex } from './index-statements.ts';
import { buildLeafIndexes, DROP_LEAF_INDEXES, isOnLeaves } from './leaf-indexes.ts';
import { CONCURRENT_LOCK_WAIT, type Phase, present, RESET_LOCK_WAIT } from './phase.ts';

/** The gate, which asks whether every row has its vector. */
const opening = (campaign: string) => `SELECT reembed.require_gate(${literal(campaign)}, 'index');`;
const closing = (campaign: string) => `SELECT reembed.enter_phase(${literal(campaign)}, 'index');`;

export const index: Phase = {
  name: 'index',
  locks: ({ sideTable, isPartitioned }) =>
    sideTable
      ? 'none on the table; SHARE UPDATE EXCLUSIVE on the side table while it builds'
      : isPartitioned
        ? 'SHARE UPDATE EXCLUSIVE on one partition after another while it builds: reads and writes continue'
        : 'SHARE UPDATE EXCLUSIVE while it builds: reads and writes continue, VACUUM and other DDL on the table wait',
  back: () => 'drops the indexes CONCURRENTLY',
  inTransaction: false,
  up: (plan) => [
    opening(plan.campaign),
    ...(isOnLeaves(plan)
      ? [`SELECT reembed.plan_leaf_indexes(${literal(plan.campaign)});`, buildLeafIndexes(plan, 'leafIndexes')]
      : buildIndexes(
          plan,
          plan.indexes.map((planned) => newIndex(plan, planned)),
        )),
    closing(plan.campaign),
  ],
  down: (plan) => [
    `SELECT reembed.require_unread(${literal(plan.campaign)});`,
    ...(isOnLeaves(plan) ? [DROP_LEAF_INDEXES] : []),
    ...(plan.indexes.length > 0 && !isOnLeaves(plan)
      ? [
          CONCURRENT_LOCK_WAIT,
          ...plan.indexes.map(({ name }) => `DROP INDEX CONCURRENTLY IF EXISTS ${present('schema')}.${identifier(plan, name)};`),
          RESET_LOCK_WAIT,
        ]
      : []),
    `SELECT reembed.leave_phase(${literal(plan.campaign)}, 'index');`,
  ],
};

/**
 * The statements of `up` that build, without the gate before them and the entry into the phase after them.
 *
 * @param statements all statements of `up`, as the file executes them
 * @returns undefined when the file was changed, so that it does not begin and end with those two
 */
export function buildOf(campaign: string, statements: readonly string[]): string[] | undefined {
  const isWhole = statements[0] === opening(campaign) && statements.at(-1) === closing(campaign);
  return isWhole ? statements.slice(1, -1) : undefined;
}

/**
 * Drops an index that a failed concurrent build of this campaign left INVALID, because IF NOT EXISTS would accept it as the index. Drops
 * only the campaign's own indexes on its own table or, in the `down` of contract, an index that the campaign restores.
 */
export async function dropInvalidIndexes(database: Database, campaign: string, notice: Notice): Promise<void> {
  const { rows } = await database.pool.query<{ name: string; statement: string }>(
    `SELECT c.relname AS name, format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname) AS statement
       FROM reembed.campaign AS m
       JOIN reembed.target AS t ON t.name = m.target
       JOIN pg_index AS i ON (i.indrelid IN (t.relation, m.to_relation, (m.old_column ->> 'side_table')::oid) OR i.indrelid IN (SELECT l.leaf FROM reembed.leaves(t.relation) AS l)) AND NOT i.indisvalid
       JOIN pg_class AS c ON c.oid = i.indexrelid
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE m.name = $1
        AND (EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = m.name AND (p.name = c.relname OR m.phase = 'switch' AND m.old_column IS NOT NULL AND p.leaf = i.indrelid AND p.old_name = c.relname)) OR m.old_column -> 'indexes' @> jsonb_build_array(jsonb_build_object('name', c.relname))
             OR t.part <> '' AND EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = m.name AND p.final_name = c.relname))
        AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = i.indexrelid)`,
    [campaign],
  );
  for (const { name, statement } of rows) {
    // DROP INDEX CONCURRENTLY waits for older transactions, so statement_timeout must be lifted, and it cannot run inside a transaction.
    // Hence a session of its own.
    await withSession(database.url, 'pg-reembed migrate', (client) => client.query(statement));
    notice(`index ${name} was left INVALID by an earlier build: it was dropped and will be built again`);
  }
}

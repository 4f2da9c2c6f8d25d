import type pg from 'pg';
import { inTransaction, type Queryable } from '../database/connection.ts';

/** Longest time of one statement. A snapshot that lasts longer would slow the backfill, which waits for old snapshots. */
export const STATEMENT_TIMEOUT_MS = 2000;

/**
 * Runs `work` in one transaction that can change nothing. Each of its queries has a savepoint, so that one that is refused or takes too
 * long fails alone.
 */
export function inReadOnlyTransaction<T>(
  pool: pg.Pool,
  work: (db: Queryable) => Promise<T>,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
): Promise<T> {
  return inTransaction(pool, async (client) => {
    // Not REPEATABLE READ: its snapshot would last as long as all statements together.
    await client.query('SET TRANSACTION READ ONLY');
    await client.query("SELECT set_config('statement_timeout', $1, true)", [String(statementTimeoutMs)]);
    return work(inSavepoints(client));
  });
}

/** Queries one after the other, also when several are asked for together: savepoints of one connection must not overlap. */
function inSavepoints(client: Queryable): Queryable {
  let before: Promise<unknown> = Promise.resolve();
  const query = (text: string, values?: unknown[]) => {
    const answer = before.then(() => inSavepoint(client, text, values));
    before = answer.catch(() => {});
    return answer;
  };
  return { query: query as unknown as pg.Pool['query'] };
}

async function inSavepoint(client: Queryable, text: string, values?: unknown[]): Promise<pg.QueryResult> {
  await client.query('SAVEPOINT query');
  try {
    return await client.query(text, values);
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT query');
    throw error;
  }
}

import pg from 'pg';
import type { Queryable } from './connection.ts';

/**
 * Runs a statement like `db.query()`. When it fails, throws only after its transaction has ended: PostgreSQL reports an error before it
 * releases the rows that the statement had locked, and a statement that follows on another connection would skip them (SKIP LOCKED).
 */
export async function queryToEnd<Row extends pg.QueryResultRow>(
  db: Queryable,
  statement: string,
  values: unknown[],
): Promise<pg.QueryResult<Row>> {
  // A single connection runs one statement after another.
  if (!(db instanceof pg.Pool)) return db.query<Row>(statement, values);
  const client = await db.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await client.query<Row>(statement, values);
  } catch (error) {
    // It is sent once the server is ready for it, and that is when the transaction has ended.
    await client.query('SELECT').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

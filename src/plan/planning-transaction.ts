import type pg from 'pg';
import { applySettings, type Database } from '../database/connection.ts';

/**
 * Runs work in a transaction that is always rolled back. It becomes read-only before code of other owners can run in it: see borrowOwner().
 */
export async function inPlanningTransaction<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  // Without a listener a connection that breaks while no statement runs, for example during a call to the provider, would end the process.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ WRITE');
    await applySettings(client, 'transaction');
    return await work(client);
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => {
      broken = error;
    });
    client.off('error', onError);
    client.release(broken);
  }
}

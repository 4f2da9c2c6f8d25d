import pg from 'pg';
import type { Queryable } from '../../src/database/connection.ts';
import type { Stage } from './stage.ts';

/** Reasons why workers of a stage write less, as reembed.health shows them. */
export async function throttlingReasons({ db }: Stage): Promise<string[]> {
  const { rows } = await db.pool.query<{ reason: string }>('SELECT reason FROM reembed.health WHERE throttles ORDER BY reason');
  return rows.map(({ reason }) => reason);
}

/** Reasons that the backfill of a target would take account of now. */
export async function signalsOf({ db }: Stage, target: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ reason: string }>('SELECT reason FROM reembed.check_throttle_signals($1)', [target]);
  return rows.map(({ reason }) => reason);
}

/** Number of rows of a table that have their new vector. */
export async function writtenRows({ db }: Stage, table: string): Promise<number> {
  return (await db.pool.query(`SELECT FROM ${table} WHERE embedding_v2 IS NOT NULL`)).rowCount ?? 0;
}

/** A session of another application. */
export async function connect({ db }: Stage): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: db.url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A database that shows these signals, and no searches. */
export function databaseWith(signals: unknown[]): Queryable {
  return {
    query: async (text: string) => ({ rows: text.includes('check_throttle_signals') ? [...signals] : [] }),
  } as unknown as Queryable;
}

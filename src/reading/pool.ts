import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';

/** Whether it has more than one connection: then one may be used beside the application's. */
export function isPool(db: Queryable): db is pg.Pool {
  return typeof (db as Partial<pg.Pool>).waitingCount === 'number';
}

import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';

/** Whether it has several connections, so that one may be used in addition to the application's. */
export function isPool(db: Queryable): db is pg.Pool {
  return typeof (db as Partial<pg.Pool>).waitingCount === 'number';
}

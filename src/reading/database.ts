/**
 * What the client needs of the application's pool or client of `pg`. Structural, so that it does not depend on a version of `@types/pg`, or
 * on having it.
 */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** What only a pool has. */
export interface Pool extends Queryable {
  readonly waitingCount: number;
  readonly options: object;
}

/** Whether it has several connections, so that one may be used in addition to the application's. */
export function isPool(db: Queryable): db is Pool {
  return typeof (db as Partial<Pool>).waitingCount === 'number';
}

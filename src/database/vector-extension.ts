import type { Queryable } from './connection.ts';

/** Reads schema and version of the extension vector; undefined if it is not installed. Needs nothing of schema reembed. */
export async function readVectorExtension(db: Queryable): Promise<{ schema: string; version: string } | undefined> {
  const { rows } = await db.query<{ schema: string; version: string }>(
    `SELECT n.nspname AS schema, e.extversion AS version FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'vector'`,
  );
  return rows[0];
}

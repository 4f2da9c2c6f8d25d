import type { Queryable } from './connection.ts';

/** Reads schema and version of the extension vector; undefined if it is not installed. Needs nothing of schema reembed. */
export async function readVectorExtension(db: Queryable): Promise<{ schema: string; version: string } | undefined> {
  const { rows } = await db.query<{ schema: string; version: string }>(
    `SELECT n.nspname AS schema, e.extversion AS version FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'vector'`,
  );
  return rows[0];
}

/**
 * SQL of the name of a type of pgvector, with alias y for pg_type; empty for a type of another origin. A type of the owner's may also be
 * called vector and have casts, which run with the rights of the role that reads the column.
 */
export const EXTENSION_TYPE =
  "CASE WHEN y.typnamespace = (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'vector') THEN y.typname ELSE '' END";

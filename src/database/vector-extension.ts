import { ReembedError } from '../errors.ts';
import type { Queryable } from './connection.ts';

/** Thrown when pgvector is not installed in the database. */
export class ExtensionMissing extends ReembedError {
  constructor(available: boolean) {
    super(
      'extension_missing',
      'the extension vector (pgvector) is not in this database',
      available ? 'as a superuser: CREATE EXTENSION vector' : 'install pgvector on the server, then: CREATE EXTENSION vector',
    );
  }
}

/** Reads schema and version of the extension vector; undefined if it is not installed. Needs nothing of schema reembed. */
export async function readVectorExtension(db: Queryable): Promise<{ schema: string; version: string } | undefined> {
  const { rows } = await db.query<{ schema: string; version: string }>(
    `SELECT n.nspname AS schema, e.extversion AS version FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'vector'`,
  );
  return rows[0];
}

/** @throws ExtensionMissing */
export async function requireVectorExtension(db: Queryable): Promise<{ schema: string; version: string }> {
  const extension = await readVectorExtension(db);
  if (extension) return extension;
  const { rowCount } = await db.query("SELECT FROM pg_available_extensions WHERE name = 'vector'");
  throw new ExtensionMissing(rowCount === 1);
}

/**
 * SQL of the name of a type of pgvector, with alias y for pg_type; empty for a type of another origin. A type of the owner's may also be
 * called vector and have casts, which run with the rights of the role that reads the column.
 */
export const EXTENSION_TYPE =
  "CASE WHEN y.typnamespace = (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'vector') THEN y.typname ELSE '' END";

import pg from 'pg';
import { type Queryable, RELATION_AS_WRITTEN } from '../database/connection.ts';
import { NoSuchTable } from './inspect-error.ts';
import { tablesWithVectors } from './tables-with-vectors.ts';

/** A row of pg_class. */
export interface Relation {
  oid: number;
  /** pg_class.relkind */
  kind: string;
  /** partition or heir (of table inheritance); null for a table that is neither */
  family: string | null;
  schema: string;
  name: string;
  rowSecurity: boolean;
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const WRITTEN_NAME = new RegExp(`^${NAME}(\\.${NAME})?$`, 'u');

/**
 * Finds the table that the user means.
 *
 * @param table name as the user wrote it: bare, schema-qualified, quoted or not
 * @throws NoSuchTable
 */
export async function findRelation(db: Queryable, table: string): Promise<Relation> {
  const dot = table.indexOf('.');
  const spellings = [
    ...(table !== '' ? [pg.escapeIdentifier(table)] : []),
    ...(dot > 0 && dot < table.length - 1
      ? [`${pg.escapeIdentifier(table.slice(0, dot))}.${pg.escapeIdentifier(table.slice(dot + 1))}`]
      : []),
    // PostgreSQL 15 raises an error for a string that is not a name, which aborts the transaction.
    ...(WRITTEN_NAME.test(table) ? [table] : []),
  ];
  for (const spelling of spellings) {
    const { rows } = await db.query<Relation>(
      `SELECT c.oid, c.relkind AS kind, n.nspname AS schema, c.relname AS name, c.relrowsecurity AS "rowSecurity",
              CASE WHEN c.relispartition THEN 'partition' WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent)) THEN 'heir' END AS family
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ${RELATION_AS_WRITTEN}`,
      [spelling],
    );
    if (rows[0]) return rows[0];
  }
  const candidates = await tablesWithVectors(db);
  throw new NoSuchTable(
    table,
    candidates.slice(0, 10).map(({ name }) => name),
  );
}

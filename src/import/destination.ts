import pg from 'pg';
import { inTransaction, type Queryable, SCHEMA_OF_BARE_NAMES } from '../database/connection.ts';
import { EXTENSION_TYPE, requireVectorExtension } from '../database/vector-extension.ts';
import type { Source } from './chroma-collection.ts';
import { NoSuchSchema, TableDoesNotFit, UnfitDimensions } from './import-error.ts';

const MOST_DIMENSIONS = 16_000;

/** The table that takes the records. */
export interface Destination {
  /** for messages */
  name: string;
  /** qualified and quoted name */
  qualified: string;
  exists: boolean;
  /** schema of pgvector, quoted */
  vectorSchema: string;
  /** OID of the type vector */
  vectorOid: number;
}

/** Columns that the table has, or gets, and the types that each may have. */
const COLUMNS: Record<string, string[]> = {
  id: ['text', 'varchar'],
  document: ['text', 'varchar'],
  metadata: ['jsonb'],
  embedding: ['vector'],
};
const WANTED = 'id text PRIMARY KEY, document text, metadata jsonb, embedding vector';

/**
 * Finds the table, or what it is called when it is created. Changes nothing.
 *
 * @param table name, or schema.name, as it is spelled in the catalog
 * @throws ExtensionMissing, UnfitDimensions, NoSuchSchema, TableDoesNotFit
 */
export async function findDestination(pool: pg.Pool, table: string, { collection, dimensions }: Source): Promise<Destination> {
  return inTransaction(pool, async (db) => {
    const { schema: extension } = await requireVectorExtension(db);
    if (dimensions > MOST_DIMENSIONS) throw new UnfitDimensions(collection, dimensions, MOST_DIMENSIONS);
    const { rows: types } = await db.query<{ oid: number }>(
      "SELECT y.oid FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace WHERE n.nspname = $1 AND y.typname = 'vector'",
      [extension],
    );
    const dot = table.indexOf('.');
    const [written, name] = dot > 0 ? [table.slice(0, dot), table.slice(dot + 1)] : [undefined, table];
    const { schema, isThere, oid } = await readRelation(db, written, name);
    if (!isThere) throw new NoSuchSchema(schema);
    const destination = {
      name: `${schema}.${name}`,
      qualified: `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`,
      exists: oid !== null,
      vectorSchema: pg.escapeIdentifier(extension),
      vectorOid: types[0]?.oid ?? 0,
    };
    if (oid !== null) await refuseUnfit(db, oid, destination.name, dimensions);
    return destination;
  });
}

/** Creates the table, with the primary key that a campaign needs. */
export async function createDestination(pool: pg.Pool, { qualified, vectorSchema }: Destination, dimensions: number): Promise<void> {
  await inTransaction(pool, (db) =>
    db.query(
      `CREATE TABLE ${qualified} (id pg_catalog.text PRIMARY KEY, document pg_catalog.text, metadata pg_catalog.jsonb, embedding ${vectorSchema}.vector(${dimensions}))`,
    ),
  );
}

/** @param schema undefined: the one in which the user's role creates a table by its bare name */
async function readRelation(db: Queryable, schema: string | undefined, name: string) {
  const { rows } = await db.query<{ schema: string; isThere: boolean; oid: number | null }>(
    `SELECT w.schema, n.oid IS NOT NULL AS "isThere", c.oid
       FROM (SELECT coalesce($1, ${SCHEMA_OF_BARE_NAMES}, 'public') AS schema) AS w
       LEFT JOIN pg_namespace AS n ON n.nspname = w.schema LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2`,
    [schema ?? null, name],
  );
  return rows[0] ?? { schema: schema ?? 'public', isThere: false, oid: null };
}

interface ColumnFacts {
  name: string;
  type: string;
  written: string;
  modifier: number;
  isNeeded: boolean;
}

async function refuseUnfit(db: Queryable, oid: number, table: string, dimensions: number): Promise<void> {
  const { rows: relations } = await db.query<{ kind: string; owner: string; isOwn: boolean; hasKey: boolean }>(
    `SELECT c.relkind AS kind, pg_get_userbyid(c.relowner) AS owner, pg_get_userbyid(c.relowner) = current_user AS "isOwn",
            EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'id'
                     WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
                       AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS "hasKey"
       FROM pg_class AS c WHERE c.oid = $1`,
    [oid],
  );
  const [relation] = relations;
  if (!relation || (relation.kind !== 'r' && relation.kind !== 'p'))
    throw new TableDoesNotFit(table, 'it is not a table', 'name another --table');
  // The table's triggers and constraints run as whoever inserts, and must gain no right of another role.
  if (!relation.isOwn)
    throw new TableDoesNotFit(table, `it belongs to ${relation.owner}`, `connect as ${relation.owner}, or name another --table`);
  const { rows: columns } = await db.query<ColumnFacts>(
    `SELECT a.attname AS name, coalesce(nullif(${EXTENSION_TYPE}, ''), y.typname) AS type, format_type(a.atttypid, a.atttypmod) AS written, a.atttypmod AS modifier,
            a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS "isNeeded"
       FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [oid],
  );
  const remedy = `name another --table, which is created, or give this one the columns ${WANTED}(${dimensions})`;
  for (const [name, types] of Object.entries(COLUMNS)) {
    const column = columns.find((candidate) => candidate.name === name);
    if (!column) throw new TableDoesNotFit(table, `it has no column ${name}`, remedy);
    if (!types.includes(column.type)) throw new TableDoesNotFit(table, `its column ${name} is ${column.written}, not ${types[0]}`, remedy);
    if (name === 'embedding' && column.modifier > 0 && column.modifier !== dimensions)
      throw new TableDoesNotFit(table, `its column embedding is ${column.written}, and the vectors have ${dimensions} dimensions`, remedy);
  }
  const needed = columns.find(({ name, isNeeded }) => isNeeded && !(name in COLUMNS));
  if (needed) throw new TableDoesNotFit(table, `its column ${needed.name} needs a value, which a record does not have`, remedy);
  if (!relation.hasKey) throw new TableDoesNotFit(table, 'its column id is neither the primary key nor unique', remedy);
}

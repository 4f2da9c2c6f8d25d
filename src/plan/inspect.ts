import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { type ElementType, isElementType } from '../database/element-types.ts';
import { isInstalled } from '../database/sql-objects.ts';
import { EXTENSION_TYPE, requireVectorExtension } from '../database/vector-extension.ts';
import { findRelation } from './find-relation.ts';
import {
  ColumnNotAVector,
  EmptyTable,
  ForeignPartition,
  NoPrimaryKey,
  NoSuchColumn,
  NotAnOrdinaryTable,
  PostgresTooOld,
} from './inspect-error.ts';
import { type OldIndex, readOldIndexes } from './old-indexes.ts';
import type { Part } from './part.ts';
import { refuseUnfitTable } from './refuse-unfit.ts';

/** A table and its vector column, as read from the catalog. */
export interface TableFacts {
  oid: number;
  schema: string;
  table: string;
  /** qualified and quoted name */
  qualified: string;
  /** table that holds the vectors if an earlier campaign put them in a side table */
  sideTable: string | null;
  columns: string[];
  column: string;
  columnType: string;
  elementType: ElementType;
  /** null for a column without fixed dimensions and without any vector */
  dimensions: number | null;
  notNull: boolean;
  keyColumns: string[];
  /** key columns with type and collation, as in CREATE TABLE */
  keyDefinitions: string[];
  rows: number;
  tableBytes: number;
  /** pages of the table, without indexes and TOAST */
  pages: number;
  /** bytes of a row within its page */
  rowBytes: number;
  /** every index of the table */
  tableIndexes: { name: string; method: string }[];
  vectorSchema: string;
  vectorVersion: string;
  serverVersion: number;
  rowSecurity: boolean;
  /** indexes of which the vector column is the only key */
  indexes: OldIndex[];
  /** tablespace of the vectors; empty for that of the database */
  tablespace: string;
  /** OIDs of the partitions that hold the rows; null for an ordinary table */
  leaves: number[] | null;
  /** the rows that are migrated; null for all */
  part: Part | null;
  /** indexes on the column that hold rows of the part alone, which contract replaces */
  partIndexes: string[];
}

/** Whether a column's type admits vectors of one number of dimensions only. */
export function hasDimensions(columnType: string): boolean {
  return /\(\d+\)$/.test(columnType);
}

/**
 * Reads the facts about a table that a campaign needs.
 *
 * @param table name as the user wrote it: bare, schema-qualified, quoted or not
 * @throws NoSuchTable, NotAnOrdinaryTable, CannotActAsOwner, NoCreateOnSchema, ForcedRowSecurity, UpdateRules, NoSuchColumn,
 * ColumnNotAVector, NoPrimaryKey, ForeignPartition, EmptyTable, ExtensionMissing, PostgresTooOld
 */
export async function inspectTable(db: Queryable, table: string, column: string): Promise<TableFacts> {
  const server = await readServer(db);
  const relation = await findRelation(db, table);
  const kind = relation.family ?? relation.kind;
  if (kind !== 'r' && kind !== 'p') throw new NotAnOrdinaryTable(table, kind);
  await refuseUnfitTable(db, relation.oid, `${relation.schema}.${relation.name}`);

  const columns = await readColumns(db, relation.oid);
  const names = columns.map(({ name }) => name);
  const side = await findSideTable(db, relation.oid, column);
  const vector = side
    ? (await readColumns(db, side.oid)).find(({ name }) => name === side.column)
    : columns.find(({ name }) => name === column);
  if (!vector) throw new NoSuchColumn(table, column, names);
  if (!isElementType(vector.base)) {
    throw new ColumnNotAVector(
      table,
      column,
      vector.type,
      columns.filter(({ base }) => isElementType(base)).map(({ name }) => name),
    );
  }
  const leaves = kind === 'p' ? await readLeaves(db, relation.oid, table) : null;
  const stored = leaves ?? [relation.oid];
  const key = await readKey(db, relation.oid, table);
  const qualified = `${pg.escapeIdentifier(relation.schema)}.${pg.escapeIdentifier(relation.name)}`;
  const size = await readSize(db, table, qualified, stored);

  return {
    oid: relation.oid,
    schema: relation.schema,
    table: relation.name,
    qualified,
    columns: names,
    column,
    columnType: vector.type,
    elementType: vector.base,
    dimensions:
      vector.modifier > 0 ? vector.modifier : await firstDimensions(db, side?.qualified ?? qualified, vector.name, server.vectorSchema),
    notNull: vector.notNull && !side,
    keyColumns: key.map(({ name }) => name),
    keyDefinitions: key.map(({ definition }) => definition),
    ...size,
    // Each row is in the indexes of one leaf.
    tableIndexes: await readTableIndexes(db, stored[0] ?? relation.oid),
    ...server,
    rowSecurity: relation.rowSecurity,
    sideTable: side?.name ?? null,
    indexes: await readOldIndexes(db, side?.oid ?? relation.oid, vector.name, side ? [] : (leaves ?? [])),
    tablespace: await readTablespace(db, side?.oid ?? relation.oid),
    leaves,
    part: null,
    partIndexes: [],
  };
}

/** @throws NoPrimaryKey */
async function readKey(db: Queryable, oid: number, table: string): Promise<{ name: string; definition: string }[]> {
  const { rows } = await db.query<{ name: string; definition: string }>(
    `SELECT a.attname AS name,
            format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
              || CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %I.%I', n.nspname, c.collname) ELSE '' END AS definition
       FROM pg_index AS i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
       JOIN pg_attribute AS a ON a.attnum = k.attnum
       JOIN pg_type AS y ON y.oid = a.atttypid
       LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
       LEFT JOIN pg_namespace AS n ON n.oid = c.collnamespace
      WHERE i.indrelid = $1 AND a.attrelid = i.indrelid AND i.indisprimary
        -- What is after them is INCLUDEd.
        AND k.position <= i.indnkeyatts ORDER BY k.position`,
    [oid],
  );
  if (rows.length === 0) throw new NoPrimaryKey(table);
  return rows;
}

/** @throws ForeignPartition */
async function readLeaves(db: Queryable, oid: number, table: string): Promise<number[]> {
  const { rows } = await db.query<{ oid: number; name: string; kind: string }>(
    `SELECT c.oid, format('%s.%s', n.nspname, c.relname) AS name, c.relkind AS kind
       FROM pg_partition_tree($1::oid::regclass) AS p JOIN pg_class AS c ON c.oid = p.relid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind <> 'p' ORDER BY c.oid`,
    [oid],
  );
  const foreign = rows.find(({ kind }) => kind === 'f');
  if (foreign) throw new ForeignPartition(table, foreign.name);
  return rows.map((row) => row.oid);
}

/** @throws EmptyTable */
async function readSize(
  db: Queryable,
  table: string,
  qualified: string,
  stored: number[],
): Promise<Pick<TableFacts, 'rows' | 'tableBytes' | 'pages' | 'rowBytes'>> {
  const size = await db.query<{ rows: string; bytes: string; pages: number; page: number }>(
    `SELECT (SELECT count(*) FROM ${qualified}) AS rows, coalesce(sum(pg_total_relation_size(l.leaf)), 0) AS bytes, current_setting('block_size')::integer AS page,
            coalesce(sum(pg_relation_size(l.leaf)) / current_setting('block_size')::integer, 0)::double precision AS pages FROM unnest($1::oid[]) AS l(leaf)`,
    [stored],
  );
  const rows = Number(size.rows[0]?.rows ?? 0);
  if (rows === 0) throw new EmptyTable(table);
  const { bytes = '0', pages = 0, page = 0 } = size.rows[0] ?? {};
  return { rows, tableBytes: Number(bytes), pages, rowBytes: Math.round((pages * page) / rows) };
}

async function readTableIndexes(db: Queryable, oid: number): Promise<TableFacts['tableIndexes']> {
  const { rows } = await db.query<{ name: string; method: string }>(
    `SELECT c.relname AS name, m.amname AS method FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
      WHERE i.indrelid = $1 AND i.indisready ORDER BY c.relname`,
    [oid],
  );
  return rows;
}

interface ColumnFacts {
  name: string;
  type: string;
  base: string;
  modifier: number;
  notNull: boolean;
  attnum: number;
}

async function readColumns(db: Queryable, oid: number): Promise<ColumnFacts[]> {
  const { rows } = await db.query<ColumnFacts>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, ${EXTENSION_TYPE} AS base, a.atttypmod AS modifier,
            a.attnotnull AS "notNull", a.attnum
       FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [oid],
  );
  return rows;
}

/** Finds the side table in which an earlier campaign left the vectors of a column. The table itself need not have the column any more. */
async function findSideTable(db: Queryable, oid: number, column: string) {
  if (!(await isInstalled(db))) return undefined;
  const { rows } = await db.query<{ oid: number; name: string; qualified: string; column: string }>(
    `SELECT c.oid, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS qualified, v.column_name AS column
       FROM reembed.target AS t JOIN reembed.vector_column AS v ON v.target = t.name AND v.role = 'new' AND v.storage = 'side_table'
       JOIN reembed.campaign AS m ON m.name = v.campaign AND m.phase = 'contract'
       JOIN pg_class AS c ON c.oid = v.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE t.relation = $1 AND t.column_name = $2 AND t.part = ''`,
    [oid, column],
  );
  return rows[0];
}

async function readServer(db: Queryable): Promise<Pick<TableFacts, 'serverVersion' | 'vectorSchema' | 'vectorVersion'>> {
  const { rows } = await db.query<{ serverVersion: number }>(`SELECT current_setting('server_version_num')::integer AS "serverVersion"`);
  const { serverVersion = 0 } = rows[0] ?? {};
  const extension = await requireVectorExtension(db);
  if (serverVersion < 150_000) throw new PostgresTooOld(serverVersion);
  return { serverVersion, vectorSchema: extension.schema, vectorVersion: extension.version };
}

async function firstDimensions(db: Queryable, qualified: string, column: string, vectorSchema: string): Promise<number | null> {
  const name = pg.escapeIdentifier(column);
  const { rows } = await db.query<{ dimensions: number }>(
    `SELECT ${pg.escapeIdentifier(vectorSchema)}.vector_dims(${name}) AS dimensions FROM ${qualified} WHERE ${name} IS NOT NULL LIMIT 1`,
  );
  return rows[0]?.dimensions ?? null;
}

async function readTablespace(db: Queryable, oid: number): Promise<string> {
  const { rows } = await db.query<{ tablespace: string }>(
    'SELECT b.spcname AS tablespace FROM pg_class AS c JOIN pg_tablespace AS b ON b.oid = c.reltablespace WHERE c.oid = $1',
    [oid],
  );
  return rows[0]?.tablespace ?? '';
}

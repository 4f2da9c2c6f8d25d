import pg from 'pg';
import { counted } from '../../wording.ts';
import { inPartSql } from '../part.ts';
import { count } from './count.ts';
import type { InventoryInput } from './finding.ts';

const MOST_VALUES = 20;
const MOST_COLUMNS = 10;
const MOST_CHARACTERS = 60;

/**
 * Proposes a clause for each part of a column that holds vectors of several dimensions: the values of a column of which each has vectors of
 * one number of dimensions only.
 *
 * @returns options as the command line takes them; empty where no column tells the models apart
 */
export async function proposedParts(input: InventoryInput): Promise<string[]> {
  const { facts } = input;
  if (facts.sideTable !== null || facts.leaves !== null || facts.part !== null) return [];
  for (const column of await fewValued(input)) {
    const name = pg.escapeIdentifier(column);
    const vector = pg.escapeIdentifier(facts.column);
    const dimensions = `${pg.escapeIdentifier(facts.vectorSchema)}.vector_dims(t.${vector})`;
    const found = await count<{ clause: string; rows: number; least: number; most: number }>(
      input,
      `SELECT CASE WHEN v.value IS NULL THEN format('%I IS NULL', ${pg.escapeLiteral(column)}) ELSE format('%I = %L', ${pg.escapeLiteral(column)}, v.value) END AS clause, v.rows, v.least, v.most
         FROM (SELECT t.${name}::text AS value, count(*) AS rows, min(${dimensions}) AS least, max(${dimensions}) AS most
                 FROM ${facts.qualified} AS t WHERE ${inPartSql(facts)} AND t.${vector} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_VALUES + 1}) AS v`,
    );
    const values = found.rows ?? [];
    const isSeparated = values.every(({ least, most }) => least === most) && new Set(values.map(({ least }) => least)).size > 1;
    if (isSeparated && values.length <= MOST_VALUES && values.every(({ clause }) => clause.length <= MOST_CHARACTERS))
      return values.map(({ clause, rows, least }) => `--where "${clause}" (${counted(rows, 'row')} of ${least} dimensions)`);
  }
  return [];
}

/** Columns that may have few values, by the statistics of the server; those without statistics too. */
async function fewValued({ db, facts }: InventoryInput): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
       LEFT JOIN pg_stats AS s ON s.schemaname = $2 AND s.tablename = $3 AND s.attname = a.attname
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL ($4)
        AND y.typname IN ('text', 'varchar', 'int2', 'int4', 'int8', 'uuid', 'bool') AND y.typnamespace = 'pg_catalog'::regnamespace
        AND coalesce(s.n_distinct BETWEEN 0 AND ${MOST_VALUES}, true)
      ORDER BY s.n_distinct, a.attnum LIMIT ${MOST_COLUMNS}`,
    [facts.oid, facts.schema, facts.table, [...facts.keyColumns, facts.column]],
  );
  return rows.map(({ name }) => name);
}

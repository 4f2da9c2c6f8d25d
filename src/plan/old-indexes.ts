import type { Queryable } from '../database/connection.ts';
import { queryOf } from '../database/sql-objects.ts';
import { EXTENSION_TYPE } from '../database/vector-extension.ts';

/**
 * What an index has as its key: the vector itself, an expression that can be written for other dimensions, such an expression over the live
 * view as an earlier campaign wrote it, or another one.
 */
export type KeyForm = 'column' | 'cast' | 'quantized' | 'subvector' | 'view' | 'other';

/** An index on the old vectors: what is needed to build it again, and to build its successor on the new vectors. */
export interface OldIndex {
  name: string;
  /** access method as written in SQL */
  method: string;
  /** storage parameters as written in WITH (…); empty for the defaults */
  parameters: string;
  /** pgvector's type that the operator class indexes; empty for a type of another origin */
  elementType: string;
  /** CREATE INDEX CONCURRENTLY …, before and after the name of the table */
  statement: [string, string];
  /** empty for that of the database */
  tablespace: string;
  bytes: number;
  isUnique: boolean;
  /** name of the operator class, without schema */
  operatorClass: string;
  /** the same as written in SQL */
  writtenOperatorClass: string;
  /** whether the operator class is one of pgvector's */
  isOfExtension: boolean;
  keyForm: KeyForm;
  /** type of the key as written in SQL, without its modifier, and the modifier: dimensions or bits; -1 without one */
  keyType: string;
  keyModifier: number;
  /** DESC and the like, INCLUDE (…) and NULLS NOT DISTINCT as written in SQL; each is empty or begins with a space */
  order: string;
  included: string;
  nulls: string;
  /** condition of a partial index as written in SQL */
  predicate: string | null;
  /** what the condition says of the vector */
  vectorInPredicate: 'nothing' | 'is not null' | 'other';
  /** whether the condition or INCLUDE names other columns of the table */
  namesOthers: boolean;
}

/** Reads the valid indexes of which the vector column is the only key. Those of pgvector's HNSW come first, then the oldest. */
export async function readOldIndexes(db: Queryable, oid: number, column: string): Promise<OldIndex[]> {
  // The key of an expression is compared with the texts that PostgreSQL would show for the known forms, so nothing is parsed.
  const { rows } = await db.query<OldIndex>(
    `SELECT c.relname AS name, quote_ident(m.amname) AS method, coalesce(array_to_string(c.reloptions, ', '), '') AS parameters,
            ${EXTENSION_TYPE} AS "elementType", pg_relation_size(c.oid)::double precision AS bytes, coalesce(b.spcname, '') AS tablespace,
            -- pg_get_indexdef() qualifies the table under the same conditions as regclass. No other function returns the rest of the statement.
            json_build_array(format('%s CONCURRENTLY IF NOT EXISTS %I ON ', v.verb, c.relname),
                             substr(pg_get_indexdef(c.oid), length(format('%s %I ON %s', v.verb, c.relname, i.indrelid::regclass)) + 1)) AS statement,
            i.indisunique AS "isUnique", o.opcname AS "operatorClass", format('%I.%I', s.nspname, o.opcname) AS "writtenOperatorClass",
            o.opcnamespace = e.extnamespace AS "isOfExtension",
            CASE WHEN i.indkey[0] <> 0 THEN 'column'
                 WHEN k.key = format('((%I)::%s)', a.attname, k.type) THEN 'cast'
                 WHEN k.key IN (format('((binary_quantize(%I))::%s)', a.attname, k.type), format('((%I.binary_quantize(%I))::%s)', n.nspname, a.attname, k.type)) THEN 'quantized'
                 WHEN k.key IN (format('((subvector(%I, 1, %s))::%s)', a.attname, x.atttypmod, k.type), format('((%I.subvector(%I, 1, %s))::%s)', n.nspname, a.attname, x.atttypmod, k.type)) THEN 'subvector'
                 WHEN replace(k.key, format('(%I)::%s', a.attname, format_type(a.atttypid, NULL)), quote_ident(a.attname)) IN (
                        format('((binary_quantize(%I))::%s)', a.attname, k.type), format('((%I.binary_quantize(%I))::%s)', n.nspname, a.attname, k.type),
                        format('((subvector(%I, 1, %s))::%s)', a.attname, x.atttypmod, k.type), format('((%I.subvector(%I, 1, %s))::%s)', n.nspname, a.attname, x.atttypmod, k.type)) THEN 'view'
                 ELSE 'other' END AS "keyForm",
            format_type(x.atttypid, NULL) AS "keyType", x.atttypmod AS "keyModifier",
            CASE i.indoption[0]::integer & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC' ELSE '' END AS "order",
            coalesce((SELECT ' INCLUDE (' || string_agg(quote_ident(w.attname), ', ' ORDER BY u.position) || ')'
                        FROM unnest(i.indkey) WITH ORDINALITY AS u(attnum, position) JOIN pg_attribute AS w ON w.attrelid = i.indrelid AND w.attnum = u.attnum
                       WHERE u.position > i.indnkeyatts), '') AS included,
            CASE WHEN i.indnullsnotdistinct THEN ' NULLS NOT DISTINCT' ELSE '' END AS nulls,
            p.predicate,
            CASE WHEN NOT a.attnum = ANY (p.columns) THEN 'nothing' WHEN p.predicate = format('(%I IS NOT NULL)', a.attname) THEN 'is not null' ELSE 'other' END AS "vectorInPredicate",
            i.indnatts > i.indnkeyatts OR EXISTS (SELECT FROM unnest(p.columns) AS w(attnum) WHERE w.attnum <> a.attnum) AS "namesOthers"
       FROM pg_index AS i
       JOIN pg_class AS c ON c.oid = i.indexrelid
       JOIN pg_am AS m ON m.oid = c.relam
       JOIN pg_opclass AS o ON o.oid = i.indclass[0]
       JOIN pg_namespace AS s ON s.oid = o.opcnamespace
       JOIN pg_type AS y ON y.oid = o.opcintype
       JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = $2
       JOIN pg_attribute AS x ON x.attrelid = i.indexrelid AND x.attnum = 1
       JOIN pg_extension AS e ON e.extname = 'vector'
       JOIN pg_namespace AS n ON n.oid = e.extnamespace
       LEFT JOIN pg_tablespace AS b ON b.oid = c.reltablespace
      CROSS JOIN LATERAL (SELECT CASE WHEN i.indisunique THEN 'CREATE UNIQUE INDEX' ELSE 'CREATE INDEX' END AS verb) AS v
      CROSS JOIN LATERAL (SELECT pg_get_indexdef(c.oid, 1, false) AS key, format_type(x.atttypid, x.atttypmod) AS type) AS k
      CROSS JOIN LATERAL (SELECT pg_get_expr(i.indpred, i.indrelid) AS predicate,
                                 ARRAY(SELECT DISTINCT w[1]::smallint FROM regexp_matches(coalesce(i.indpred::text, ''), ':varattno (-?\\d+)', 'g') AS w) AS columns) AS p
      WHERE i.indexrelid IN (${queryOf('vector_indexes', ['p_relation', 'p_column'])}) AND i.indisvalid
      ORDER BY m.amname = 'hnsw' DESC, c.oid`,
    [oid, column],
  );
  return rows;
}

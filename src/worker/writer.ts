import pg from 'pg';
import { encodeVectorArray } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import type { SourceRow } from './reader.ts';
import { keyExpressions, keyFromObject, keyList, keyObject, type VectorColumn, type WorkTarget } from './target.ts';

/** A vector for a row; null takes the vector away, because the row has no text any more. */
export interface RowVector {
  row: SourceRow;
  vector: Float32Array | null;
}

/** A row that could not be embedded. */
export interface RowFailure {
  row: SourceRow;
  code: string;
  message: string;
}

/**
 * Stores vectors in one statement, each only if the text of its row is still the one that was embedded, and only if the
 * column still holds this model's vectors: contract may have given its name to another. Rows that the
 * application holds locked are skipped, never waited for: a worker must not be the cause of a deadlock.
 *
 * @returns keys (as JSON text) of the rows that were written
 */
export async function writeVectors(db: Queryable, target: WorkTarget, vector: VectorColumn, items: RowVector[]): Promise<Set<string>> {
  if (items.length === 0) return new Set();
  const column = pg.escapeIdentifier(vector.column);
  const version = vector.versionColumn
    ? `, ${pg.escapeIdentifier(vector.versionColumn)} = CASE WHEN i.new_vector IS NOT NULL THEN $4 END`
    : '';
  const values: unknown[] = [
    items.map(({ row }) => row.keyText),
    items.map(({ row }) => row.textHash),
    encodeVectorArray(
      items.map((item) => item.vector),
      target.vectorOid,
    ),
  ];
  values.push(vector.model, target.name, vector.column, target.migration);
  const { rows } = await db.query<{ key: string }>(
    `WITH input AS MATERIALIZED (
       SELECT item.key AS key_text, item.key::jsonb AS key_object, item.text_hash, item.new_vector
         FROM unnest($1::text[], $2::bigint[], $3::${target.vectorType}[]) AS item(key, text_hash, new_vector)
     ), locked AS MATERIALIZED (
       SELECT ${keyObject(target, 't')} AS key_object, reembed.text_hash((${target.textSql})::text) AS text_hash
         FROM ${target.table} AS t
        WHERE (${keyList(target, 't')}) IN (SELECT ${keyFromObject(target, 'input.key_object')} FROM input)
          FOR NO KEY UPDATE SKIP LOCKED
     ), fenced AS MATERIALIZED (
       SELECT input.key_text, ${keyColumnsAs(target)}, input.new_vector
         FROM input JOIN locked ON locked.key_object = input.key_object AND locked.text_hash IS NOT DISTINCT FROM input.text_hash
     )
     UPDATE ${target.table} AS u
        SET ${column} = ${vector.nullable ? 'i.new_vector' : `coalesce(i.new_vector, u.${column})`}${version}
       FROM fenced AS i
      WHERE EXISTS (SELECT FROM reembed.vector_column AS c WHERE c.target = $5 AND c.model = $4 AND c.column_name = $6 AND c.migration = $7)
        AND (${keyList(target, 'u')}) = (${target.keyColumns.map((_, i) => `i.k${i}`).join(', ')})
     RETURNING i.key_text AS key`,
    values,
  );
  return new Set(rows.map(({ key }) => key));
}

/** Records rows that cannot be embedded, with the reason. */
export async function recordFailures(db: Queryable, target: WorkTarget, vector: VectorColumn, failures: RowFailure[]): Promise<void> {
  if (failures.length === 0) return;
  await db.query(
    `INSERT INTO reembed.failed_row AS f (target, key, model, class, message)
     SELECT $1, item.key, $2, item.class, item.message FROM unnest($3::jsonb[], $4::text[], $5::text[]) AS item(key, class, message)
     ON CONFLICT (target, key, model) DO UPDATE
       SET class = excluded.class, message = excluded.message, attempts = f.attempts + 1, failed_at = now()`,
    [
      target.name,
      vector.model,
      failures.map(({ row }) => row.keyText),
      failures.map(({ code }) => code),
      failures.map(({ message }) => message),
    ],
  );
}

/** Takes rows that were embedded after all out of failed_row. */
export async function forgetFailures(db: Queryable, target: WorkTarget, vector: VectorColumn, keys: string[]): Promise<void> {
  await db.query('DELETE FROM reembed.failed_row WHERE target = $1 AND model = $2 AND key = ANY ($3::jsonb[])', [
    target.name,
    vector.model,
    keys,
  ]);
}

function keyColumnsAs(target: WorkTarget): string {
  return keyExpressions(target, 'input.key_object')
    .map((expression, i) => `${expression} AS k${i}`)
    .join(', ');
}

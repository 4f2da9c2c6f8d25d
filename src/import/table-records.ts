import type pg from 'pg';
import { encodeVectorArray } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import type { Destination } from './destination.ts';
import { type ImportedRecord, vectorDigest } from './record.ts';

/** How the row of a record's id is, compared with the record. */
export interface Standing {
  record: ImportedRecord;
  state: 'missing' | 'different' | 'equal';
  /** digests of the vectors; undefined without a vector */
  inCollection: string | undefined;
  inTable: string | undefined;
}

/** Compares records with the rows of their ids: texts and metadata by value, vectors by checksum. */
export async function compareRecords(
  db: Queryable,
  { qualified, vectorSchema }: Destination,
  records: readonly ImportedRecord[],
): Promise<Standing[]> {
  // OFFSET 0 keeps the search for each id apart: as a join, a table without statistics would be read whole for each page.
  const { rows } = await db.query<{ isThere: boolean; isSame: boolean; digest: string | null }>(
    `SELECT t.id IS NOT NULL AS "isThere",
            t.document IS NOT DISTINCT FROM s.document AND t.metadata IS NOT DISTINCT FROM s.metadata::pg_catalog.jsonb AS "isSame",
            pg_catalog.encode(pg_catalog.sha256(${vectorSchema}.vector_send(t.embedding)), 'hex') AS digest
       FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])) WITH ORDINALITY AS s(id, document, metadata, place)
       LEFT JOIN LATERAL (SELECT * FROM ${qualified} AS r WHERE r.id = s.id OFFSET 0) AS t ON true ORDER BY s.place`,
    textsOf(records),
  );
  return records.map((record, i) => {
    const { isThere, isSame, digest } = rows[i] ?? { isThere: false, isSame: false, digest: null };
    const inCollection = record.vector ? vectorDigest(record.vector) : undefined;
    const inTable = digest ?? undefined;
    const isEqual = isSame && inCollection === inTable;
    return { record, inCollection, inTable, state: !isThere ? 'missing' : isEqual ? 'equal' : 'different' };
  });
}

/**
 * Stores records in one statement. A row with the same id is left as it is, or replaced.
 *
 * @returns number of rows written
 */
export async function storeRecords(
  db: pg.ClientBase,
  { qualified, vectorSchema, vectorOid }: Destination,
  records: readonly ImportedRecord[],
  replace: boolean,
): Promise<number> {
  const onConflict = replace
    ? 'DO UPDATE SET document = excluded.document, metadata = excluded.metadata, embedding = excluded.embedding'
    : 'DO NOTHING';
  const { rowCount } = await db.query(
    `INSERT INTO ${qualified} (id, document, metadata, embedding)
     SELECT s.id, s.document, s.metadata::pg_catalog.jsonb, s.embedding
       FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::${vectorSchema}.vector[])) AS s(id, document, metadata, embedding)
         ON CONFLICT (id) ${onConflict}`,
    [
      ...textsOf(records),
      encodeVectorArray(
        records.map(({ vector }) => vector),
        vectorOid,
      ),
    ],
  );
  return rowCount ?? 0;
}

function textsOf(records: readonly ImportedRecord[]): [string[], (string | null)[], (string | null)[]] {
  return [records.map(({ id }) => id), records.map(({ document }) => document), records.map(({ metadata }) => metadata)];
}

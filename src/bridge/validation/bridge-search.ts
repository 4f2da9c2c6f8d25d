import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../../validation/campaign.ts';
import { asOwner } from '../../validation/search/as-owner.ts';
import { type FoundRow, judgedIdSql, type ResultNames } from '../../validation/search/search-source.ts';
import { BridgeMissing } from '../bridge-error.ts';

/** The bridge of a campaign: its map, and how it is searched. */
export interface Bridge {
  /** takes a query of the new model into the old space: rows of the old dimensions, one after another */
  map: Float32Array;
  /** when the map was fitted, as text */
  fittedAt: string;
  /** qualified and quoted name of the function that searches */
  searchFunction: string;
  /** names for the key columns of a result, which the function may call otherwise than the table */
  keys: string;
  /** SQL of whether a result, with alias b and these names, is the row with alias t */
  isRow: string;
  /** qualified name of type vector */
  vectorType: string;
}

/** @throws BridgeMissing */
export async function loadBridge(db: Queryable, campaign: Pick<Campaign, 'name' | 'target'>): Promise<Bridge> {
  const { rows } = await db.query<Omit<Bridge, 'map'> & { map: Buffer }>(
    `SELECT b.query_map AS map, b.fitted_at::text AS "fittedAt",
            (SELECT format('%I.%I', n.nspname, p.proname) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = f.oid) AS "searchFunction",
            reembed.each_key($2, 'key_{n}') AS "keys", reembed.each_key($2, 'b.key_{n} OPERATOR({operator}) t.{column}', ' AND ') AS "isRow",
            format('%I.vector', reembed.vector_schema()) AS "vectorType"
       FROM reembed.bridge AS b CROSS JOIN LATERAL reembed.bridge_function(b.campaign) AS f(oid) WHERE b.campaign = $1`,
    [campaign.name, campaign.target],
  );
  const [row] = rows;
  if (!row) throw new BridgeMissing(campaign.target);
  return { ...row, map: floatsOf(row.map) };
}

/** Reads float32 numbers, little-endian as nearly every machine. */
export function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/**
 * Searches through the bridge as the application does.
 *
 * @param vectors the query mapped into the old space, and as the new model embeds it, in pgvector's text form
 * @returns the rows, best first
 */
export async function searchBridge(
  db: Queryable,
  campaign: Campaign,
  bridge: Bridge,
  vectors: { mapped: string; renewed: string },
  { k, candidates, ...names }: ResultNames & { k: number; candidates: number },
): Promise<FoundRow[]> {
  const { searchFunction, vectorType, keys, isRow } = bridge;
  const { rows } = await asOwner(db, campaign).query<FoundRow>(
    `SELECT ${campaign.keyText} AS key, ${judgedIdSql(campaign, names)} AS "judgedId", b.distance
       FROM ${searchFunction}($1::${vectorType}, $2::${vectorType}, $3::integer, $4::integer) AS b(${keys})
       JOIN ${campaign.rows} ON ${isRow}
      ORDER BY b.distance, ${campaign.keyColumns}`,
    [vectors.mapped, vectors.renewed, k, candidates],
  );
  return rows;
}

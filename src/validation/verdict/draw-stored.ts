import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import type { ComparedModel } from '../compared-model.ts';
import { asOwner } from '../search/as-owner.ts';

/** A row with its text and its stored vector of one model, from one snapshot. */
export interface Stored {
  /** key as JSON text */
  key: string;
  text: string;
  /** in pgvector's text form */
  vector: string;
}

/** Which rows to draw. */
export interface Draw {
  /** maximum number of rows */
  size: number;
  /** the same seed draws the same rows */
  seed: number;
  /** keys of rows that are not drawn */
  without: readonly string[];
  /** keys of the only rows that are drawn; all when left out */
  among?: readonly string[];
}

/**
 * Draws random rows that have a text and a stored vector of one model. Rows that failed are left out, and rows with a waiting change, which
 * may still have the vector of their previous text.
 *
 * @returns the rows, and how many there are to draw from
 */
export async function drawStored(
  db: Queryable,
  campaign: Campaign,
  { role, model, vector, join }: ComparedModel,
  { size, seed, without, among }: Draw,
): Promise<{ rows: Stored[]; auditable: number }> {
  const { rows } = await db.query<{ failed: string[] }>('SELECT reembed.failed_keys($1, $2)::text[] AS failed', [
    campaign.target,
    model.name,
  ]);
  const drawn = await asOwner(db, campaign).query<Stored & { auditable: number }>(
    `SELECT key::text AS key, text, vector::text AS vector, auditable
       FROM (SELECT (${campaign.keyObject})::text AS key, t.reembed_text AS text, ${vector} AS vector, count(*) OVER () AS auditable
               FROM (SELECT t.*, ${campaign.text} AS reembed_text FROM ${campaign.rows}
                      WHERE ${campaign.hasText} AND NOT ${campaign.isWaiting[role]}
                        AND NOT EXISTS (SELECT FROM unnest($3::jsonb[]) AS f(key) WHERE f.key = ${campaign.keyObject})
                        AND ($4::jsonb[] IS NULL OR EXISTS (SELECT FROM unnest($4::jsonb[]) AS f(key) WHERE f.key = ${campaign.keyObject}))) AS t ${join}
              WHERE ${vector} IS NOT NULL
              ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint) AS drawn`,
    [size, seed, [...(rows[0]?.failed ?? []), ...without], among ?? null],
  );
  return { rows: drawn.rows, auditable: drawn.rows[0]?.auditable ?? 0 };
}

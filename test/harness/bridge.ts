import type pg from 'pg';
import { mapQuery } from '../../src/reading/bridge.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

/** What turns a distance in the old space into a predicted distance in the new one. */
export const CALIBRATION = { mapped: { slope: 0.5, intercept: 0 }, old: { slope: 0.5, intercept: 0.125 } };

/** A made-up map; what a fitted one is worth is tested elsewhere. */
export const MAP = Float32Array.from({ length: OLD_DIMENSIONS * NEW_DIMENSIONS }, (_, i) => Math.sin(7 * i + 1));

/** Stores the made-up map, as `bridge fit` stores a fitted one. */
export async function storeMap(pool: pg.Pool, campaign: string, map = MAP): Promise<void> {
  await pool.query('DELETE FROM reembed.bridge WHERE campaign = $1', [campaign]);
  await pool.query(
    `INSERT INTO reembed.bridge (campaign, method, query_map, old_dimensions, new_dimensions, mapped_slope, mapped_intercept, old_slope, old_intercept,
                                 fitted_rows, held_out_rows, retention, retention_low, retention_high)
     VALUES ($1, 'procrustes', $2, $3, $4, $5, $6, $7, $8, 1, 1, 1, 1, 1)`,
    [
      ...[campaign, Buffer.from(map.buffer), OLD_DIMENSIONS, NEW_DIMENSIONS],
      ...[CALIBRATION.mapped.slope, CALIBRATION.mapped.intercept, CALIBRATION.old.slope, CALIBRATION.old.intercept],
    ],
  );
}

/** A query of the new model on both sides of the made-up map. */
export function mappedQuery(text: string): { mapped: string; renewed: string } {
  const query = vectorOf(NEW_MODEL, text, NEW_DIMENSIONS);
  return { mapped: vectorText(mapQuery(MAP, query)), renewed: vectorText(query) };
}

import type pg from 'pg';
import { mapQuery } from '../../src/reading/bridge.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';
import { createStage, type Stage } from './stage.ts';

/** What turns a distance in the old space into a predicted distance in the new one. */
export const CALIBRATION = { mapped: { slope: 0.5, intercept: 0 }, old: { slope: 0.5, intercept: 0.125 } };

/** A made-up map; what a fitted one is worth is tested elsewhere. */
export const MAP = Float32Array.from({ length: OLD_DIMENSIONS * NEW_DIMENSIONS }, (_, i) => Math.sin(7 * i + 1));

/** Stores the made-up map, as `bridge fit` stores a fitted one. */
export async function storeMap(
  pool: pg.Pool,
  campaign: string,
  map = MAP,
  [old, renewed] = [OLD_DIMENSIONS, NEW_DIMENSIONS],
): Promise<void> {
  await pool.query('DELETE FROM reembed.bridge WHERE campaign = $1', [campaign]);
  await pool.query(
    `INSERT INTO reembed.bridge (campaign, method, query_map, old_dimensions, new_dimensions, mapped_slope, mapped_intercept, old_slope, old_intercept,
                                 fitted_rows, held_out_rows, retention, retention_low, retention_high)
     VALUES ($1, 'procrustes', $2, $3, $4, $5, $6, $7, $8, 1, 1, 1, 1, 1)`,
    [
      ...[campaign, Buffer.from(map.buffer), old, renewed],
      ...[CALIBRATION.mapped.slope, CALIBRATION.mapped.intercept, CALIBRATION.old.slope, CALIBRATION.old.intercept],
    ],
  );
}

/** A query of the new model on both sides of the made-up map. */
export function mappedQuery(text: string): { mapped: string; renewed: string } {
  const query = vectorOf(NEW_MODEL, text, NEW_DIMENSIONS);
  return { mapped: vectorText(mapQuery(MAP, query)), renewed: vectorText(query) };
}

/** A stage with a bridge over each of two tables, and the names of their campaigns. */
export interface BridgedStage {
  stage: Stage;
  campaigns: Record<BridgedTable, string>;
}

export type BridgedTable = keyof typeof BRIDGED_TABLES;

/** Tables of a BridgedStage, by the storage of their new vectors. */
const BRIDGED_TABLES = { documents: 'column', books: 'side-table' } as const;

/** Two tables of 300 rows whose backfill is half done, each with the made-up map. */
export async function createBridgedStage(): Promise<BridgedStage> {
  const stage = await createStage();
  const campaigns = { documents: '', books: '' };
  for (const table of ['documents', 'books'] as const) {
    await createDocuments(stage.db.pool, 300, { table });
    campaigns[table] = await stage.draft({ table, storage: BRIDGED_TABLES[table], batchRows: 20 });
    await stage.bring(campaigns[table], 'backfill');
    await stage.workHalf();
    await storeMap(stage.db.pool, campaigns[table]);
  }
  await stage.db.pool.query('ANALYZE');
  return { stage, campaigns };
}

/** Sets what the gate answers: no row is an open gate. What closes it is tested with validate --bridge. */
export async function setBridgeGate(pool: pg.Pool, reasons?: string): Promise<void> {
  await pool.query(`CREATE OR REPLACE FUNCTION reembed.bridge_gate(p_campaign text) RETURNS TABLE (code text, reason text) LANGUAGE sql
    AS $$ ${reasons ? `VALUES ${reasons}` : 'SELECT NULL::text, NULL::text WHERE false'} $$`);
}

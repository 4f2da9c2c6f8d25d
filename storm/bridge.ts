import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgedRow, SearchClient } from '../src/index.ts';
import { vectorOf } from '../test/harness/provider.ts';
import { textOf } from './joined-tables.ts';
import { DIMENSIONS, isStatic, NEW_MODEL, OLD_MODEL, TABLE, type World } from './world.ts';

/** The models of a storm have nothing in common, so the map leaves a query as it is. */
const MAP = Float32Array.from({ length: DIMENSIONS * DIMENSIONS }, (_, i) => (i % (DIMENSIONS + 1) === 0 ? 1 : 0));
const CALIBRATION = { slope: 0.5, intercept: 0.25 };
const JUDGED_QUERIES = 300;
const NOISE = 1e-4;

export interface BridgedHit extends BridgedRow {
  id: string;
}

/** Stores a map and a validation that it passed, and does so again whenever the operator's way back or contract has ended the bridge. */
export async function keepBridgeOpen({ pool, over }: World): Promise<void> {
  while (!over.aborted) {
    // Fails while the server is down, and when the campaign leaves its phase at this moment.
    await pool
      .query(
        `WITH fitted AS (
           INSERT INTO reembed.bridge (campaign, method, query_map, old_dimensions, new_dimensions, mapped_slope, mapped_intercept, fitted_rows, held_out_rows, retention, retention_low, retention_high)
           SELECT m.name, 'procrustes', $1, $2, $2, $3, $4, 1, 1, 1, 1, 1 FROM reembed.campaign AS m WHERE m.phase IN ('backfill', 'index', 'switch')
           ON CONFLICT DO NOTHING RETURNING campaign, fitted_at
         ), validated AS (
           INSERT INTO reembed.bridge_validation (campaign, fitted_at, started_at, query_source, seed, k, candidates, queries, judged_queries, rows, embedded_rows, rows_lacking_old_vector, ndcg_old, ndcg_bridge, difference)
           SELECT f.campaign, f.fitted_at, now(), 'storm', 1, 10, 100, $5, $5, 1, 1, 0, 0.5, 0.5, 0 FROM fitted AS f RETURNING id
         )
         INSERT INTO reembed.bridge_validation_query (validation, ordinal, query_hash, grade, ndcg_old, ndcg_bridge)
         SELECT v.id, i, sha256(convert_to(i::text, 'UTF8')), 'people', 0.5, 0.5 FROM validated AS v, generate_series(1, $5) AS i`,
        [Buffer.from(MAP.buffer), DIMENSIONS, CALIBRATION.slope, CALIBRATION.intercept, JUDGED_QUERIES],
      )
      .catch(() => {});
    await sleep(500);
  }
}

/**
 * Searches over the bridge, and reports now and then what lacks a new vector.
 *
 * @returns undefined when the ordinary search had to answer
 */
export async function searchOverBridge(
  world: World,
  client: SearchClient,
  text: string,
  isTimeToReport: boolean,
): Promise<BridgedHit[] | undefined> {
  const { result } = await client.searchBridged<BridgedHit[] | undefined>(
    text,
    async () => undefined,
    async ({ statement }) => {
      const { text: search, values } = statement({ columns: 'd.id' });
      return (await world.application.query<BridgedHit>(search, values)).rows;
    },
    { rows: (rows) => rows ?? [] },
  );
  if (isTimeToReport) world.operations.add('row reported as wanted', await client.reportWanted(world.application));
  return result;
}

/** Whether every row that the storm never writes has the distance of its new vector, or the one that its old vector predicts. */
export function checkBridged(world: World, text: string, rows: BridgedHit[]): void {
  if (rows.length !== 10) world.wrongAnswers.add(`${rows.length} rows found over the bridge instead of 10`);
  const query = vectorOf(NEW_MODEL, text, DIMENSIONS);
  for (const { id, distance, has_new_vector } of rows) {
    if (!isStatic(Number(id)) || Number(id) > world.options.rows) continue;
    const distanceIn = (model: string) => cosineDistance(vectorOf(model, textOf(world, Number(id)) ?? '', DIMENSIONS), query);
    const expected = has_new_vector ? distanceIn(NEW_MODEL) : CALIBRATION.intercept + CALIBRATION.slope * distanceIn(OLD_MODEL);
    if (!(Math.abs(distance - expected) < NOISE))
      world.wrongAnswers.add(`row ${id} of ${TABLE} has distance ${distance} over the bridge instead of ${expected}`);
  }
}

function cosineDistance(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, component, i) => sum + component * (y[i] ?? 0), 0);
  return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

import { toSql } from 'pgvector';
import { type Database, inTransaction, type Queryable } from '../database/connection.ts';
import type { Campaign } from '../validation/campaign.ts';
import { bootstrapMeans, type Interval } from '../validation/metrics/bootstrap.ts';
import { LOCK_WAIT, QUERIES_A_PASS } from '../validation/metrics/comparison.ts';
import { type Gains, ndcgAt } from '../validation/metrics/ranking-metrics.ts';
import type { Judgements } from '../validation/queries/judgements.ts';
import type { TextQuery } from '../validation/queries/queries.ts';
import { asOwner } from '../validation/search/as-owner.ts';
import { nearestExactly } from '../validation/search/exact-search.ts';
import { type FoundRow, type ResultNames, tableSource } from '../validation/search/search-source.ts';
import type { FittedMap } from './fit-map.ts';
import { mapQueries } from './map-queries.ts';
import { at } from './matrix.ts';

/** nDCG@10 on judged queries. */
export interface JudgedFigures {
  queries: number;
  /** null when the old model was not asked */
  old: number | null;
  bridge: number;
  /** null while rows lack a new vector */
  new: number | null;
  /** of the bridge minus the old model, by query */
  difference: Interval | null;
}

/** Judged queries with their vectors in each model. */
export interface JudgedQueries {
  texts: readonly TextQuery[];
  judgements: Judgements;
  /** null when the old model cannot be asked */
  oldVectors: readonly Float32Array[] | null;
  newVectors: readonly Float32Array[];
  names: ResultNames;
  seed: number;
}

/** Rows that the bridge recalls from the old vectors, and then ranks. */
export const CANDIDATES = 100;

const DEPTH = 10;

/**
 * Searches for judged queries as the bridge serves now: the mapped query recalls candidates by their old vectors, those with a new vector
 * are ranked by it, and the others by the distance that the calibration predicts. All searches are exact.
 */
export async function judgeBridge(
  { pool }: Pick<Database, 'pool'>,
  campaign: Campaign,
  fitted: Pick<FittedMap, 'map' | 'mapped'>,
  { texts, judgements, oldVectors, newVectors, names, seed }: JudgedQueries,
  onProgress: (done: number, total: number) => void,
): Promise<JudgedFigures> {
  const mapped = mapQueries(fitted.map, newVectors);
  const whole = { ...campaign, isPartial: false };
  const found: { old: number[]; bridge: number[]; new: number[] } = { old: [], bridge: [], new: [] };
  for (let from = 0; from < texts.length; from += QUERIES_A_PASS) {
    const pass = <T>(of: readonly T[]) => of.slice(from, from + QUERIES_A_PASS);
    const ndcg = (results: FoundRow[][]) =>
      results.map((rows, i) => ndcgAt(judgedIds(rows), judgements.get(texts[from + i]?.id ?? '') as Gains, DEPTH));
    const search = (client: Queryable, side: 'old' | 'new', vectors: readonly Float32Array[], limit: number) =>
      nearestExactly(client, tableSource(whole, campaign[side], names), pass(vectors).map(vectorText), limit);
    await inTransaction(
      pool,
      async (client) => {
        const candidates = await search(client, 'old', mapped, CANDIDATES);
        found.bridge.push(...ndcg(await rankCandidates(client, campaign, candidates, pass(newVectors), fitted.mapped)));
        if (oldVectors) found.old.push(...ndcg(await search(client, 'old', oldVectors, DEPTH)));
        if (!campaign.isPartial) found.new.push(...ndcg(await search(client, 'new', newVectors, DEPTH)));
      },
      LOCK_WAIT,
    );
    onProgress(Math.min(texts.length, from + QUERIES_A_PASS), texts.length);
  }
  const differences = found.old.map((old, i) => at(found.bridge, i) - old);
  return {
    queries: texts.length,
    old: mean(found.old),
    bridge: mean(found.bridge) ?? 0,
    new: mean(found.new),
    difference: bootstrapMeans([differences], seed)[0] ?? null,
  };
}

async function rankCandidates(
  client: Queryable,
  campaign: Campaign,
  candidates: FoundRow[][],
  newVectors: readonly Float32Array[],
  { slope, intercept }: FittedMap['mapped'],
): Promise<FoundRow[][]> {
  const { keyText, rows, new: renewed } = campaign;
  const asked = candidates.flatMap((found, query) => found.map(({ key }) => ({ query: query + 1, key })));
  const { rows: known } = await asOwner(client, campaign).query<{ query: number; key: string; distance: number }>(
    `SELECT c.query, c.key, r.vector ${renewed.operator} q.vector AS distance
       FROM unnest($1::integer[], $2::text[]) AS c(query, key)
       JOIN (SELECT ${keyText} AS key, ${renewed.vector} AS vector FROM ${rows} ${renewed.join}
              WHERE ${renewed.vector} IS NOT NULL AND ${keyText} = ANY ($2::text[])) AS r ON r.key = c.key
       JOIN unnest($3::${renewed.vectorType}[]) WITH ORDINALITY AS q(vector, query) ON q.query = c.query`,
    [asked.map(({ query }) => query), asked.map(({ key }) => key), newVectors.map(vectorText)],
  );
  const distances = new Map(known.map(({ query, key, distance }) => [`${query} ${key}`, distance]));
  return candidates.map((found, query) =>
    found
      .map((row) => ({ ...row, distance: distances.get(`${query + 1} ${row.key}`) ?? intercept + slope * row.distance }))
      .sort((a, b) => a.distance - b.distance),
  );
}

function judgedIds(rows: readonly FoundRow[]): string[] {
  return [...new Set(rows.map(({ judgedId }) => judgedId))];
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function vectorText(vector: Float32Array): string {
  return toSql(Array.from(vector)) as string;
}

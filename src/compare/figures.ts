import type { Distance } from '../database/element-types.ts';
import { bootstrapMeans, forEachResample, type Interval, RESAMPLES } from '../validation/metrics/bootstrap.ts';
import { ndcgAt, overlapAt, recallAt, reciprocalRankAt } from '../validation/metrics/ranking-metrics.ts';
import { nearestRows } from './nearest.ts';
import { FEWEST_QUERIES, marginOf, type SliceGain } from './outcome.ts';
import type { Questions } from './questions.ts';
import type { SampledRow } from './sample.ts';

/** A metric of one model, and its difference to that of the present vectors. */
export interface JudgedFigure {
  value: Interval;
  /** paired by query; null for the present vectors themselves */
  difference: Interval | null;
}

/** How well a model finds rows. */
export interface QualityFigures {
  ndcg: JudgedFigure | null;
  mrr: JudgedFigure | null;
  recall: JudgedFigure | null;
  /** share of the k nearest rows in common with the present vectors */
  overlap: Interval | null;
  /** queries with a higher, a lower and the same nDCG as with the present vectors */
  wins: number;
  losses: number;
  ties: number;
  slices: SliceGain[];
}

/** Results of each query in one model. */
export interface Ranking {
  /** keys of the nearest rows */
  keys: string[];
  /** ids that judgements name, each once: a document takes the rank of its best part */
  judgedIds: string[];
}

// Sums of the same numbers in another order may differ in the last digits.
const TIE = 1e-9;

const METRICS = ['ndcg', 'mrr', 'recall'] as const;

/** Searches the sample exactly. */
export function rank(
  rows: readonly SampledRow[],
  vectors: readonly (Float32Array | undefined)[],
  queries: readonly Float32Array[],
  distance: Distance,
  k: number,
): Ranking[] {
  return nearestRows(vectors, queries, distance, k).map((positions) => {
    const found = positions.map((position) => rows[position] as SampledRow);
    return { keys: found.map(({ key }) => key), judgedIds: [...new Set(found.map(({ judgedId }) => judgedId))] };
  });
}

/**
 * Computes the figures of a model, with 95 % intervals of the paired bootstrap over the queries.
 *
 * @param present results with the present vectors; the same array for the present model itself
 */
export function measure(
  present: readonly Ranking[],
  found: readonly Ranking[],
  { queries, judgements }: Questions,
  k: number,
  seed: number,
): QualityFigures {
  const isPresent = present === found;
  const judged = queries.flatMap(({ id, slices = {} }, i) => {
    const gains = judgements.get(id);
    if (!gains) return [];
    const of = (ranking: readonly Ranking[]) => {
      const ids = (ranking[i] as Ranking).judgedIds;
      return { ndcg: ndcgAt(ids, gains, k), mrr: reciprocalRankAt(ids, gains, k), recall: recallAt(ids, gains, k) };
    };
    return [{ slices, before: of(present), after: of(found) }];
  });
  const columns = METRICS.flatMap((metric) => [
    judged.map(({ after }) => after[metric]),
    judged.map(({ before, after }) => after[metric] - before[metric]),
  ]);
  const intervals = bootstrapMeans(columns, seed);
  const figure = (metric: (typeof METRICS)[number]): JudgedFigure | null => {
    const at = 2 * METRICS.indexOf(metric);
    const value = intervals[at];
    return value ? { value, difference: isPresent ? null : (intervals[at + 1] ?? null) } : null;
  };
  const overlaps = queries.map((_, i) => overlapAt((present[i] as Ranking).keys, (found[i] as Ranking).keys, k));
  const differences = judged.map(({ before, after }) => after.ndcg - before.ndcg);
  const wins = differences.filter((difference) => difference > TIE).length;
  const losses = differences.filter((difference) => difference < -TIE).length;
  return {
    ndcg: figure('ndcg'),
    mrr: figure('mrr'),
    recall: figure('recall'),
    overlap: isPresent ? null : (bootstrapMeans([overlaps], seed)[0] ?? null),
    wins,
    losses,
    ties: differences.length - wins - losses,
    slices: isPresent
      ? []
      : slicesOf(
          judged.map(({ slices, before, after }) => ({ slices, before: before.ndcg, after: after.ndcg })),
          seed,
        ),
  };
}

interface Judged {
  slices: Readonly<Record<string, string>>;
  before: number;
  after: number;
}

function slicesOf(judged: readonly Judged[], seed: number): SliceGain[] {
  const columns = [...new Set(judged.flatMap(({ slices }) => Object.keys(slices)))];
  return columns.flatMap((slice) =>
    [...Map.groupBy(judged, ({ slices }) => slices[slice] ?? '')]
      .filter(([, group]) => group.length >= FEWEST_QUERIES)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, group]) => sliceGain(slice, value, group, seed)),
  );
}

function sliceGain(slice: string, value: string, group: readonly Judged[], seed: number): SliceGain {
  const before = group.reduce((sum, one) => sum + one.before, 0) / group.length;
  const after = group.reduce((sum, one) => sum + one.after, 0) / group.length;
  const margin = marginOf(before);
  let noGain = 1;
  let noLoss = 1;
  forEachResample(group.length, seed, (drawn) => {
    let sum = 0;
    for (const position of drawn) sum += (group[position] as Judged).after - (group[position] as Judged).before;
    const mean = sum / group.length;
    if (mean <= 0) noGain += 1;
    if (mean >= -margin) noLoss += 1;
  });
  return { slice, value, queries: group.length, before, after, pNoGain: noGain / (RESAMPLES + 1), pNoLoss: noLoss / (RESAMPLES + 1) };
}

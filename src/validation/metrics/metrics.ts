import type { SearchTime } from '../search/latency.ts';
import { bootstrapMeans, type Interval } from './bootstrap.ts';
import type { JudgedResults, QueryComparison } from './comparison.ts';
import { completenessMetrics, needsCondensed } from './completeness.ts';
import { quantile } from './quantile.ts';
import { countWins, randomisationTest } from './randomisation.ts';
import { ALL_QUERIES, type Slice, sliceQueries } from './slices.ts';

/** A figure over all queries or one slice, as stored in reembed.validation_metric. */
export interface Metric {
  metric: string;
  slice: string;
  sliceValue: string;
  queries: number;
  before: number | null;
  after: number | null;
  /** the mean; for a metric of each model, after minus before; for index_recall that of the new index */
  value: number;
  low: number | null;
  high: number | null;
  /** of the paired randomisation test; null for a metric that compares the two models */
  pValue: number | null;
  /** queries that got better, worse and stayed the same; null for a metric that compares the two models */
  wins: number | null;
  losses: number | null;
  ties: number | null;
}

// What only the metrics of each model have.
const NOT_TESTED = { pValue: null, wins: null, losses: null, ties: null };

type Compared = { name: string; of: (one: QueryComparison) => number };
/** A metric of each model. */
export type Judged = { name: string; of: (one: JudgedResults) => { before: number; after: number } };

const COMPARED: Compared[] = [
  { name: 'overlap', of: (one) => one.overlap },
  { name: 'jaccard', of: (one) => one.jaccard },
  { name: 'rank_biased_overlap', of: (one) => one.rankBiasedOverlap },
  { name: 'kendall_tau', of: (one) => one.kendallTau },
];

const JUDGED: Judged[] = [
  { name: 'ndcg', of: (one) => one.ndcg },
  { name: 'mrr', of: (one) => one.reciprocalRank },
  { name: 'recall', of: (one) => one.recall },
];

/**
 * Computes means over all queries and over every slice, each with the 95 % interval of a paired bootstrap over its queries; for
 * judged queries also a paired randomisation test and the queries won and lost.
 *
 * @param times search times; only over all queries
 * @param seed the same seed gives the same intervals
 */
export function measureMetrics(comparisons: readonly QueryComparison[], times: readonly SearchTime[], seed: number): Metric[] {
  const slices = [{ ...ALL_QUERIES, comparisons }, ...sliceQueries(comparisons)];
  const condensed = needsCondensed(comparisons);
  return [...slices.flatMap((slice) => [...metricsOf(slice, seed), ...completeness(slice, condensed, seed)]), ...timesOf(times)];
}

/** Returns the figure over all queries; undefined if the run does not have it. */
export function overall(metrics: readonly Metric[], name: string): Metric | undefined {
  return metrics.find(({ metric, slice }) => metric === name && slice === '');
}

function metricsOf(slice: Slice, seed: number): Metric[] {
  const { comparisons } = slice;
  const recalls = comparisons.flatMap(({ indexRecall }) => indexRecall.after ?? []);
  const oldRecalls = comparisons.flatMap(({ indexRecall }) => indexRecall.before ?? []);
  const judged = comparisons.flatMap((one) => one.judged ?? []);
  const columns = COMPARED.map(({ of }) => comparisons.map(of));
  return [
    ...intervals(slice, COMPARED, columns, seed),
    ...intervals(slice, [{ name: 'index_recall' }], [recalls], seed).map((metric) => ({
      ...metric,
      before: oldRecalls.length === 0 ? null : mean(oldRecalls),
      after: metric.value,
    })),
    ...ofEachModel(slice, JUDGED, judged, seed),
  ];
}

function completeness(slice: Slice, condensed: boolean, seed: number): Metric[] {
  const { metrics, judged } = completenessMetrics(slice.comparisons, condensed);
  return ofEachModel(slice, metrics, judged, seed);
}

function ofEachModel(slice: Slice, metrics: readonly Judged[], judged: readonly JudgedResults[], seed: number): Metric[] {
  const values = metrics.map(({ of }) => judged.map(of));
  const differences = values.map((column) => column.map(({ before, after }) => after - before));
  return intervals(slice, metrics, differences, seed).map((metric, i) => ({
    ...metric,
    before: mean(values[i]?.map(({ before }) => before) ?? []),
    after: mean(values[i]?.map(({ after }) => after) ?? []),
    pValue: randomisationTest(differences[i] ?? [], seed),
    ...countWins(differences[i] ?? []),
  }));
}

function intervals({ slice, value }: Slice, names: readonly { name: string }[], columns: number[][], seed: number): Metric[] {
  const queries = columns[0]?.length ?? 0;
  return bootstrapMeans(columns, seed).map((interval: Interval, i) => ({
    metric: names[i]?.name ?? '',
    slice,
    sliceValue: value,
    queries,
    before: null,
    after: null,
    ...interval,
    ...NOT_TESTED,
  }));
}

function timesOf(times: readonly SearchTime[]): Metric[] {
  if (times.length === 0) return [];
  const before = times.map((time) => time.before).sort((a, b) => a - b);
  const after = times.map((time) => time.after).sort((a, b) => a - b);
  return [50, 95].map((percent) => {
    const [old, renewed] = [quantile(before, percent / 100), quantile(after, percent / 100)];
    const metric = `search_p${percent}_ms`;
    return {
      metric,
      slice: '',
      sliceValue: '',
      queries: times.length,
      before: old,
      after: renewed,
      value: renewed - old,
      low: null,
      high: null,
      ...NOT_TESTED,
    };
  });
}

/** Arithmetic mean of at least one value. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { formatNumber, formatUsd } from '../wording.ts';

type Maybe = number | null | undefined;

const NOTHING = '–';

/** Formats a number with thousands separators. */
export function count(value: Maybe): string {
  return typeof value === 'number' ? formatNumber(value) : NOTHING;
}

/** Formats a figure between -1 and 1. */
export function score(value: Maybe): string {
  return typeof value === 'number' ? value.toFixed(3).replace('-', '−') : NOTHING;
}

/** Formats a difference with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

type Bounds = { low: number | null; high: number | null };

/** Formats an interval; empty if there is none. */
export function interval({ low, high }: Bounds, write: (value: number) => string = score): string {
  return low === null || high === null ? '' : `[${write(low)}, ${write(high)}]`;
}

/** Formats a figure with its interval. Resamples of equal values have no width, which says nothing about other queries. */
export function withInterval(value: number, bounds: Bounds): string {
  return bounds.low === bounds.high ? score(value) : `${score(value)} ${interval(bounds)}`;
}

/** Formats a share as a percentage, rounded down, so that 100 % means all. */
export function percent(share: Maybe): string {
  if (typeof share !== 'number') return NOTHING;
  const value = Math.floor(share * 1000 + 1e-9) / 10;
  return `${value === 100 || value === 0 ? value : value.toFixed(1)} %`;
}

/** Formats a number of milliseconds. */
export function milliseconds(value: Maybe): string {
  return typeof value === 'number' ? `${value.toFixed(value < 10 ? 2 : 0)} ms` : NOTHING;
}

/** Formats milliseconds in the old and the new model. */
export function bothMilliseconds(before: Maybe, after: Maybe): string {
  return `${milliseconds(before).replace(' ms', '')} → ${milliseconds(after)}`;
}

/** Formats a price in US dollars. */
export function dollars(value: Maybe): string {
  return typeof value === 'number' ? formatUsd(value) : NOTHING;
}

/** Formats a time to the minute. */
export function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Formats a time to the second. */
export function second(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

const NAMES: Record<string, string> = {
  ndcg: 'nDCG@',
  condensed_ndcg: 'condensed nDCG@',
  mrr: 'MRR@',
  recall: 'recall@',
  judged_share: 'judged share@',
  overlap: 'overlap@',
  rank_biased_overlap: 'rank-biased overlap',
  jaccard: 'Jaccard@',
  kendall_tau: 'Kendall tau',
  index_recall: 'index recall@',
};

/** Metrics in display order. */
export const METRICS: readonly string[] = Object.keys(NAMES);

/** Display name of a metric. */
export function metricName(metric: string, k: number): string {
  const name = NAMES[metric] ?? metric;
  return name.endsWith('@') ? `${name}${k}` : name;
}

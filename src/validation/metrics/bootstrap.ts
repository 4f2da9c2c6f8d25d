import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A mean over queries, with its 95 % interval. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** Number of bootstrap resamples. */
export const RESAMPLES = 10_000;

const TAIL = 0.025;

/**
 * Computes means and their 95 % intervals by the percentile bootstrap (Efron, "Bootstrap methods: another look at the jackknife", Annals of
 * Statistics 7(1), 1979). For differences between two systems it is paired by query, the variant that Smucker, Allan and Carterette, CIKM
 * 2007, compare with other tests. Every resample draws the same queries for all metrics.
 *
 * @param metrics values of each metric, one per query, with the queries in the same order
 * @param seed the same seed gives the same intervals
 * @returns one interval per metric; an empty array without queries
 */
export function bootstrapMeans(metrics: readonly (readonly number[])[], seed: number): Interval[] {
  const size = metrics[0]?.length ?? 0;
  if (size === 0) return [];
  const columns = metrics.map((values) => Float64Array.from(values));
  const means = columns.map(() => new Float64Array(RESAMPLES));
  forEachResample(size, seed, (drawn, resample) => {
    for (let metric = 0; metric < columns.length; metric++) {
      const values = columns[metric] as Float64Array;
      let sum = 0;
      for (let i = 0; i < size; i++) sum += values[drawn[i] as number] as number;
      (means[metric] as Float64Array)[resample] = sum / size;
    }
  });
  return means.map((drawn, metric) => ({
    value: (columns[metric] as Float64Array).reduce((sum, value) => sum + value, 0) / size,
    ...percentileInterval(drawn),
  }));
}

/**
 * Draws `size` of `size` items with replacement, RESAMPLES times.
 *
 * @param visit called with the drawn positions; the array is reused for the next resample
 */
export function forEachResample(size: number, seed: number, visit: (drawn: Uint32Array, resample: number) => void): void {
  const generator = xoroshiro128plus(seed);
  const drawn = new Uint32Array(size);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    for (let i = 0; i < size; i++) drawn[i] = uniformInt(generator, 0, size - 1);
    visit(drawn, resample);
  }
}

/** Returns the 2.5 and 97.5 percentiles of the resampled values. Sorts the values in place. */
export function percentileInterval(values: Float64Array): { low: number; high: number } {
  values.sort();
  const skipped = Math.floor(TAIL * values.length);
  return { low: values[skipped] as number, high: values[values.length - 1 - skipped] as number };
}

import type { QueryComparison } from './comparison.ts';
import { quantile } from './quantile.ts';

/** Queries with a common property. */
export interface Slice {
  /** column, or `length` */
  slice: string;
  value: string;
  comparisons: readonly QueryComparison[];
}

/** Names of the slice that holds every query. */
export const ALL_QUERIES = { slice: '', value: '' };

// A column with a different value for almost every query is not useful for slicing.
const MOST_VALUES = 50;
const OTHER_VALUES = '(other)';
// With fewer queries, a quarter of them is not meaningful.
const FEWEST_FOR_QUARTERS = 40;

/** Divides the queries by each slice column, and into quarters by length. */
export function sliceQueries(comparisons: readonly QueryComparison[]): Slice[] {
  const columns = [...new Set(comparisons.flatMap(({ query }) => Object.keys(query.slices)))];
  return [...columns.flatMap((column) => byColumn(comparisons, column)), ...byLength(comparisons)];
}

function byColumn(comparisons: readonly QueryComparison[], column: string): Slice[] {
  const groups = Map.groupBy(comparisons, ({ query }) => query.slices[column] ?? '');
  const byNumber = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const slices = byNumber.slice(0, MOST_VALUES).map(([value, group]) => ({ slice: column, value, comparisons: group }));
  const others = byNumber.slice(MOST_VALUES).flatMap(([, group]) => group);
  return others.length === 0 ? slices : [...slices, { slice: column, value: OTHER_VALUES, comparisons: others }];
}

function byLength(comparisons: readonly QueryComparison[]): Slice[] {
  if (comparisons.length < FEWEST_FOR_QUARTERS) return [];
  const lengths = comparisons.map(({ query }) => query.length).sort((a, b) => a - b);
  const [q1, q2, q3] = [0.25, 0.5, 0.75].map((share) => quantile(lengths, share)) as [number, number, number];
  const quarterOf = (length: number) => (length <= q1 ? 1 : length <= q2 ? 2 : length <= q3 ? 3 : 4);
  const groups = Map.groupBy(comparisons, ({ query }) => quarterOf(query.length));
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([, group]) => {
      const inGroup = group.map(({ query }) => query.length);
      const [fewest, most] = [Math.min(...inGroup), Math.max(...inGroup)];
      return { slice: 'length', value: `${fewest === most ? fewest : `${fewest}-${most}`} characters`, comparisons: group };
    });
}

import { type Matrix, zeros } from './matrix.ts';
import { multiplyPlainly } from './multiply.ts';

/**
 * Maps queries of the new model into the old space: Wᵀ q.
 *
 * @param map old dimensions by new dimensions, as in reembed.bridge
 */
export function mapQueries(map: Matrix, queries: readonly Float32Array[]): Float32Array[] {
  const stacked = zeros(queries.length, map.columns);
  queries.forEach((query, row) => {
    stacked.values.set(query, row * map.columns);
  });
  const { values } = multiplyPlainly(stacked, map, { b: true });
  return queries.map((_, row) => values.slice(row * map.rows, (row + 1) * map.rows));
}

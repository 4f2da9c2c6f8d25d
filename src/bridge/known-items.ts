import type { Distance } from '../database/element-types.ts';
import { at, lengthOf, type Matrix, type Multiply } from './matrix.ts';
import { distanceOf } from './space.ts';

/** Depth at which a search must find a row. */
export const DEPTH = 10;

// Scores that differ by less than this share are the same but for rounding.
const ROUNDING = 1e-5;
// The same text has slightly different vectors in two requests of some providers.
const COPY_TOLERANCE = 1e-3;

/**
 * The rank of each query's own row among all rows, by inner product. A row with the same score counts before it: where a map gives all rows
 * the same score, it finds none. Copies of a row do not count.
 *
 * @param first position of the row of the first query; the others follow
 * @param isCopy whether a row cannot be told from the own row of a query
 * @returns from 1
 */
export function ranksOfOwnRows(scores: Matrix, first: number, isCopy: (query: number, row: number) => boolean): number[] {
  return Array.from({ length: scores.rows }, (_, query) => {
    const scored = scores.values.subarray(query * scores.columns, (query + 1) * scores.columns);
    const own = at(scored, first + query);
    const least = own - Math.abs(own) * ROUNDING;
    return 1 + scored.reduce((count, score, row) => count + (score >= least && row !== first + query && !isCopy(query, row) ? 1 : 0), 0);
  });
}

/**
 * Whether neither model tells a row from the own row of a query. A model that gives many texts one vector does not make them copies.
 *
 * @param scores scores of the rows for the queries' own vectors, of each model
 * @param first position of the row of the first query; the others follow
 */
export function copies(scores: readonly Matrix[], first: number): (query: number, row: number) => boolean {
  return (query, row) =>
    scores.every(({ values, columns }) => {
      const own = at(values, query * columns + first + query);
      return Math.abs(at(values, query * columns + row) - own) <= Math.abs(own) * COPY_TOLERANCE;
    });
}

// A search recalls several times as many candidates as it returns.
const RECALLED = 4 * DEPTH;

/**
 * Share of the nearest rows of the new model that a mapped query recalls, without the query's own row. Together with finding the own row it
 * tells which map serves real queries best: alone, this one prefers maps that follow the sample closely, and the other maps that follow what
 * is particular to a row.
 *
 * @param mapped scores of the rows for each mapped query
 * @param renewed scores of the same rows in the new model
 * @param first position of the row of the first query; the others follow
 */
export function neighbourRecall(mapped: Matrix, renewed: Matrix, first: number): number {
  let recalled = 0;
  for (let query = 0; query < mapped.rows; query++) {
    const best = ({ values, columns }: Matrix, count: number) =>
      Array.from({ length: columns }, (_, row) => row)
        .filter((row) => row !== first + query)
        .sort((a, b) => at(values, query * columns + b) - at(values, query * columns + a))
        .slice(0, count);
    const candidates = new Set(best(mapped, RECALLED));
    recalled += best(renewed, DEPTH).filter((row) => candidates.has(row)).length / DEPTH;
  }
  return recalled / mapped.rows;
}

/** Distances in the new space, predicted as intercept + slope × distance in the old space. */
export interface Calibration {
  slope: number;
  intercept: number;
}

// Searches rank candidates, so only the distances of near rows have to be right.
const NEAR_ROWS = 20;

/** The rows of a space, and queries that are searched for in it. */
export interface Searched {
  distance: Distance;
  queries: Matrix;
  rows: Matrix;
}

/**
 * Fits the new distance of near rows to their old one by least squares. The own row of a query is left out: its new distance is 0 only
 * because it is the query.
 *
 * @param first position of the row of the first query
 */
export async function calibrate(old: Searched, renewed: Searched, first: number, multiply: Multiply): Promise<Calibration> {
  const [oldDistances, newDistances] = [await distances(old, multiply), await distances(renewed, multiply)];
  const size = old.rows.rows;
  const points: [number, number][] = [];
  for (let query = 0; query < old.queries.rows; query++) {
    const near = Array.from({ length: size }, (_, row) => query * size + row)
      .filter((place) => place !== query * size + first + query)
      .sort((a, b) => at(oldDistances, a) - at(oldDistances, b))
      .slice(0, NEAR_ROWS);
    points.push(...near.map((place): [number, number] => [at(oldDistances, place), at(newDistances, place)]));
  }
  return fitLine(points);
}

async function distances({ distance, queries, rows }: Searched, multiply: Multiply): Promise<Float64Array> {
  const { values } = await multiply(queries, rows, { b: true });
  const queryLengths = Array.from({ length: queries.rows }, (_, i) => lengthOf(queries, i));
  const rowLengths = Array.from({ length: rows.rows }, (_, i) => lengthOf(rows, i));
  return Float64Array.from(values, (product, i) =>
    distanceOf(distance, product, [at(queryLengths, Math.floor(i / rows.rows)), at(rowLengths, i % rows.rows)]),
  );
}

function fitLine(points: readonly [number, number][]): Calibration {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = variance === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / variance;
  return { slope, intercept: meanY - slope * meanX };
}

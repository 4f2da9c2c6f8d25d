import type { LimitFunction } from 'p-limit';
import type { Queryable } from '../database/connection.ts';
import { queryToEnd } from '../database/query-to-end.ts';
import type { Throttle } from '../throttle/throttle.ts';
import type { Portion } from './portion.ts';

/** Number of rows to write at a time, and when. */
export interface Pacing {
  /** for rows of unknown cost and for the first row of each page: most of these updates go into every index */
  portion: Portion;
  /** for later waves of a column: most of these updates are HOT and cost a fraction of the first */
  laterWaves: Portion;
  throttle: Throttle;
  /** runs the statements that write vectors one after another: together they would take a processor each from the searches */
  inTurn: LimitFunction;
}

/**
 * Writes a portion as soon as the throttle allows it. The time it takes determines the size of the next one.
 *
 * @param handedOver number of rows in the portion; left out if only the result says how many there were
 * @returns number of rows that were written
 */
export async function paced(
  { portion, throttle, inTurn }: Pick<Pacing, 'portion' | 'throttle' | 'inTurn'>,
  db: Queryable,
  statement: string,
  values: unknown[],
  handedOver?: number,
): Promise<number> {
  await throttle.pass();
  const { answer, took } = await inTurn(async () => {
    const startedAt = performance.now();
    return { answer: await queryToEnd<{ rows: number }>(db, statement, values), took: performance.now() - startedAt };
  });
  const written = answer.rows[0]?.rows ?? 0;
  if (handedOver ?? written) {
    throttle.wrote(took);
    // Counts the throttled time as well, so that delayed writes are spread over time in many short pieces.
    portion.took(handedOver ?? written, took / throttle.share);
  }
  return written;
}

/**
 * Waves differ in cost by a factor of ten and more. A size derived from the cheap ones would make a portion of the
 * first wave take a second.
 */
export function portionOfWave(pacing: Pacing, wave = 1): Portion {
  return wave === 1 ? pacing.portion : pacing.laterWaves;
}

/** The next rows to write: up to the next wave, because within one transaction a page gains free space for only one row. */
export function nextOfOneWave<T>(rest: T[], pacing: Pacing, waveOf: (item: T) => number): T[] {
  const [first] = rest;
  if (first === undefined) return [];
  const items = rest.slice(0, portionOfWave(pacing, waveOf(first)).rows);
  const next = items.findIndex((item) => waveOf(item) !== waveOf(first));
  return next === -1 ? items : items.slice(0, next);
}

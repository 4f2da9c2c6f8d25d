import { bootstrapMeans, type Interval } from '../../validation/metrics/bootstrap.ts';
import type { Grade } from '../../validation/queries/queries.ts';

/** nDCG of one judged query in each of the three. */
export interface BridgeQuery {
  /** SHA-256 of its text, in hexadecimal */
  hash: string;
  grade: Grade;
  /** null when the old model was not asked */
  old: number | null;
  bridge: number;
  /** over the rows that have a new vector; null where no relevant one has */
  renewed: number | null;
}

/** Means over the judged queries, with their 95 % intervals. */
export interface BridgeFigures {
  old: Interval | null;
  bridge: Interval;
  renewed: Interval | null;
  /** bridge minus old, paired by query */
  difference: Interval | null;
}

/** @param queries at least one; either all or none asked the old model */
export function bridgeFigures(queries: readonly BridgeQuery[], seed: number): BridgeFigures {
  const asked = queries.flatMap(({ old, bridge }) => (old === null ? [] : [{ old, bridge }]));
  const renewed = queries.flatMap((query) => query.renewed ?? []);
  const interval = (values: number[]) => bootstrapMeans([values], seed)[0] ?? null;
  return {
    old: interval(asked.map(({ old }) => old)),
    bridge: interval(queries.map(({ bridge }) => bridge)) as Interval,
    renewed: interval(renewed),
    difference: interval(asked.map(({ old, bridge }) => bridge - old)),
  };
}

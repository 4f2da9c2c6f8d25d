import { marginOf, type Scenario } from './simulate.ts';

/** Standard deviations of the paired differences: 0.13 and 0.44 on SciFact, from a similar and to a worse model, and one between. */
export const DEVIATIONS = [0.13, 0.3, 0.44];

/** Five looks as queries are added: slowly from few on, and in hundreds. */
const LOOKS = [
  [10, 20, 40, 80, 160],
  [50, 100, 200, 300, 500],
];

/** Scenarios of five looks whose true difference is just beyond the margin: each pass is wrong. */
export function losses(old: number): Scenario[] {
  return fiveLooks(old, -marginOf(old) - 1e-6);
}

/** Scenarios of five looks with equal models: each fail is wrong. */
export function equals(old: number): Scenario[] {
  return fiveLooks(old, 0);
}

function fiveLooks(old: number, mean: number): Scenario[] {
  return DEVIATIONS.flatMap((sd) =>
    LOOKS.flatMap((looks) => (['normal', 'lumps'] as const).map((shape): Scenario => ({ old, sd, mean, looks, shape }))),
  );
}

/**
 * A single look.
 *
 * @param change true change as a share of the old figure
 */
export function once(old: number, sd: number, change: number, queries: number, shape: Scenario['shape']): Scenario {
  return { old, sd, mean: change * old, looks: [queries], shape };
}

import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Queryable } from '../../src/database/connection.ts';

/** A model pair and how often its queries are judged. */
export interface Scenario {
  /** nDCG of the old model */
  old: number;
  /** standard deviation of the paired differences */
  sd: number;
  /** true mean of the differences, new minus old */
  mean: number;
  /** number of judged queries at each look; at most five */
  looks: readonly number[];
  /** normal: a bell curve. lumps: most queries differ by 0, the others by the steps between ranks, as nDCG has them. */
  shape: 'normal' | 'lumps';
}

/** Shares of the trials with a verdict at any of the looks. */
export interface Outcome {
  pass: number;
  fail: number;
}

/** Largest loss that is tolerated: as reembed.quality_margin() by default. */
export function marginOf(old: number): number {
  return Math.max(0.05 * old, 0.01);
}

/**
 * Draws query sets and judges them with reembed.judge_difference(), which the verdict uses.
 *
 * @param seed the same seed gives the same shares
 * @returns one outcome for each scenario
 */
export async function simulate(db: Queryable, scenarios: readonly Scenario[], trials: number, seed: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [i, scenario] of scenarios.entries()) outcomes.push(await judge(db, scenario, trials, seed + i));
  return outcomes;
}

async function judge(db: Queryable, scenario: Scenario, trials: number, seed: number): Promise<Outcome> {
  const draw = scenario.shape === 'normal' ? bell(scenario, seed) : lumps(scenario, seed);
  const samples: { trial: number; n: number; mean: number; sd: number }[] = [];
  for (let trial = 0; trial < trials; trial++) {
    let n = 0;
    let sum = 0;
    let squares = 0;
    for (const look of scenario.looks) {
      for (; n < look; n++) {
        const difference = draw();
        sum += difference;
        squares += difference * difference;
      }
      const mean = sum / n;
      samples.push({ trial, n, mean, sd: Math.sqrt(Math.max(0, squares - n * mean * mean) / (n - 1)) });
    }
  }
  const { rows } = await db.query<Outcome>(
    `SELECT count(DISTINCT s.trial) FILTER (WHERE j.outcome = 'pass')::float8 / $6 AS pass, count(DISTINCT s.trial) FILTER (WHERE j.outcome = 'fail')::float8 / $6 AS fail
       FROM unnest($1::integer[], $2::bigint[], $3::float8[], $4::float8[]) AS s(trial, n, mean, sd) CROSS JOIN LATERAL reembed.judge_difference(s.n, s.mean, s.sd, $5) AS j`,
    [
      samples.map(({ trial }) => trial),
      samples.map(({ n }) => n),
      samples.map(({ mean }) => mean),
      samples.map(({ sd }) => sd),
      marginOf(scenario.old),
      trials,
    ],
  );
  return rows[0] ?? { pass: Number.NaN, fail: Number.NaN };
}

/** Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical Statistics 29(2), 1958. */
function bell({ mean, sd }: Scenario, seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat32(generator)));
    return mean + sd * radius * Math.cos(2 * Math.PI * uniformFloat32(generator));
  };
}

/** What nDCG changes by when a single relevant row moves between ranks 1, 2, 3 and none. */
const STEPS = [0.13, 0.37, 0.5, 0.63, 1];

/** How a query changes: by one of the first `most` steps with chance `changed`, downwards with chance `losses`. */
interface Lumps {
  most: number;
  changed: number;
  losses: number;
}

/** Finds the widest steps of which enough queries change to reach mean and standard deviation; undefined if there are none. */
function findLumps({ mean, sd }: Scenario): Lumps | undefined {
  for (let most = STEPS.length; most > 0; most--) {
    const average = (of: (step: number) => number) => STEPS.slice(0, most).reduce((sum, step) => sum + of(step), 0) / most;
    const changed = (sd * sd + mean * mean) / average((step) => step * step);
    const losses = (1 - mean / (changed * average((step) => step))) / 2;
    if (changed <= 1 && losses >= 0 && losses <= 1) return { most, changed, losses };
  }
  return undefined;
}

/** Whether the shape of a scenario can have its mean and standard deviation. */
export function isPossible(scenario: Scenario): boolean {
  return scenario.shape === 'normal' || findLumps(scenario) !== undefined;
}

function lumps(scenario: Scenario, seed: number): () => number {
  const found = findLumps(scenario);
  if (!found) throw new Error(`no lumps have mean ${scenario.mean} and standard deviation ${scenario.sd}`);
  const { most, changed, losses } = found;
  const generator = xoroshiro128plus(seed);
  return () => {
    if (uniformFloat32(generator) >= changed) return 0;
    const step = STEPS[Math.floor(uniformFloat32(generator) * most)] as number;
    return uniformFloat32(generator) < losses ? -step : step;
  };
}

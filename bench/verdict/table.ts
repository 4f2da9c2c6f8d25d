import { openWithSchema } from '../../test/harness/validation.ts';
import { DEVIATIONS, equals, losses, once } from './scenarios.ts';
import { isPossible, type Outcome, simulate } from './simulate.ts';

const TRIALS = 500;
const SEED = 14;
const SHAPES = ['normal', 'lumps'] as const;

const database = await openWithSchema();

/** The less favourable of the two shapes, in percent. */
async function worst(of: keyof Outcome, old: number, sd: number, change: number, queries: number): Promise<string> {
  const outcomes = await simulate(
    database.pool,
    SHAPES.map((shape) => once(old, sd, change, queries, shape)).filter(isPossible),
    TRIALS,
    SEED,
  );
  return `${Math.round(100 * Math.min(...outcomes.map((outcome) => outcome[of])))}`;
}

async function wrong(of: keyof Outcome, old: number, sd: number): Promise<string> {
  const scenarios = (of === 'pass' ? losses : equals)(old).filter((scenario) => scenario.sd === sd);
  const outcomes = await simulate(database.pool, scenarios, TRIALS, SEED);
  return (100 * Math.max(...outcomes.map((outcome) => outcome[of]))).toFixed(1);
}

const lines = [
  '| old nDCG | SD | wrong PASS | wrong FAIL | +10 %: PASS with 50, 200, 1,000 | equal: PASS with 200, 1,000, 5,000 | −34 %: FAIL with 20, 50, 200 |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];
for (const old of [0.64, 0.45, 0.2]) {
  for (const sd of DEVIATIONS) {
    const of = async (outcome: keyof Outcome, change: number, numbers: number[]) =>
      (await Promise.all(numbers.map((queries) => worst(outcome, old, sd, change, queries)))).join(', ');
    const cells = [
      old.toFixed(2),
      sd.toFixed(2),
      `${await wrong('pass', old, sd)} %`,
      `${await wrong('fail', old, sd)} %`,
      `${await of('pass', 0.1, [50, 200, 1000])} %`,
      `${await of('pass', 0, [200, 1000, 5000])} %`,
      `${await of('fail', -0.34, [20, 50, 200])} %`,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
}
process.stdout.write(`${lines.join('\n')}\n`);
await database.close();

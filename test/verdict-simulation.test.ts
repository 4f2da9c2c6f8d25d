import test from 'ava';
import { equals, losses, once } from '../bench/verdict/scenarios.ts';
import { type Outcome, type Scenario, simulate } from '../bench/verdict/simulate.ts';
import type { Database } from '../src/database/connection.ts';
import { openWithSchema } from './harness/validation.ts';

const OLD = 0.64;
const TRIALS = 500;
const SEED = 14;

let database: Database;
test.before(async () => {
  database = await openWithSchema();
});
test.after.always(() => database?.close());

const outcomesOf = (scenarios: Scenario[]) => simulate(database.pool, scenarios, TRIALS, SEED);
const named = (scenarios: Scenario[], outcomes: Outcome[]) =>
  scenarios.map(
    ({ sd, shape, looks }, i) => `sd ${sd}, ${shape}, ${looks.join(' ')}: pass ${outcomes[i]?.pass}, fail ${outcomes[i]?.fail}`,
  );

test('over five looks, a loss just beyond the margin passes in at most 5 of 100 cases', async (t) => {
  const scenarios = losses(OLD);
  const outcomes = await outcomesOf(scenarios);
  t.log(...named(scenarios, outcomes));
  t.deepEqual(
    named(scenarios, outcomes).filter((_, i) => (outcomes[i]?.pass ?? 1) > 0.05),
    [],
  );
});

test('over five looks, an equal model fails in at most 5 of 100 cases', async (t) => {
  const scenarios = equals(OLD);
  const outcomes = await outcomesOf(scenarios);
  t.log(...named(scenarios, outcomes));
  t.deepEqual(
    named(scenarios, outcomes).filter((_, i) => (outcomes[i]?.fail ?? 1) > 0.05),
    [],
  );
});

for (const shape of ['normal', 'lumps'] as const) {
  test(`enough queries decide: ${shape}`, async (t) => {
    const scenarios = [once(OLD, 0.3, 0.1, 200, shape), once(OLD, 0.3, 0, 1000, shape), once(OLD, 0.3, -0.34, 50, shape)];
    const [better, equal, worse] = await outcomesOf(scenarios);
    t.log(...named(scenarios, [better, equal, worse] as Outcome[]));
    t.true((better?.pass ?? 0) >= 0.9, '10 % better, 200 queries');
    t.true((equal?.pass ?? 0) >= 0.8, 'equal, 1,000 queries');
    t.true((worse?.fail ?? 0) >= 0.9, '34 % worse, 50 queries');
  });

  test(`twenty queries let no loss of a third pass: ${shape}`, async (t) => {
    const [outcome] = await outcomesOf([once(OLD, 0.44, -0.34, 20, shape)]);
    t.is(outcome?.pass, 0);
  });
}

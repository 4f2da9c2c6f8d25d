import test from 'ava';
import pLimit from 'p-limit';
import { DDL_CASES, type DdlPhase, isTried, type Outcome, type Storage } from './ddl-cases.ts';
import { prepareDdlStage, tryDdl } from './ddl-outcome.ts';
import type { FrozenStage } from './stage.ts';

const WHEN: Record<DdlPhase, string> = {
  backfill: 'in the midst of the backfill',
  switch: 'after the switch',
  contract: 'after contract',
};

// Each case has a database of its own.
const AT_ONCE = 2;
const PHASES = Object.keys(WHEN) as DdlPhase[];

/** Tests every change of a table in every phase, for one storage of the new vectors. */
export function testDdl(storage: Storage): void {
  // The embedded database has a single session, which the application and the DDL would share.
  if (!process.env.TEST_DATABASE_URL) {
    test.skip('changes of a table under an application that writes', () => {});
    return;
  }
  const prepared = new Map<DdlPhase, FrozenStage>();
  const limit = pLimit(AT_ONCE);

  test.before(async () => {
    for (const phase of PHASES) prepared.set(phase, await prepareDdlStage(storage, phase));
  });
  test.after.always(async () => {
    for (const stage of prepared.values()) await stage.close();
  });

  for (const phase of PHASES) {
    for (const ddlCase of DDL_CASES.filter((candidate) => isTried(candidate, storage, phase))) {
      test(`${WHEN[phase]}: ${ddlCase.name}`, (t) =>
        limit(async () => {
          const stage = await (prepared.get(phase) as FrozenStage).copy();
          try {
            const { outcome, faults, notes } = await tryDdl(stage, ddlCase, storage, phase);
            t.log(`${outcome}; ${notes.join('; ')}`);
            t.deepEqual(faults, []);
            t.true((ddlCase.outcomes as (Outcome | 'lost')[]).includes(outcome), `${outcome} instead of ${ddlCase.outcomes.join(' or ')}`);
          } finally {
            await stage.close();
          }
        }));
    }
  }
}

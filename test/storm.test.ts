import test from 'ava';
import { createDraw } from '../storm/draw.ts';
import { createStormDatabase } from '../storm/server.ts';
import { runStorm } from '../storm/storm.ts';

// The short form of `npm run storm`. The server is not crashed: other tests are on it. The embedded database has one session only.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

for (const [storage, ddl, hostile] of [
  ['column', false, false],
  ['side-table', false, false],
  ['column', true, false],
  ['column', false, true],
] as const) {
  const what = [storage, ...(ddl ? ['while somebody changes the table'] : []), ...(hostile ? ['hostile'] : [])].join(', ');
  testOnServer?.(`a short storm loses no write, fails no read and leaves every vector right: ${what}`, async (t) => {
    t.timeout(240_000);
    const server = await createStormDatabase(process.env.TEST_DATABASE_URL ?? '', undefined, false);
    try {
      // How long a write waits is measured by the long storm, on a machine that does nothing else.
      const options = {
        seconds: 20,
        seed: 7,
        rows: 2000,
        writers: 3,
        searchers: 3,
        workers: 2,
        partitions: 0,
        longestStall: Number.POSITIVE_INFINITY,
        storage,
        ddl,
        hostile,
      };
      const result = await runStorm(server, options, () => {});
      t.deepEqual(result.missed, [], [...result.examples, ...result.bugs].join('\n'));
      t.log(JSON.stringify({ operations: result.operations, faults: result.faults }));
      const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
      t.true(total(result.operations) > 100 && total(result.faults) > 5);
    } finally {
      await server.close();
    }
  });
}

test('a seed repeats the choices of each actor, and gives every actor its own', (t) => {
  const choices = (seed: number, actor: string) => {
    const draw = createDraw(seed, actor);
    return Array.from({ length: 50 }, () => [draw.between(1, 1000), draw.chance(0.5), draw.weighted({ often: 5, seldom: 1 })]);
  };
  t.deepEqual(choices(7, 'writer 1'), choices(7, 'writer 1'));
  t.notDeepEqual(choices(7, 'writer 1'), choices(7, 'writer 2'));
  t.notDeepEqual(choices(7, 'writer 1'), choices(8, 'writer 1'));
});

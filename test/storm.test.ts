import test from 'ava';
import { createDraw } from '../storm/draw.ts';
import { createStormDatabase } from '../storm/server.ts';
import { runStorm } from '../storm/storm.ts';

// The short form of `npm run storm`. The server is not crashed: other tests are on it. The embedded database has one session only.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

interface Kind {
  storage: 'column' | 'side-table';
  bridge?: true;
  ddl?: true;
  hostile?: true;
  joins?: number;
}

const KINDS: Kind[] = [
  { storage: 'column' },
  { storage: 'side-table', bridge: true },
  { storage: 'column', ddl: true },
  { storage: 'column', hostile: true },
  { storage: 'column', joins: 2 },
  { storage: 'side-table', joins: 1 },
];

for (const { storage, bridge = false, ddl = false, hostile = false, joins = 0 } of KINDS) {
  const what = [
    storage,
    ...(bridge ? ['with a bridge'] : []),
    ...(ddl ? ['while somebody changes the table'] : []),
    ...(hostile ? ['hostile'] : []),
    ...(joins > 0 ? [`text by joins: ${joins}`] : []),
  ].join(', ');
  testOnServer?.(`a short storm loses no write, fails no read and leaves every vector right: ${what}`, async (t) => {
    t.timeout(240_000);
    const server = await createStormDatabase(process.env.TEST_DATABASE_URL ?? '', undefined, false);
    try {
      // How long a write waits is measured by the long storm, on a machine that does nothing else.
      const options = {
        seconds: joins > 0 ? 8 : 20,
        seed: 7,
        rows: joins > 0 ? 300 : 2000,
        writers: 3,
        searchers: joins > 0 ? 1 : 3,
        workers: joins > 0 ? 1 : 2,
        joins,
        partitions: 0,
        longestStall: Number.POSITIVE_INFINITY,
        storage,
        bridge,
        ddl,
        hostile,
      };
      const result = await runStorm(server, options, () => {});
      t.deepEqual(result.missed, [], [...result.examples, ...result.bugs].join('\n'));
      t.log(JSON.stringify({ operations: result.operations, faults: result.faults }));
      const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
      t.true(total(result.operations) > (joins > 0 ? 50 : 100) && total(result.faults) > (joins > 0 ? 1 : 5));
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

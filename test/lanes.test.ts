import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { EMBEDDED, FAST, filesOf, NO_SERVER, ON_18, ON_BOTH, ONE_SERVER } from './lanes.ts';

const files = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => name.replace('.test.ts', ''));
const oneServer = Object.values(ONE_SERVER).flat();

test('every file that a lane names is there, and is named once', (t) => {
  for (const names of [oneServer, FAST, EMBEDDED, [...ON_18, ...ON_BOTH]]) {
    t.deepEqual(
      names.filter((name) => !files.includes(name)),
      [],
    );
    t.is(new Set(names).size, names.length);
  }
});

test('no file that CI runs on a real server alone keeps tests for the embedded one', (t) => {
  const keeping = files.filter((name) =>
    /^if \(!process\.env\.TEST_DATABASE_URL|TEST_DATABASE_URL \? (test|anyTest(\.serial)?)\.skip/m.test(
      readFileSync(new URL(`${name}.test.ts`, import.meta.url), 'utf8'),
    ),
  );
  t.true(keeping.length > 0);
  t.deepEqual(
    keeping.filter((name) => !EMBEDDED.includes(name)),
    [],
  );
});

test('a file that no lane leaves out runs on every server, and npm test leaves nothing out', (t) => {
  t.deepEqual(filesOf(), ['test/**/*.test.ts']);
  const left = filesOf('every-server').filter((pattern) => pattern.startsWith('!'));
  t.deepEqual(left.sort(), oneServer.map((name) => `!test/${name}.test.ts`).sort());
});

test('a lane that does not exist is an error, not an empty run', (t) => {
  t.throws(() => filesOf('quick'), { message: /TEST_LANE=quick is no lane: all, fast, embedded, on-17, on-18, every-server/ });
});

test('CI runs every file, and on a real server every file that needs one', (t) => {
  const run = readFileSync(new URL('../.ci/run', import.meta.url), 'utf8');
  t.regex(run, /TEST_LANE=embedded$/m);
  t.regex(run, /^suite_on_postgres 17 on-17$/m);
  t.regex(run, /^suite_on_postgres 18 on-18$/m);
  const left = filesOf('on-17').filter((pattern) => pattern.startsWith('!'));
  const noServer = NO_SERVER.map((name) => `test/${name}.test.ts`);
  for (const pattern of left.map((pattern) => pattern.slice(1)))
    t.true(filesOf(noServer.includes(pattern) ? 'embedded' : 'on-18').includes(pattern), pattern);
});

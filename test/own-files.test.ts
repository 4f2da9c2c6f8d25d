import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { openEmbedded } from '../src/database/embedded.ts';

const CLI = new URL('../src/cli.ts', import.meta.url).pathname;
const run = promisify(execFile);

function makeHome(t: ExecutionContext): string {
  const home = mkdtempSync(join(tmpdir(), 'reembed-home-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Starts the command with an empty temporary folder, and says what that has afterwards. */
async function start(home: string): Promise<string[]> {
  const temporary = join(home, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const { NODE_COMPILE_CACHE: _, XDG_CACHE_HOME: __, ...env } = process.env;
  await run(process.execPath, [CLI, '--version'], { env: { ...env, HOME: home, TMPDIR: temporary } });
  return readdirSync(temporary);
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('compiled code is kept below the cache home of the user, for nobody else, and not in the temporary folder that all share', async (t) => {
  const home = makeHome(t);
  t.deepEqual(await start(home), []);
  const folder = join(home, '.cache', 'pg-reembed', 'compiled');
  t.is(modeOf(folder), '700');
  t.true(readdirSync(folder).length > 0);
});

test('where others may write to that folder nothing is kept, and nothing run from it', async (t) => {
  const home = makeHome(t);
  const folder = join(home, '.cache', 'pg-reembed', 'compiled');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  t.deepEqual(await start(home), []);
  t.deepEqual(readdirSync(folder), []);
});

test('the folder of the embedded database is closed to others even where it was there before, and what else is in it stays as it is', async (t) => {
  const parent = makeHome(t);
  const [own, shared] = [join(parent, 'own'), join(parent, 'shared')];
  for (const folder of [own, shared]) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
  writeFileSync(join(shared, 'of-the-user.txt'), '', { mode: 0o644 });
  for (const directory of [own, shared]) {
    await (await openEmbedded({ directory })).close();
    chmodSync(join(directory, 'data', 'PG_VERSION'), 0o666);
    await (await openEmbedded({ directory })).close();
    t.is(modeOf(join(directory, 'data')), '700');
    t.is(modeOf(join(directory, 'data', 'PG_VERSION')), '600');
  }
  t.is(modeOf(own), '700');
  t.is(modeOf(shared), '755');
  t.is(modeOf(join(shared, 'of-the-user.txt')), '644');
  t.true(existsSync(join(shared, '.gitignore')));
});

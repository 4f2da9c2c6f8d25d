import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import pg from 'pg';

// The tools make databases beside the one that they are given; the embedded server has one only.
const server = process.env.TEST_DATABASE_URL ?? '';
const testOnServer = server ? test : undefined;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOUND_WITHIN_MS = 60_000;

for (const [tool, args] of [
  ['a storm', ['storm/main.ts', '--seconds', '60', '--rows', '200']],
  ['a measurement of triggers', ['bench/triggers.ts', '--rows', '20000']],
  ['a measurement of a table group', ['bench/table-group.ts', '20', '50']],
] as const) {
  testOnServer?.(`${tool} that is ended by a signal leaves no database behind`, async (t) => {
    t.timeout(120_000);
    const mark = `interrupted_${process.pid}_${args[0].replace(/\W/g, '_')}`;
    const url = Object.assign(new URL(server), { search: `application_name=${mark}` }).href;
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    t.teardown(() => admin.end());
    const child = spawn(process.execPath, [...args], {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: url, TEST_DATABASE_URL: url, NODE_NO_WARNINGS: '1' },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    t.teardown(() => child.kill('SIGKILL'));
    const made = await databaseOf(admin, mark);
    t.teardown(() => admin.query(`DROP DATABASE IF EXISTS ${made} WITH (FORCE)`));
    child.kill('SIGTERM');
    t.deepEqual(await ended, [130, null]);
    t.deepEqual((await admin.query('SELECT datname FROM pg_database WHERE datname = $1', [made])).rows, []);
  });
}

/** The database that the tool has made and works in. */
async function databaseOf(admin: pg.Client, mark: string): Promise<string> {
  for (const giveUpAt = Date.now() + FOUND_WITHIN_MS; Date.now() < giveUpAt; await sleep(20)) {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT datname AS name FROM pg_stat_activity WHERE application_name = $1 AND datname ~ '^reembed_(storm|bench|test)_[0-9a-f]+$'`,
      [mark],
    );
    if (rows[0]) return rows[0].name;
  }
  throw new Error('the tool made no database');
}

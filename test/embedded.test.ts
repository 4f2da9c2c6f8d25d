import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import pg from 'pg';
import { takeLock, thisProcess } from '../src/database/embedded/lock.ts';
import { type Embedded, openEmbedded } from '../src/database/embedded.ts';

const MODULE = new URL('../src/database/embedded.ts', import.meta.url).href;
const newFolder = () => mkdtempSync(join(tmpdir(), 'embedded-'));

let memory: Embedded;
test.before(async () => {
  memory = await openEmbedded({ directory: 'memory://' });
});
test.after.always(() => memory?.close());

async function connect(url: string, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...options });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function scalarOf(client: pg.Client, sql: string): Promise<unknown> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

/** Opens the folder in a process of its own that stays until it is killed. */
async function openElsewhere(directory: string): Promise<{ child: ChildProcess; owner: boolean; url: string }> {
  const program = `const { openEmbedded } = await import(${JSON.stringify(MODULE)});
    const { owner, url } = await openEmbedded({ directory: ${JSON.stringify(directory)} });
    console.log(JSON.stringify({ owner, url })); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  return { child, ...(JSON.parse(line) as { owner: boolean; url: string }) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
}

test('large parameters of several connections never reach the statement of another', async (t) => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(memory.url)));
  await Promise.all(
    clients.map(async (client, who) => {
      for (let round = 0; round < 10; round++) {
        const text = `${who}-${round}-${String(who).repeat(300_000)}`;
        const { rows } = await client.query(`SELECT ${who} AS who, $1::text AS text`, [text]);
        t.is(rows[0].who, who);
        t.true(rows[0].text === text);
      }
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
});

test('a setting made by one connection is not seen by another', async (t) => {
  const [one, two] = [await connect(memory.url, { application_name: 'one' }), await connect(memory.url, { application_name: 'two' })];
  await one.query("SET search_path = ''; SET work_mem = '9MB'; SET app.actor = 'ann'");
  t.is(await scalarOf(two, 'SHOW search_path'), 'public');
  t.is(await scalarOf(two, 'SHOW application_name'), 'two');
  t.falsy(await scalarOf(two, "SELECT current_setting('app.actor', true)"));
  t.is(await scalarOf(one, 'SHOW work_mem'), '9MB');
  t.is(await scalarOf(one, "SELECT current_setting('app.actor')"), 'ann');
  await Promise.all([one.end(), two.end()]);
});

test('a setting of an application is kept for its connection, however its name is written', async (t) => {
  const [one, two] = [await connect(memory.url), await connect(memory.url)];
  for (const [name, statement] of [
    ['app.plain', "SET app.plain = 'ann'"],
    ['app.quoted', `SET "app"."quoted" = 'ann'`],
    ['app.half', `SET SESSION app."half" TO 'ann'`],
    ['app.called', "SELECT set_config('app.called', 'ann', false)"],
  ] as const) {
    await one.query(statement);
    await two.query('SELECT');
    t.is(await scalarOf(one, `SELECT current_setting('${name}', true)`), 'ann', statement);
    t.falsy(await scalarOf(two, `SELECT current_setting('${name}', true)`), statement);
  }
  await Promise.all([one.end(), two.end()]);
});

test('two connections may prepare different statements under one name', async (t) => {
  const [one, two] = [await connect(memory.url), await connect(memory.url)];
  t.is((await one.query({ name: 'same', text: 'SELECT 1 AS n' })).rows[0].n, 1);
  t.is((await two.query({ name: 'same', text: 'SELECT 2 AS n' })).rows[0].n, 2);
  t.is((await one.query({ name: 'same', text: 'SELECT 1 AS n' })).rows[0].n, 1);
  await Promise.all([one.end(), two.end()]);
});

test('a notification reaches the connection that listens', async (t) => {
  const [listener, sender] = [await connect(memory.url), await connect(memory.url)];
  await listener.query('LISTEN arrivals');
  const heard = once(listener, 'notification');
  await sender.query("NOTIFY arrivals, 'hello'");
  t.is((await heard)[0].payload, 'hello');
  await Promise.all([listener.end(), sender.end()]);
});

test('a connection that vanishes inside a transaction is rolled back', async (t) => {
  const [one, two] = [await connect(memory.url), await connect(memory.url)];
  await two.query('CREATE TABLE vanished (n int)');
  await one.query('BEGIN');
  await one.query('INSERT INTO vanished VALUES (1)');
  one.connection.stream.destroy();
  t.is(await scalarOf(two, 'SELECT count(*)::int FROM vanished'), 0);
  await two.end();
});

test('an endless recursion is an error and not the end of the database', async (t) => {
  const client = await connect(memory.url);
  await client.query('CREATE FUNCTION deeper(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN deeper(n + 1); END $$');
  await t.throwsAsync(client.query('SELECT deeper(1)'), { code: '54001' });
  t.is(await scalarOf(client, 'SELECT 1'), 1);
  await client.end();
});

test('a copy in memory begins with the data of its image', async (t) => {
  const client = await connect(memory.url);
  await client.query('CREATE TABLE copied AS SELECT 7 AS n');
  const copy = await openEmbedded({ directory: 'memory://', image: await memory.image() });
  const other = await connect(copy.url);
  t.is(await scalarOf(other, 'SELECT n FROM copied'), 7);
  await Promise.all([client.end(), other.end()]);
  await copy.close();
});

test('when several processes start at once, one owns the folder and the others find it', async (t) => {
  const folder = newFolder();
  const all = await Promise.all([1, 2, 3].map(() => openElsewhere(folder)));
  t.is(all.filter(({ owner }) => owner).length, 1);
  t.is(new Set(all.map(({ url }) => url)).size, 1);
  await Promise.all(all.map(({ child }) => kill(child)));
});

test('what was committed survives kill -9 of the owner, and the next one starts from it', async (t) => {
  const folder = newFolder();
  const first = await openElsewhere(folder);
  const client = await connect(first.url);
  await client.query('CREATE TABLE kept AS SELECT 1 AS n');
  await kill(first.child);
  const second = await openEmbedded({ directory: folder });
  t.true(second.owner);
  const again = await connect(second.url);
  t.is(await scalarOf(again, 'SELECT n FROM kept'), 1);
  await again.end();
  await second.close();
});

test('a lock whose process id now belongs to another process is free', (t) => {
  const folder = newFolder();
  writeFileSync(join(folder, 'lock.4'), JSON.stringify({ ...thisProcess(), born: '1' }));
  const lock = takeLock(folder, 'lock');
  t.true('release' in lock);
  t.false('release' in takeLock(folder, 'lock'));
  if ('release' in lock) lock.release();
  t.true('release' in takeLock(folder, 'lock'));
});

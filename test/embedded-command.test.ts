import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import pg from 'pg';
import { createWorkplace, type Workplace } from './harness/command.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, usualOptions, wrongRows } from './harness/documents.ts';
import { startProvider, type TestProvider } from './harness/provider.ts';
import { assertRefused } from './harness/refusal.ts';
import { startUi, stateOf, steer } from './harness/ui.ts';

let provider: TestProvider;
let workplace: Workplace;
let directory: string;

// No DATABASE_URL: every command uses the embedded database of the folder.
test.before(async () => {
  provider = await startProvider({ [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS });
  workplace = createWorkplace({ REEMBED_DIR: 'database of mine', OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
  directory = join(workplace.directory, 'database of mine');
});
test.after.always(async () => {
  workplace.remove();
  await provider.close();
});

/** `reembed db` in a process of its own; `url` is its first line. */
async function serve(t: { teardown(undo: () => void): void }, args: string[] = []): Promise<{ child: ChildProcess; url: string }> {
  const child = workplace.start(['db', ...args]);
  t.teardown(() => child.kill('SIGKILL'));
  const [url] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  return { child, url };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  const [code] = await once(child, 'exit');
  return code;
}

async function withPool<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {});
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

test.serial('db serves the embedded database, and every other command finds it', async (t) => {
  const { child, url } = await serve(t);
  t.is(readFileSync(join(directory, '.gitignore'), 'utf8'), '*\n');
  t.regex(url, /^postgres:\/\/postgres:\w+@127\.0\.0\.1:\d+\/postgres$/);
  await withPool(url, (pool) => createDocuments(pool, 60));
  const created = await workplace.run(['migrate', 'create', ...usualOptions()]);
  t.is(created.code, 0, created.stderr);
  t.is((await workplace.run(['migrate', 'up'])).code, 3);
  const { rows } = await withPool(url, (pool) => pool.query('SELECT phase FROM reembed.campaign'));
  t.deepEqual(rows, [{ phase: 'backfill' }]);
  t.is(await stop(child, 'SIGINT'), 0);
});

test.serial('a second db of the same folder names the running one and leaves it alone', async (t) => {
  const { child, url } = await serve(t);
  const second = await workplace.run(['db']);
  t.is(second.code, 0);
  t.is(second.stdout, `${url}\n`);
  t.is(JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8')).url, url);
  t.regex(second.stderr, /another process already serves it/);
  t.is((await withPool(url, (pool) => pool.query('SELECT 1'))).rowCount, 1);
  const wrong = new URL(url);
  wrong.password = 'guessed';
  await t.throwsAsync(
    withPool(wrong.href, (pool) => pool.query('SELECT 1')),
    { code: '28P01' },
  );
  t.is(await stop(child, 'SIGTERM'), 0);
});

test.serial('what was done survives every restart, and a command alone brings the database up for itself', async (t) => {
  t.false(existsSync(join(directory, 'server.json')), 'nobody serves now');
  const up = await workplace.run(['migrate', 'up', '--wait']);
  t.is(up.code, 3, up.stderr);
  t.regex(up.stderr, /3_index/);
  t.false(existsSync(join(directory, 'server.json')));
  const { child, url } = await serve(t);
  t.deepEqual(await withPool(url, (pool) => wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' })), []);
  await stop(child, 'SIGKILL');
  const again = await serve(t);
  t.deepEqual((await withPool(again.url, (pool) => pool.query('SELECT phase FROM reembed.campaign'))).rows, [{ phase: 'index' }]);
  t.is(await stop(again.child, 'SIGINT'), 0);
});

test.serial('ui shows and changes the embedded database, and refuses where there is none', async (t) => {
  const none = await workplace.run(['ui'], { REEMBED_DIR: 'none' });
  assertRefused(t, none, { code: 'nothing_to_show', remedy: /migrate create/ });
  const ui = await startUi(workplace, ['--allow-changes']);
  const { cookie, make } = await steer(ui, 'public.documents.embedding');
  const state = await stateOf(ui, cookie);
  t.is(state.database, 'the embedded database');
  t.deepEqual(state.not_shown, []);
  t.is(state.status.campaigns[0]?.phase, 'index');
  t.deepEqual(await make('pause'), { status: 200, done: 'public.documents.embedding is paused' });
  t.is(await stop(ui.child, 'SIGINT'), 0);
  const { child, url } = await serve(t);
  t.deepEqual((await withPool(url, (pool) => pool.query('SELECT paused, paused_reason FROM reembed.setting'))).rows, [
    { paused: true, paused_reason: 'why pause' },
  ]);
  t.is(await stop(child, 'SIGINT'), 0);
});

test.serial('db takes the port it is given, and says so when that is taken', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await workplace.run(['db', '--port', String(port)]);
  t.is(code, 1);
  t.regex(stderr, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken \\[embedded_port_taken\\]`));
  await new Promise((resolve) => taken.close(resolve));
  const served = await serve(t, ['--port', String(port)]);
  t.is(new URL(served.url).port, String(port));
  await stop(served.child, 'SIGINT');
});

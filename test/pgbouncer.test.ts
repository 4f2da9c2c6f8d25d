import anyTest from 'ava';
import pg from 'pg';
import { examineRoute, withClient } from '../src/database/session.ts';
import { createSearchClient } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { type PgBouncer, startPgBouncer } from './harness/pgbouncer.ts';
import { vectorOf } from './harness/provider.ts';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// Needs a server, and a command that puts PgBouncer in front of it; see test/harness/pgbouncer.ts.
const command = process.env.TEST_DATABASE_URL ? process.env.TEST_PGBOUNCER : undefined;
const test = command ? anyTest.serial : anyTest.serial.skip;

let stage: Stage;
let bouncer: PgBouncer;
let pooled: { DATABASE_URL: string; DATABASE_DIRECT_URL: string };
let direct: { DATABASE_URL: string; DATABASE_DIRECT_URL: string };

anyTest.before(async () => {
  if (!command) return;
  [stage, bouncer] = await Promise.all([createBareStage(), startPgBouncer(command)]);
  direct = { DATABASE_URL: bouncer.pooled(stage.db.url), DATABASE_DIRECT_URL: stage.db.url };
  pooled = { ...direct, DATABASE_DIRECT_URL: '' };
  await createDocuments(stage.db.pool, 400);
  await stage.draft({ table: 'documents', batchRows: 40 });
});
anyTest.after.always(async () => {
  await bouncer?.close();
  await stage?.close();
});

async function locks(): Promise<number> {
  const { rows } = await stage.db.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
  );
  return rows[0]?.count ?? 0;
}

/** Several applications that keep the pool's sessions changing hands for as long as `work` takes. */
async function withTraffic<T>(work: () => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: pooled.DATABASE_URL, max: 8 });
  let isOver = false;
  const traffic = Array.from({ length: 8 }, async () => {
    while (!isOver) await pool.query('SELECT pg_sleep(random() * 0.005)');
  });
  try {
    return await work();
  } finally {
    isOver = true;
    await Promise.all(traffic);
    await pool.end();
  }
}

test('migrate up and down through PgBouncer alone are refused, change nothing and leave no lock', async (t) => {
  const before = await fingerprint(stage.db.pool);
  const refusal = { code: 'session_needed', says: /transaction mode/, remedy: /DATABASE_DIRECT_URL/ };
  assertRefused(t, await stage.workplace.run(['migrate', 'up'], pooled), refusal);
  assertRefused(t, await stage.workplace.run(['migrate', 'up', '--wait'], pooled), refusal);
  assertRefused(t, await stage.workplace.run(['migrate', 'down'], pooled), refusal);
  await withTraffic(async () => assertRefused(t, await stage.workplace.run(['migrate', 'up'], pooled), refusal));
  const astray = { ...pooled, DATABASE_DIRECT_URL: pooled.DATABASE_URL };
  assertRefused(t, await stage.workplace.run(['migrate', 'up'], astray), refusal);
  t.is(await locks(), 0);
  t.deepEqual(await fingerprint(stage.db.pool), before);
});

test('a pool in transaction mode is recognised also while others keep its sessions changing hands', async (t) => {
  const routes = new Set<string>();
  const check = (url: string) => withClient(url, 'test', async (client) => (await examineRoute(client, url)).route);
  for (let i = 0; i < 5; i++) routes.add(await check(pooled.DATABASE_URL));
  await withTraffic(async () => {
    for (let i = 0; i < 20; i++) routes.add(await check(pooled.DATABASE_URL));
  });
  t.deepEqual([...routes], ['transaction pooler']);
  t.is(await check(stage.db.url), 'direct');
});

test('an unusable DATABASE_DIRECT_URL is refused by its own name', async (t) => {
  const run = (env: Record<string, string>) => stage.workplace.run(['migrate', 'up'], { ...direct, ...env });
  assertRefused(t, await run({ DATABASE_DIRECT_URL: 'nonsense' }), { code: 'usage', exit: 'usage', says: /^DATABASE_DIRECT_URL is not/ });
  assertRefused(t, await run({ DATABASE_DIRECT_URL: 'postgres://a:b@127.0.0.1:1/c' }), {
    code: 'database_unreachable',
    remedy: /check DATABASE_DIRECT_URL/,
  });
  assertRefused(t, await run({ DATABASE_URL: '' }), { code: 'usage', exit: 'usage', says: /DATABASE_URL is set but empty/ });
});

test('doctor names the pooler and says whether there is a way around it', async (t) => {
  const check = async (env: Record<string, string>) => {
    const { stdout } = await stage.workplace.run(['doctor', '--json'], env);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; level: string; finding: string; remedy: string | null }[] };
    return ['pooler', 'direct address'].map((name) => findings.find((finding) => finding.name === name));
  };
  const [pooler, address] = await check(pooled);
  t.is(pooler?.level, 'warn');
  t.regex(pooler?.finding ?? '', /transaction mode: .*migrate up and down are refused/);
  t.regex(pooler?.remedy ?? '', /set DATABASE_DIRECT_URL/);
  t.regex(address?.finding ?? '', /not set/);
  t.deepEqual(
    (await check(direct)).map((finding) => finding?.level),
    ['ok', 'ok'],
  );
  t.regex((await check({ ...direct, DATABASE_DIRECT_URL: pooled.DATABASE_URL }))[1]?.finding ?? '', /names a pooler/);
  const other = Object.assign(new URL(stage.db.url), { pathname: '/postgres' }).href;
  t.regex((await check({ ...direct, DATABASE_DIRECT_URL: other }))[1]?.finding ?? '', /another database/);
  const [plain] = await check({ DATABASE_URL: stage.db.url });
  t.is(plain?.finding, 'connected to the server itself');
});

test('with DATABASE_DIRECT_URL all phases run while workers and the application use the pool', async (t) => {
  const { run } = stage.workplace;
  const up = await run(['migrate', 'up'], direct);
  t.is(up.code, 3, up.stderr);

  const application = new pg.Pool({ connectionString: pooled.DATABASE_URL, max: 4 });
  t.teardown(() => application.end());
  let isOver = false;
  const writes = Array.from({ length: 3 }, async (_, writer) => {
    for (let i = 0; !isOver; i++) {
      await application.query('UPDATE documents SET content = $2 WHERE id = $1', [
        1 + ((i * 7 + writer * 131) % 400),
        `written ${writer} ${i}`,
      ]);
      if (i % 5 === 0) await application.query('INSERT INTO documents (content) VALUES ($1)', [`inserted ${writer} ${i}`]);
      if (i % 9 === 0) await application.query('DELETE FROM documents WHERE id = (SELECT max(id) FROM documents)');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const workers = [1, 2, 3].map(() => stage.workplace.start(['worker', '--concurrency', '4'], pooled));
  t.teardown(() => {
    for (const worker of workers) worker.kill('SIGKILL');
  });
  await until(async () => {
    const { rows } = await stage.db.pool.query("SELECT count(*)::int AS open FROM reembed.batch WHERE state = 'pending'");
    return rows[0].open === 0;
  }, 'the batches');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  isOver = true;
  await Promise.all(writes);
  for (const worker of workers) worker.kill('SIGTERM');
  await until(() => workers.every(({ exitCode }) => exitCode !== null), 'the end of the workers');
  t.deepEqual(
    workers.map(({ exitCode }) => exitCode),
    [0, 0, 0],
  );
  const drained = await run(['worker', '--drain'], pooled);
  t.is(drained.code, 0, drained.stderr);
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);

  const index = await run(['migrate', 'up', '--wait'], direct);
  t.is(index.code, 3, index.stderr);
  t.regex(index.stderr, /have not been compared/);
  const validated = await run(['validate', '--sample', '30', '-k', '5'], pooled);
  t.is(validated.code, 5, validated.stderr);
  const switched = await run(['migrate', 'up', '--accept', 'unsure', '--reason', 'thirty rows'], direct);
  t.is(switched.code, 3, switched.stderr);
  t.regex(switched.stderr, /4_switch/);
  t.is((await run(['setting', 'soak=0'], pooled)).code, 0);
  const contracted = await run(['migrate', 'up'], direct);
  t.is(contracted.code, 0, contracted.stderr);
  const back = await run(['migrate', 'down', '2'], direct);
  t.is(back.code, 0, back.stderr);
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.is(await locks(), 0);
});

test("the application's client follows switches and the canary through the pool, by asking now and then", async (t) => {
  const application = new pg.Pool({ connectionString: pooled.DATABASE_URL, max: 4 });
  t.teardown(() => application.end());
  const client = createSearchClient(application, {
    target: 'documents',
    embed: async (text, model) => vectorOf(model.name, text, model.dimensions),
    refreshSeconds: 0.2,
  });
  const nearest = () =>
    client.search(
      textOf(7),
      async ({ model, vector, view }) => {
        const { rows } = await application.query(
          `SELECT embedding_model AS model FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 1`,
          [model, vector],
        );
        return rows[0].model as string;
      },
      { key: 'ann' },
    );
  await withTraffic(async () => {
    for (const model of [NEW_MODEL, OLD_MODEL, NEW_MODEL, OLD_MODEL]) {
      await stage.db.pool.query("SELECT reembed.switch_to('documents', $1)", [model]);
      t.is(await nearest(), model);
    }
    await stage.db.pool.query('UPDATE reembed.setting SET canary_percent = 100');
    await until(async () => (await nearest()) === NEW_MODEL, 'the canary', 5);
    await stage.db.pool.query('UPDATE reembed.setting SET canary_percent = 0');
    await until(async () => (await nearest()) === OLD_MODEL, 'its end', 5);
  });
  await client.close();
});

test('status, setting, retry and purge work through the pool and leave no setting behind in it', async (t) => {
  const { run } = stage.workplace;
  const status = await run(['status', '--json'], pooled);
  t.is(status.code, 0, status.stderr);
  t.is((JSON.parse(status.stdout) as { campaigns: { phase: string }[] }).campaigns[0]?.phase, 'index');
  const setting = await run(['setting', '--json', 'requests_per_minute=600'], pooled);
  t.is((JSON.parse(setting.stdout) as { requests_per_minute: number }).requests_per_minute, 600, setting.stderr);
  await stage.db.pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) VALUES ('public.documents.embedding', '{"id": 5}', 'new-model', 'test', 'test')`,
  );
  const retry = await run(['retry'], pooled);
  t.is(retry.code, 0, retry.stderr);
  t.regex(retry.stderr, /1 row waits/);
  t.is((await run(['worker', '--drain'], pooled)).code, 0);
  t.is((await stage.db.pool.query('SELECT FROM reembed.failed_row')).rowCount, 0);
  assertRefused(t, await run(['purge'], pooled), { code: 'nothing_to_purge' });

  const pool = new pg.Pool({ connectionString: pooled.DATABASE_URL, max: 4 });
  t.teardown(() => pool.end());
  const left = await Promise.all(
    Array.from({ length: 4 }, () =>
      pool.query(
        "SELECT name FROM pg_sleep(0.2), pg_settings WHERE source = 'session' AND name IN ('lock_timeout', 'statement_timeout', 'row_security', 'bytea_output', 'extra_float_digits')",
      ),
    ),
  );
  t.deepEqual(
    left.flatMap(({ rows }) => rows),
    [],
  );
  t.is(await locks(), 0);
});

import test from 'ava';
import pg from 'pg';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { NEW_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

// What these show needs sessions that run side by side, which the embedded database has not.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], env);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets every answer take a while, so that something can happen meanwhile. */
function answerSlowly(milliseconds: number): void {
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(milliseconds);
    return undefined;
  };
}

test.serial('Ctrl-C lets the worker finish the batches in hand, and the rest waits in the ledger', async (t) => {
  const campaign = await startCampaign(stage, 'interrupted', { rows: 300 });
  answerSlowly(700);
  const worker = stage.workplace.start(['worker', '--concurrency', '1']);
  let talk = '';
  worker.stderr?.on('data', (chunk) => {
    talk += chunk;
  });
  await until(() => campaign.requests().length > 1, 'the second batch');
  worker.kill('SIGINT');
  t.is(await exitOf(worker), 0, talk);
  t.regex(talk, /finishing the batches in progress/);
  const batches = await stage.db.pool.query('SELECT state, rows, embedded_rows AS embedded, error FROM reembed.batch WHERE campaign = $1', [
    campaign.name,
  ]);
  const done = batches.rows.filter(({ state }) => state === 'done');
  t.is(done.length, campaign.requests().length);
  t.true(done.length < batches.rows.length);
  for (const { rows, embedded } of done) t.is(embedded, rows);
  for (const { state, embedded, error } of batches.rows) if (state === 'pending') t.deepEqual([embedded, error], [0, null]);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.worker'), 0);

  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'interrupted', newColumn: 'embedding_v2' }), []);
});

test.serial('the progress of one large batch moves with the answers, before its rows are stored', async (t) => {
  const campaign = await startCampaign(stage, 'one_batch', { rows: 200, request: { batchRows: 1000 } });
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch'), 1);
  answerSlowly(250);
  const worker = stage.workplace.start(['worker', '--drain'], { EMBED_REQUEST_INPUTS: '10', EMBED_MAX_IN_FLIGHT: '1' });
  const seen = new Set<number>();
  await until(async () => {
    const { rows } = await stage.db.pool.query(
      'SELECT p.done::int, b.embedded_rows AS stored FROM reembed.progress AS p JOIN reembed.batch AS b ON b.campaign = p.campaign',
    );
    if (rows[0].stored === 0 && rows[0].done > 0) seen.add(rows[0].done);
    return rows[0].stored > 0;
  }, 'the rows are stored');
  t.true(seen.size > 2, `seen: ${[...seen].join()}`);
  t.is(await exitOf(worker), 0);
  t.is(await campaign.ask('SELECT done::int FROM reembed.progress'), 200);
});

test.serial('a worker that is stopped while it starts ends', async (t) => {
  const campaign = await startCampaign(stage, 'stopped_early', { rows: 20 });
  const worker = stage.workplace.start(['worker']);
  await until(() => campaign.ask('SELECT count(*) = 1 FROM reembed.worker'), 'its sign of life, which comes before its queues are served');
  worker.kill('SIGTERM');
  await until(() => worker.exitCode !== null, 'its end', 30);
  t.is(worker.exitCode, 0);
});

test.serial('Ctrl-C while changed rows are at the provider parks none of them, and --drain does not end as if it were done', async (t) => {
  const campaign = await startCampaign(stage, 'interrupted_late', { rows: 20 });
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE interrupted_late SET content = 'changed ' || id WHERE id <= 3");
  stage.provider.requests.length = 0;
  answerSlowly(2000);
  const worker = stage.workplace.start(['worker', '--drain']);
  await until(() => campaign.requests().length > 0, 'a request');
  worker.kill('SIGTERM');
  t.is(await exitOf(worker), 130);
  t.is(await campaign.failures(), 0);
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'interrupted_late', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('--limit embeds about so many rows spread over the table and leaves the batches open', async (t) => {
  const campaign = await startCampaign(stage, 'limited', { rows: 300 });
  const result = await stage.workplace.run(['worker', '--limit', '20']);
  t.is(result.code, 0, result.stderr);
  t.regex(result.stderr, /20 rows embedded/);
  const { rows } = await stage.db.pool.query('SELECT state, embedded_rows AS embedded FROM reembed.batch WHERE campaign = $1', [
    campaign.name,
  ]);
  for (const { state, embedded } of rows) t.true(state === 'pending' && embedded >= 2 && embedded <= 5);
  t.is(await campaign.ask('SELECT count(*)::int FROM limited WHERE embedding_v2 IS NOT NULL'), 20);
  t.is((await drain()).code, 0);
  t.is(
    campaign.requests().reduce((sum, { input }) => sum + input.length, 0),
    300,
    'no row twice',
  );
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'limited', newColumn: 'embedding_v2' }), []);
});

test.serial('a pause stops a running worker after the batches in hand, and its end lets it go on', async (t) => {
  const campaign = await startCampaign(stage, 'paused', { rows: 300 });
  const setPaused = (paused: boolean) =>
    stage.db.pool.query('UPDATE reembed.setting SET paused = $2 WHERE target = $1', [campaign.target, paused]);
  const pending = () =>
    campaign.ask<number>("SELECT count(*)::int FROM reembed.batch WHERE campaign = $1 AND state = 'pending'", [campaign.name]);
  await setPaused(true);
  assertRefused(t, await drain(), { code: 'paused', remedy: /paused=false/ });
  assertRefused(t, await stage.workplace.run(['worker', '--limit', '5']), { code: 'paused', remedy: /paused=false/ });
  t.is(campaign.requests().length, 0);

  await setPaused(false);
  answerSlowly(500);
  const worker = stage.workplace.start(['worker', '--concurrency', '1']);
  await until(() => campaign.requests().length > 0, 'a request');
  await setPaused(true);
  const asked = campaign.requests().length;
  await pause(2500);
  t.true(campaign.requests().length <= asked + 1);
  t.true((await pending()) > 0);
  stage.provider.script = () => undefined;
  await setPaused(false);
  await until(async () => (await pending()) === 0, 'the rest');
  worker.kill('SIGTERM');
  t.is(await exitOf(worker), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'paused', newColumn: 'embedding_v2' }), []);
});

test.serial('rows that change or go while they are at the provider keep only vectors of their present text', async (t) => {
  const campaign = await startCampaign(stage, 'in_flight', { rows: 160 });
  const { pool } = stage.db;
  let meddled = false;
  stage.provider.script = async ({ model, input }) => {
    if (model !== NEW_MODEL || meddled || !input.includes(textOf(5))) return undefined;
    meddled = true;
    await pool.query("UPDATE in_flight SET content = 'changed in flight ' || id WHERE id IN (5, 6, 7)");
    await pool.query('UPDATE in_flight SET content = NULL WHERE id = 8');
    await pool.query("UPDATE in_flight SET content = '  ' WHERE id = 9");
    await pool.query('DELETE FROM in_flight WHERE id IN (10, 11)');
    await pool.query("INSERT INTO in_flight (content) VALUES ('inserted in flight')");
    await pool.query('UPDATE in_flight SET id = 1000 WHERE id = 12');
    return undefined;
  };
  const result = await drain();
  t.is(result.code, 0, result.stderr);
  t.true(meddled);
  t.deepEqual(await wrongRows(pool, { table: 'in_flight', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.is(await campaign.failures(), 0);

  // The same while a changed row is at the provider.
  await pool.query("UPDATE in_flight SET content = 'once' WHERE id IN (20, 21, 22)");
  meddled = false;
  stage.provider.script = async ({ model, input }) => {
    if (model !== NEW_MODEL || meddled || !input.includes('once')) return undefined;
    meddled = true;
    await pool.query("UPDATE in_flight SET content = 'twice' WHERE id = 20");
    await pool.query('UPDATE in_flight SET content = NULL WHERE id = 21');
    await pool.query('DELETE FROM in_flight WHERE id = 22');
    return undefined;
  };
  t.is((await drain()).code, 0);
  t.true(meddled);
  t.deepEqual(await wrongRows(pool, { table: 'in_flight', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.change'), 0);
});

test.serial('a row whose text becomes null or blank loses its vectors, and a text of unusual spaces gets them', async (t) => {
  const campaign = await startCampaign(stage, 'blanked', { rows: 60 });
  const { pool } = stage.db;
  t.is((await drain()).code, 0);
  await pool.query('UPDATE blanked SET content = NULL WHERE id = 1');
  await pool.query(String.raw`UPDATE blanked SET content = E' \t\n\r ' WHERE id = 2`);
  await pool.query(String.raw`UPDATE blanked SET content = E'\u00a0' WHERE id = 3`);
  await pool.query(String.raw`INSERT INTO blanked (content) VALUES (E'\u3000'), (''), (NULL)`);
  t.is((await drain()).code, 0);
  const { rows } = await pool.query(
    'SELECT id::int, embedding IS NOT NULL AS old, embedding_v2 IS NOT NULL AS new FROM blanked WHERE id <= 3 OR id > 60 ORDER BY id',
  );
  t.deepEqual(
    rows.map(({ id, old, new: present }) => [id, old, present]),
    [
      [1, false, false],
      [2, false, false],
      [3, true, true],
      [61, true, true],
      [62, false, false],
      [63, false, false],
    ],
  );
  await stage.bring(campaign.name, 'index');
});

testOnServer?.serial('rows that an open transaction holds are passed over, and done once it ends', async (t) => {
  const campaign = await startCampaign(stage, 'locked', { rows: 60 });
  await stage.db.pool.query("UPDATE locked SET content = 'noted ' || id WHERE id IN (5, 6)");
  const client = new pg.Client({ connectionString: stage.db.url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query("UPDATE locked SET content = 'held ' || id WHERE id IN (3, 4)");
    await client.query('SELECT FROM locked WHERE id IN (5, 7) FOR UPDATE');
    const worker = stage.workplace.start(['worker']);
    const left = async () => (await wrongRows(stage.db.pool, { table: 'locked', newColumn: 'embedding_v2' })).join();
    await until(async () => (await left()) === '3 new,4 new,5 new,7 new', 'all but the rows that are held');
    await until(async () => !(await campaign.ask('SELECT reembed.needs_sweep($1)', [campaign.name])), 'a search for missed rows');
    // The application's own write never has to wait for the worker.
    await client.query("SET statement_timeout = '500ms'; UPDATE locked SET content = 'held too ' || id WHERE id = 8; COMMIT");
    worker.kill('SIGTERM');
    t.is(await exitOf(worker), 0);
  } finally {
    await client.end();
  }
  t.is((await drain()).code, 0);
  // Row 7 was held without being changed, so no trigger captured it; the search for missed rows did.
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'locked', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('two workers share the rows and embed each about once', async (t) => {
  const campaign = await startCampaign(stage, 'shared', { rows: 600 });
  answerSlowly(100);
  const [one, two] = await Promise.all([drain({ EMBED_CONCURRENCY: '2' }), drain({ EMBED_CONCURRENCY: '2' })]);
  t.deepEqual([one.code, two.code], [0, 0], one.stderr + two.stderr);
  t.true(campaign.requests().reduce((sum, { input }) => sum + input.length, 0) <= 600 * 1.05);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shared', newColumn: 'embedding_v2' }), []);
});

testOnServer?.serial('what a killed worker held is taken up by the next one', async (t) => {
  // Its heart has stopped for 10 s by then, and not for the hour that a job may take.
  t.timeout(90_000);
  const campaign = await startCampaign(stage, 'killed', { rows: 160 });
  stage.provider.script = (request) => (isProbe(request) ? undefined : new Promise(() => {}));
  const worker = stage.workplace.start(['worker']);
  await until(() => campaign.requests().length > 0, 'a request');
  worker.kill('SIGKILL');
  await exitOf(worker);
  stage.provider.script = () => undefined;
  const startedAt = Date.now();
  t.is((await drain()).code, 0);
  t.log(`taken up after ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'killed', newColumn: 'embedding_v2' }), []);
});

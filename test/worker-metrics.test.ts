import type { ChildProcess } from 'node:child_process';
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import test from 'ava';
import { createStateReader } from '../src/metrics/read-state.ts';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { NEW_MODEL, wrongRows } from './harness/documents.ts';
import { openLink } from './harness/link.ts';
import { startPrometheus } from './harness/prometheus.ts';
import { assertRefused } from './harness/refusal.ts';
import { createWorkerRole } from './harness/roles.ts';
import { createStage, type Stage } from './harness/stage.ts';

const KEY = 'sk-secret-of-the-metered-model';
const POISON = 'a poisonous text about Mr Example';
const exporter = new InMemorySpanExporter();

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  // As an SDK does that a user loads.
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
});
test.afterEach.always(async () => {
  stage.provider.script = () => undefined;
  stage.provider.requests.length = 0;
  await removeCampaigns(stage);
});
test.after.always(() => stage?.close());

// The embedded database has one role and no connection that can be cut.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

/** A campaign in which one text is refused, and the first request is answered with 429. */
async function startPoisonedCampaign(table: string) {
  const campaign = await startCampaign(stage, table, {
    rows: 120,
    fill: () => stage.db.pool.query(`UPDATE ${table} SET content = $1 WHERE id = 7`, [POISON]),
  });
  await stage.db.pool.query('UPDATE reembed.model SET usd_per_million_tokens = 10 WHERE name = $1', [NEW_MODEL]);
  let isFirst = true;
  stage.provider.script = (request) => {
    if (isProbe(request) || request.model !== NEW_MODEL) return undefined;
    if (isFirst) {
      isFirst = false;
      return { status: 429, headers: { 'retry-after': '1' }, body: { error: { message: `slow down, ${KEY}` } } };
    }
    return request.input.includes(POISON) ? { status: 400, body: { error: { message: `${POISON} is refused, ${KEY}` } } } : undefined;
  };
  return campaign;
}

/** A worker that serves its metrics, with functions to ask it. */
async function startWorker(env: Record<string, string>) {
  const process = stage.workplace.start(['worker', '--listen', '127.0.0.1:0'], { OPENAI_API_KEY: KEY, ...env });
  const talk = { text: '' };
  process.stderr?.on('data', (chunk) => {
    talk.text += chunk;
  });
  await until(() => /is served/.test(talk.text) || process.exitCode !== null, 'its address');
  const [, address = ''] = /http:\/\/(\S+)\/metrics is served/.exec(talk.text) ?? [];
  const ask = async (page: string) => {
    const answer = await fetch(`http://${address}/${page}`);
    return { status: answer.status, text: await answer.text() };
  };
  const metrics = async () => readMetrics((await ask('metrics')).text);
  return { process, talk, address, ask, metrics };
}

/** The metrics of ours as a scraper reads them, by name; summed over models. */
function readMetrics(text: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [, name = '', value] of text.matchAll(/^(reembed_\w+)(?:\{.*\})? (\S+)$/gm)) sums[name] = (sums[name] ?? 0) + Number(value);
  return sums;
}

async function stop(worker: ChildProcess): Promise<number | null> {
  worker.kill('SIGTERM');
  return exitOf(worker);
}

onServer('a worker exports what it and the database know, and no key, text or address', async (t) => {
  const campaign = await startPoisonedCampaign('metered');
  const role = await createWorkerRole(t, stage.db);
  const worker = await startWorker({ DATABASE_URL: role.url });
  t.teardown(() => worker.process.kill('SIGKILL'));
  const prometheus = process.env.TEST_PROMETHEUS ? await startPrometheus(process.env.TEST_PROMETHEUS, worker.address) : undefined;
  t.teardown(async () => prometheus?.close());
  t.is((await worker.ask('livez')).status, 200);
  await until(async () => (await worker.ask('readyz')).status === 200, 'a ready worker');
  await until(async () => {
    const { reembed_rows_left, reembed_failed_rows, reembed_rows_stored_total } = await worker.metrics();
    // The database may show the last rows a moment before the worker has counted them.
    return reembed_rows_left === 0 && reembed_failed_rows === 1 && reembed_rows_stored_total === 119;
  }, 'the end of the backfill in the metrics');

  const { text } = await worker.ask('metrics');
  const seen = readMetrics(text);
  const asked = campaign.requests(NEW_MODEL).length;
  const counted = await campaign.ask<number>('SELECT sum(tokens)::int FROM reembed.batch');
  t.like(seen, {
    reembed_rows_embedded_total: 119,
    reembed_rows_stored_total: 119,
    reembed_rows_refused_total: 1,
    reembed_provider_requests_total: asked,
    reembed_provider_overloaded_total: 1,
    reembed_tokens_total: counted,
    reembed_phase: 2,
    reembed_rows_planned: 120,
    reembed_workers: 1,
    reembed_paused: 0,
    reembed_database_up: 1,
  });
  t.is(seen.reembed_spend_usd_total?.toFixed(6), (counted / 100_000).toFixed(6));
  t.is(seen.reembed_provider_request_seconds_count, asked - (seen.reembed_provider_failures_total ?? 0));
  t.true((seen.reembed_throttle_share ?? 0) > 0 && (seen.reembed_throttle_share ?? 0) <= 1);
  t.true((seen.reembed_provider_retries_total ?? 0) >= 2, 'after the 429, and the division');
  for (const [, labels = ''] of text.matchAll(/^reembed_\w+\{(.*)\} /gm))
    for (const [, name] of labels.matchAll(/(\w+)=/g)) t.true(['target', 'model', 'le'].includes(name ?? ''), labels);
  for (const secret of [KEY, 'poisonous', 'Example', new URL(stage.provider.url).host, new URL(role.url).password, role.name])
    t.false(text.includes(secret), secret);

  if (!prometheus) t.log('without a Prometheus, because TEST_PROMETHEUS is not set');
  else {
    // One after the other, because it scrapes once a second.
    await until(async () => (await prometheus.query('sum(reembed_rows_stored_total)'))[''] === 119, 'the rows in Prometheus', 20);
    await until(async () => (await prometheus.query('reembed_failed_rows', 'model'))[NEW_MODEL] === 1, 'the failed row in Prometheus', 20);
    t.deepEqual(await prometheus.query('reembed_phase', 'target'), { [campaign.target]: 2 });
    t.true((await prometheus.alerts()).includes('ReembedBackfillStalled'));
  }

  stage.provider.script = async () => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return undefined;
  };
  await stage.db.pool.query("UPDATE metered SET content = 'changed' WHERE id = 3");
  await until(() => campaign.requests().some(({ input }) => input.includes('changed')), 'the changed row at the provider');
  worker.process.kill('SIGTERM');
  await until(async () => (await worker.ask('readyz')).text === 'not ready: stopping\n', 'no longer ready while it stops', 5);
  t.is(await exitOf(worker.process), 0, worker.talk.text);
  const { rows } = await stage.db.pool.query<{ requests: number; overloaded: number; seconds: number }>(
    `SELECT sum(answered + overloaded + failed)::int AS requests, sum(overloaded)::int AS overloaded, max(slowest_seconds) AS seconds
       FROM reembed.provider_minute WHERE model = $1`,
    [NEW_MODEL],
  );
  t.like(rows[0], { requests: campaign.requests(NEW_MODEL).length, overloaded: 1 }, 'what reembed ui shows of all workers');
  t.true((rows[0]?.seconds ?? 0) >= 3);
  t.notRegex(worker.talk.text, /could not be read|permission denied/);
});

onServer('while the database is away a worker exports what it counted, is not ready, and recovers', async (t) => {
  await startCampaign(stage, 'cut_off', { rows: 60 });
  const link = await openLink(stage.db.url);
  t.teardown(() => link.cut());
  const worker = await startWorker({ DATABASE_URL: link.url });
  t.teardown(() => worker.process.kill('SIGKILL'));
  await until(async () => {
    const { reembed_rows_left, reembed_rows_stored_total } = await worker.metrics();
    return reembed_rows_left === 0 && reembed_rows_stored_total === 60;
  }, 'the end of the backfill in the metrics');
  link.cut();
  await until(async () => (await worker.metrics()).reembed_database_up === 0, 'a database that is away');
  const away = await worker.metrics();
  t.is(away.reembed_rows_stored_total, 60);
  t.is(away.reembed_phase, undefined, 'a figure that may no longer be true');
  await until(async () => (await worker.ask('readyz')).status === 503, 'not ready');
  t.is((await worker.ask('livez')).status, 200);
  await link.fix();
  await until(async () => (await worker.ask('readyz')).status === 200, 'ready again');
  await until(async () => (await worker.metrics()).reembed_database_up === 1, 'the database again');
  t.is(await stop(worker.process), 0, worker.talk.text);
  t.is([...worker.talk.text.matchAll(/the state of the database could not be read/g)].length, 1, 'reported once');
});

onServer('a state that others lock is given up soon, read once for all scrapers, and no reason to call the database away', async (t) => {
  const said: string[] = [];
  const state = createStateReader(stage.db.url, undefined, (line) => said.push(line));
  t.teardown(state.close);
  const client = await stage.db.pool.connect();
  try {
    await client.query('BEGIN; LOCK TABLE reembed.campaign IN ACCESS EXCLUSIVE MODE');
    const startedAt = performance.now();
    const readings = await Promise.all([state.read(), state.read(), state.read()]);
    t.deepEqual(readings, Array(3).fill({ targets: undefined, isUp: true }));
    t.true(performance.now() - startedAt < 4000);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  t.is(said.length, 1);
  t.regex(said[0] ?? '', /lock timeout/);
});

test.serial('an address that a worker cannot serve is refused before it works', async (t) => {
  const listen = (address: string, ...more: string[]) => stage.workplace.run(['worker', '--drain', '--listen', address, ...more]);
  assertRefused(t, await listen('9464'), {
    code: 'usage',
    exit: 'usage',
    says: /an address and a port/,
    remedy: /--listen 127\.0\.0\.1:9464/,
  });
  const { port } = new URL(stage.provider.url);
  assertRefused(t, await listen(`127.0.0.1:${port}`), { code: 'cannot_listen', says: /another process listens/ });
});

test.serial('a batch is traced with its requests and its store, by names and numbers alone', async (t) => {
  const campaign = await startPoisonedCampaign('traced');
  exporter.reset();
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'traced', newColumn: 'embedding_v2' }), ['7 new']);
  const spans = exporter.getFinishedSpans();
  const named = (name: string) => spans.filter((span) => span.name === name);
  const batches = named('reembed.batch').filter(({ attributes }) => Number(attributes['reembed.rows']) > 0);
  t.is(
    batches.reduce((sum, { attributes }) => sum + Number(attributes['reembed.rows']), 0),
    119,
  );
  for (const batch of batches) {
    t.like(batch.attributes, { 'reembed.target': campaign.target, 'reembed.model': NEW_MODEL, 'reembed.campaign': campaign.name });
    const parts = spans.filter((span) => span.parentSpanContext?.spanId === batch.spanContext().spanId);
    t.true(parts.some(({ name }) => name === 'reembed.provider_request'));
    t.is(parts.filter(({ name }) => name === 'reembed.store').length, 1);
  }
  const requests = named('reembed.provider_request');
  t.is(requests.length, campaign.requests(NEW_MODEL).length);
  const failed = requests.filter(({ attributes }) => attributes['error.type'] !== undefined);
  t.true(
    failed.some(({ attributes }) => attributes['error.type'] === 'provider_unavailable'),
    'the 429',
  );
  t.true(
    failed.some(({ attributes }) => attributes['error.type'] === 'input_refused'),
    'the refused text',
  );
  const told = JSON.stringify(spans.map((span: ReadableSpan) => [span.name, span.attributes, span.events, span.status, span.links]));
  for (const secret of [KEY, 'poisonous', 'Example', stage.provider.url]) t.false(told.includes(secret), secret);
});

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Queryable } from '../src/database/connection.ts';
import { type EmbedOptions, embedTexts } from '../src/embedding/embed-texts.ts';
import { loadModel } from '../src/embedding/models.ts';
import { createProvider, type Provider } from '../src/embedding/provider.ts';
import { accessTo } from './harness/access.ts';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { NEW_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const OPTIONS: EmbedOptions = { limits: { inputs: 5, tokens: 1000 }, tokensPerCharacter: 0.2, patienceSeconds: 10 };

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

/** A connection of another worker: it knows nothing of what this process asked before. */
function createWorker(): { db: Queryable; asked: () => number; answers: { askedAt: number; at: number }[] } {
  let asked = 0;
  const answers: { askedAt: number; at: number }[] = [];
  const query = async (...args: unknown[]) => {
    const askedAt = Date.now();
    const isQuota = String(args[0]).includes('take_quota');
    if (isQuota) asked += 1;
    const answer = await (stage.db.pool.query as (...args: unknown[]) => unknown).apply(stage.db.pool, args);
    if (isQuota) answers.push({ askedAt, at: Date.now() });
    return answer;
  };
  return { db: { query } as unknown as Queryable, asked: () => asked, answers };
}

/**
 * When a worker had the answer to the last question that it asked soon after a moment. It asks every half second; on a busy machine
 * the question and its answer are late, and whatever is sent before the answer is sent rightly.
 */
function knownSoonAfter(at: number, answers: { askedAt: number; at: number }[]): number {
  return answers.filter(({ askedAt }) => askedAt < at + 1500).at(-1)?.at ?? 0;
}

async function open(): Promise<Provider> {
  const model = await loadModel(stage.db.pool, NEW_MODEL);
  return createProvider(model, accessTo(stage.provider.url), { timeoutSeconds: 5, mostInFlight: 16 });
}

const itemsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ text: `text number ${i}` }));
const times = () => stage.provider.requests.filter((request) => !isProbe(request)).map(({ at }) => at);

test.serial('where there is no quota the database is asked twice a second, not for each request', async (t) => {
  await startCampaign(stage, 'free', { rows: 1 });
  const { db, asked } = createWorker();
  const startedAt = Date.now();
  const { requests } = await embedTexts(db, await open(), itemsOf(1000), OPTIONS);
  t.is(requests, 200);
  // Those that begin together ask together.
  t.true(asked() <= 16 * (1 + (Date.now() - startedAt) / 500), `asked ${asked()} times`);
});

test.serial('a quota that is set while requests go on holds within half a second', async (t) => {
  const campaign = await startCampaign(stage, 'limited', { rows: 1 });
  stage.provider.script = async () => {
    await sleep(20);
    return undefined;
  };
  const { db, answers } = createWorker();
  const ending = new AbortController();
  const running = embedTexts(db, await open(), itemsOf(20_000), { ...OPTIONS, stopping: ending.signal });
  await until(() => times().length > 5, 'some requests');
  await stage.db.pool.query('UPDATE reembed.setting SET requests_per_minute = 60 WHERE target = $1', [campaign.target]);
  const limitedAt = Date.now();
  await sleep(4000);
  ending.abort();
  t.false((await running).complete);
  // The bucket holds ten seconds' worth, here ten requests; then it fills by one a second.
  const later = times().filter((at) => at > knownSoonAfter(limitedAt, answers) + 200).length;
  t.true(later <= 10 + 4, `${later} requests`);
});

test.serial('a hold by another worker is kept within half a second, and by this one at once', async (t) => {
  await startCampaign(stage, 'held_by_another', { rows: 1 });
  stage.provider.script = async () => {
    await sleep(20);
    return undefined;
  };
  const { db, answers } = createWorker();
  const ending = new AbortController();
  const running = embedTexts(db, await open(), itemsOf(20_000), { ...OPTIONS, stopping: ending.signal });
  await until(() => times().length > 5, 'some requests');
  await stage.db.pool.query('SELECT reembed.hold_provider($1, 3, $2)', [NEW_MODEL, 'a test']);
  const heldAt = Date.now();
  await until(() => times().filter((at) => at > heldAt + 3000).length > 5, 'more requests after the hold');
  const during = times().filter((at) => at > knownSoonAfter(heldAt, answers) + 200 && at < heldAt + 2900);
  t.deepEqual(
    during.map((at) => at - heldAt),
    [],
  );

  let refusedAt = 0;
  stage.provider.script = () => {
    if (refusedAt > 0) return undefined;
    refusedAt = Date.now();
    return { status: 429, headers: { 'retry-after': '2' } };
  };
  await sleep(1500);
  // Those under way at that moment have still been sent.
  t.is(times().filter((at) => at > refusedAt + 200).length, 0);
  ending.abort();
  await running;
});

test.serial('a provider that accepts few requests at a time is found out, and costs no row and no batch an attempt', async (t) => {
  const campaign = await startCampaign(stage, 'overloaded', { rows: 400 });
  let underWay = 0;
  let refused = 0;
  stage.provider.script = async (request) => {
    if (isProbe(request)) return undefined;
    if (underWay >= 3) {
      refused += 1;
      return { status: 429, headers: { 'retry-after-ms': '100' } };
    }
    underWay += 1;
    await sleep(20);
    underWay -= 1;
    return undefined;
  };
  const result = await stage.workplace.run(['worker', '--drain'], { EMBED_REQUEST_INPUTS: '4' });
  t.is(result.code, 0, result.stderr);
  t.true(refused > 0);
  t.true(refused < 20, `${refused} requests refused`);
  t.is(await campaign.failures(), 0);
  t.is(await campaign.ask('SELECT max(attempts) FROM reembed.batch WHERE campaign = $1', [campaign.name]), 1);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'overloaded', newColumn: 'embedding_v2' }), []);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('time that a worker spends waiting for the row of the quota is not refilled a second time', async (t) => {
    const campaign = await startCampaign(stage, 'quota_row', { rows: 1 });
    const { pool } = stage.db;
    await pool.query('UPDATE reembed.setting SET requests_per_minute = 600 WHERE target = $1', [campaign.target]);
    const take = async (db: Queryable) => {
      const { rows } = await db.query<{ wait: number }>('SELECT reembed.take_quota($1, 1) AS wait', [NEW_MODEL]);
      return rows[0]?.wait === 0;
    };
    await take(pool);
    const first = await pool.connect();
    try {
      await first.query('BEGIN');
      await first.query('UPDATE reembed.provider_quota SET requests = 0, refilled_at = clock_timestamp() WHERE model = $1', [NEW_MODEL]);
      const startedAt = performance.now();
      const second = take(pool);
      await sleep(2000);
      let granted = Number(await take(first));
      await first.query('COMMIT');
      granted += Number(await second);
      while (await take(pool)) granted += 1;
      // Ten requests a second, and the second call may have begun a moment before the row was locked.
      const due = ((performance.now() - startedAt) / 1000) * 10;
      t.true(granted <= due + 1, `${granted} requests granted where ${due.toFixed(1)} were due`);
      t.true(granted >= 19, `${granted} requests granted where ${due.toFixed(1)} were due`);
    } finally {
      first.release(true);
    }
  });
}

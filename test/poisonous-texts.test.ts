import test from 'ava';
import { type Campaign, isProbe, removeCampaigns, startCampaign } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { POISON_KINDS, type PoisonKind } from './harness/poison-kinds.ts';
import type { ScriptedAnswer, SeenRequest } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const isBad = (text: string) => text.startsWith('poison');
const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], { EMBED_PATIENCE_SECONDS: '20', ...env });

/** Answers requests of the new model with a bad text among them in a bad way. */
function poison({ answer }: Pick<PoisonKind, 'answer'>) {
  stage.provider.script = ({ input, model }) => (model === NEW_MODEL && input.some(isBad) ? answer(input, isBad) : undefined);
}

/** How often the bad texts and the others were sent to the new model. */
function mostSent(requests: SeenRequest[]): { bad: number; others: number } {
  const counts = new Map<string, number>();
  for (const text of requests.flatMap(({ input }) => input)) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = (wanted: boolean) => Math.max(0, ...[...counts].filter(([text]) => isBad(text) === wanted).map(([, count]) => count));
  return { bad: most(true), others: most(false) };
}

async function parked(campaign: Campaign): Promise<{ id: string; class: string; words: string | null }[]> {
  const { rows } = await stage.db.pool.query(
    "SELECT key ->> 'id' AS id, class, words FROM reembed.failed_row WHERE target = $1 ORDER BY (key ->> 'id')::int",
    [campaign.target],
  );
  return rows;
}

const table = (name: string) => name.replace(/\W/g, '_').toLowerCase();

for (const kind of POISON_KINDS) {
  for (const where of ['backfill', 'changed rows'] as const) {
    test.serial(`${kind.name}, ${where}: two texts that always fail are parked by name, and everyone else is embedded`, async (t) => {
      t.timeout(120_000);
      const name = table(`p_${kind.name}_${where}`);
      const env = kind.name === 'time-out' ? { EMBED_TIMEOUT_SECONDS: '1' } : {};
      const spoil = () => stage.db.pool.query(`UPDATE ${name} SET content = 'poison ' || content WHERE id IN (7, 41)`);
      const campaign = await startCampaign(stage, name, {
        rows: 60,
        request: { batchRows: 1000 },
        fill: async () => (where === 'backfill' ? spoil() : undefined),
      });
      if (where === 'changed rows') {
        t.is((await drain()).code, 0);
        stage.provider.requests.length = 0;
        await stage.db.pool.query(`UPDATE ${name} SET content = 'changed ' || content WHERE id BETWEEN 5 AND 20`);
        await spoil();
      }
      poison(kind);
      const result = await drain(env);
      t.is(result.code, 0, result.stderr);
      const rows = await parked(campaign);
      t.deepEqual(
        rows.map(({ id, class: found }) => [id, found]),
        [
          ['7', kind.class],
          ['41', kind.class],
        ],
      );
      if (kind.words) for (const { words } of rows) t.regex(words ?? '', kind.words);
      t.deepEqual(await wrongRows(stage.db.pool, { table: name, newColumn: 'embedding_v2' }), ['41 new', '7 new']);
      const { bad, others } = mostSent(campaign.requests());
      t.true(bad <= 6, `a bad text was sent ${bad} times`);
      t.true(others <= 5, `another text was sent ${others} times`);
      t.regex(
        await campaign.ask("SELECT string_agg(reason, ' ') FROM reembed.health WHERE target = $1", [campaign.target]),
        new RegExp(`2 rows failed with ${kind.class}, the first with key \\{"id": 7\\}; \\w`),
      );
      const up = await stage.workplace.run(['migrate', 'up']);
      t.is(up.code, 3, up.stderr);
      t.regex(up.stderr, /2 rows could not be embedded/);
      t.is((await stage.workplace.run(['setting', 'max_failed_rows=2'])).code, 0);
      t.is(await campaign.ask('SELECT count(*)::int FROM reembed.index_gate($1)', [campaign.name]), 0);
    });
  }
}

test.serial('one text in 200 that always fails costs no other row its vector, however requests are packed', async (t) => {
  const campaign = await startCampaign(stage, 'one_in_200', {
    rows: 200,
    request: { batchRows: 1000 },
    fill: () => stage.db.pool.query("UPDATE one_in_200 SET content = 'poison ' || content WHERE id = 100"),
  });
  poison({ answer: () => ({ status: 500 }) });
  const result = await drain();
  t.is(result.code, 0, result.stderr);
  t.deepEqual(
    (await parked(campaign)).map(({ id }) => id),
    ['100'],
  );
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'one_in_200', newColumn: 'embedding_v2' }), ['100 new']);
  const { bad, others } = mostSent(campaign.requests());
  t.true(bad <= 6 && others <= 5, `${bad} and ${others} times`);
});

test.serial('a bad text that is the only change of a fresh worker is parked, and does not hold up later ones', async (t) => {
  const campaign = await startCampaign(stage, 'lone', { rows: 20 });
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE lone SET content = 'poison alone' WHERE id = 3");
  stage.provider.requests.length = 0;
  poison({ answer: () => ({ status: 500 }) });
  const result = await drain();
  t.is(result.code, 0, result.stderr);
  t.deepEqual(
    (await parked(campaign)).map(({ id, class: found }) => [id, found]),
    [['3', 'server_error']],
  );
  t.true(mostSent(campaign.requests()).bad <= 6);
});

test.serial('a text on which only the old model fails after the switch is parked for that model alone', async (t) => {
  const campaign = await startCampaign(stage, 'old_fails', { rows: 60 });
  await stage.bring(campaign.name, 'switch');
  await stage.db.pool.query(`UPDATE old_fails SET content = 'changed ' || content WHERE id BETWEEN 5 AND 20;
    UPDATE old_fails SET content = 'poison ' || content WHERE id = 7`);
  stage.provider.requests.length = 0;
  stage.provider.script = ({ input, model }) => (model === OLD_MODEL && input.some(isBad) ? { status: 500 } : undefined);
  const result = await drain();
  t.is(result.code, 0, result.stderr);
  const { rows } = await stage.db.pool.query("SELECT key ->> 'id' AS id, model, class FROM reembed.failed_row WHERE target = $1", [
    campaign.target,
  ]);
  t.deepEqual(rows, [{ id: '7', model: OLD_MODEL, class: 'server_error' }]);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'old_fails', oldColumn: 'embedding', newColumn: 'embedding_v2' }), ['7 old']);
  t.true(mostSent(campaign.requests(OLD_MODEL)).bad <= 6);
});

test.serial('a request that is larger than the limit of a minute is sent as smaller ones', async (t) => {
  const campaign = await startCampaign(stage, 'per_minute', { rows: 120, request: { batchRows: 1000 } });
  stage.provider.script = ({ input }) =>
    input.length > 20
      ? {
          status: 429,
          body: { error: { message: `Rate limit: Limit 4,000, Used 0, Requested ${input.length},000.`, code: 'rate_limit_exceeded' } },
        }
      : undefined;
  const startedAt = Date.now();
  const result = await drain();
  t.is(result.code, 0, result.stderr);
  t.true(Date.now() - startedAt < 15_000);
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'per_minute', newColumn: 'embedding_v2' }), []);
});

for (const [name, answer, code] of [
  ['500', { status: 500 }, 'provider_unavailable'],
  ['cut connection', { cut: true }, 'provider_unavailable'],
  ['200 with an error', { status: 200, body: { error: { message: 'no' } } }, 'provider_unavailable'],
  ['403', { status: 403 }, 'provider_login'],
  ['wrong dimensions', { vectors: [[1, 2]] }, 'wrong_dimensions'],
] as [string, ScriptedAnswer, string][]) {
  test.serial(`${name} for every text is an outage: no row is parked, and the work is done when it is over`, async (t) => {
    const outage = table(`outage_${name}`);
    const campaign = await startCampaign(stage, outage, { rows: 160 });
    let answered = 0;
    stage.provider.script = (request) => {
      if (isProbe(request) || answered++ < 2) return undefined;
      return answer && 'vectors' in answer ? { vectors: request.input.map(() => [1, 2]) } : answer;
    };
    const result = await drain({ EMBED_PATIENCE_SECONDS: '2', EMBED_REQUEST_INPUTS: '10' });
    t.is(result.code, 1);
    t.regex(result.stderr, new RegExp(code));
    t.is(await campaign.failures(), 0);
    stage.provider.script = () => undefined;
    t.is((await drain()).code, 0);
    t.deepEqual(await wrongRows(stage.db.pool, { table: outage, newColumn: 'embedding_v2' }), []);
  });
}

test.serial('when too many rows fail in ten minutes, parking stops and the campaign pauses with class and first keys', async (t) => {
  const campaign = await startCampaign(stage, 'emptied', {
    rows: 200,
    fill: () => stage.db.pool.query("UPDATE emptied SET content = 'poison ' || content WHERE id % 4 = 0"),
  });
  poison({ answer: () => ({ status: 500 }) });
  const result = await drain();
  t.is(result.code, 1, result.stderr);
  t.is(await campaign.failures(), 20);
  t.is(await campaign.ask('SELECT paused_by FROM reembed.setting WHERE target = $1', [campaign.target]), 'breaker');
  t.regex(
    await campaign.ask('SELECT paused_reason FROM reembed.setting WHERE target = $1', [campaign.target]),
    /^20 rows failed in a short time with server_error, the first \{"id": \d+\}, \{"id": \d+\}, \{"id": \d+\}/,
  );
  // A worker that starts does not end this pause.
  t.is((await drain()).code, 1);

  // What failed before and fails again is not counted.
  await stage.db.pool.query('UPDATE reembed.setting SET paused = false WHERE target = $1', [campaign.target]);
  stage.provider.script = ({ input, model }) =>
    model !== OLD_MODEL && input.some((text) => isBad(text) && !text.endsWith('0')) ? { status: 500 } : undefined;
  await stage.workplace.run(['retry']);
  const again = await drain();
  t.regex(again.stderr + again.stdout, /paused|embedded|done/i);
  t.true((await campaign.failures()) <= 40);

  stage.provider.script = () => undefined;
  await stage.db.pool.query('UPDATE reembed.setting SET paused = false WHERE target = $1', [campaign.target]);
  await stage.workplace.run(['retry']);
  t.is((await drain()).code, 0);
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'emptied', newColumn: 'embedding_v2' }), []);
});

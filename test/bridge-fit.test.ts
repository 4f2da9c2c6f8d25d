import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { drawPairs } from '../src/bridge/draw-pairs.ts';
import { multiplyPlainly } from '../src/bridge/multiply.ts';
import { asOnlyFit } from '../src/bridge/only-fit.ts';
import { loadCampaign } from '../src/validation/campaign.ts';
import { removeCampaigns, startCampaign } from './harness/campaign.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf } from './harness/documents.ts';
import { randomRotation } from './harness/made-up-space.ts';
import { type SeenRequest, vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

// The embedded database has one session.
const onServer = process.env.TEST_DATABASE_URL ? test : { serial: test.serial.skip };

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const ROTATION = randomRotation(OLD_DIMENSIONS, NEW_DIMENSIONS, 1);

/** The new model as a rotation of the old one. */
function rotationOf(text: string): Float32Array {
  return multiplyPlainly({ rows: 1, columns: OLD_DIMENSIONS, values: vectorOf(OLD_MODEL, text, OLD_DIMENSIONS) }, ROTATION).values;
}

/** A campaign whose writes do not rest beside searches, of which there are none. */
async function begin(table: string, rows: number, storage: 'column' | 'side-table' = 'column') {
  const campaign = await startCampaign(stage, table, { rows, request: { storage, batchRows: 500 } });
  await stage.db.pool.query('UPDATE reembed.setting SET max_read_slowdown = NULL');
  return campaign;
}

const answerWith = (vector: (text: string) => Float32Array) => {
  stage.provider.script = ({ model, input }: SeenRequest) => (model === NEW_MODEL ? { vectors: input.map(vector) } : undefined);
};
const fitBridge = (...options: string[]) => stage.workplace.run(['bridge', 'fit', '--json', '--seed', '1', ...options]);
const maps = async () => (await stage.db.pool.query('SELECT campaign FROM reembed.bridge')).rowCount;

for (const storage of ['column', 'side-table'] as const) {
  test.serial(
    `a fit embeds a sample that the backfill does not embed again, and its map lasts as long as the old space: ${storage}`,
    async (t) => {
      const campaign = await begin(`sampled_${storage.slice(0, 4)}`, 500, storage);
      answerWith(rotationOf);
      const first = await fitBridge('--rows', '200');
      t.is(first.code, 0, first.stderr);
      const result = JSON.parse(first.stdout);
      t.like(result, { campaign: campaign.name, retention: 1, fitted_rows: 200, held_out_rows: 30, embedded_rows: 200, is_stored: true });
      t.true(result.retention_low > 0.85);
      t.is(await campaign.ask('SELECT octet_length(query_map) FROM reembed.bridge'), OLD_DIMENSIONS * NEW_DIMENSIONS * 4);

      // Again with the rows that are there; no request is sent.
      const before = campaign.requests().length;
      const again = await fitBridge('--rows', '200');
      t.is(again.code, 0, again.stderr);
      t.regex(again.stderr, /replaces the map that was fitted before/);
      t.is(JSON.parse(again.stdout).embedded_rows, 0);
      t.is(campaign.requests().length, before);
      const dry = await fitBridge('--rows', '200', '--dry-run');
      t.like(JSON.parse(dry.stdout), { is_stored: false, retention: 1 });
      const shown = await stage.workplace.run(['bridge', 'show']);
      t.regex(shown.stdout, /retention {2}1\.000 \[0\.\d+, 1\.000\] of 30 held-out rows/);

      await stage.work();
      const sent = campaign.requests().flatMap(({ input }) => input);
      t.is(sent.length, new Set(sent).size);
      t.is(sent.length, 500);

      await stage.bring(campaign.name, 'switch');
      t.is(await maps(), 1);
      await stage.bring(campaign.name, 'contract');
      t.is(await maps(), 0);
      await stage.bring(campaign.name, 'backfill');
      t.is(JSON.parse((await fitBridge('--rows', '200')).stdout).retention, 1);
      await stage.bring(campaign.name, 'none');
      t.is(await maps(), 0);
    },
  );
}

test.serial('a map that finds no more than chance is refused with its figures, and the one before stays', async (t) => {
  await begin('noise', 400);
  answerWith((text) => vectorOf(`noise of ${text}`, text, NEW_DIMENSIONS));
  const refused = await fitBridge('--rows', '400');
  t.is(refused.code, 4);
  t.regex(
    refused.stderr,
    /the map finds \d+ of 60 held-out rows that the new model finds, and chance alone would find 1\.5 \[bridge_is_noise\]/,
  );
  t.is(await maps(), 0);
  const missing = await stage.workplace.run(['bridge', 'show']);
  t.is(missing.code, 1);
  t.regex(missing.stderr, /bridge_missing/);
});

test.serial('a weak new model is refused where judged queries show it, unless the old model cannot be asked', async (t) => {
  await begin('judged', 400);
  const folder = mkdtempSync(join(tmpdir(), 'reembed-bridge-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [queries, judgements] = [join(folder, 'queries.jsonl'), join(folder, 'qrels.tsv')];
  const ids = Array.from({ length: 60 }, (_, i) => 6 * i + 1);
  writeFileSync(queries, ids.map((id) => JSON.stringify({ id: `q${id}`, text: textOf(id) })).join('\n'));
  writeFileSync(judgements, ids.map((id) => `q${id}\t${id}\t1`).join('\n'));
  // The signs of six components are all that it says, so many rows have the same vector.
  answerWith((text) => rotationOf(text).map((value, i) => (i < 6 ? Math.sign(value) : 0.1)));
  const judged = ['--rows', '400', '--queries', queries, '--judgements', judgements];
  const refused = await fitBridge(...judged);
  t.is(refused.code, 4, refused.stdout);
  t.regex(refused.stderr, /on 60 judged queries the bridge has nDCG@10 0\.\d+, the old model 1\.000: .* \[bridge_worse_than_old\]/);
  t.is(await maps(), 0);

  const weak = stage.provider.script;
  stage.provider.script = (request, count) => (request.model === OLD_MODEL ? { status: 404 } : weak(request, count));
  const alone = await fitBridge(...judged);
  t.is(alone.code, 0, alone.stderr);
  t.regex(alone.stderr, /not compared with the old model, which cannot be called/);
  t.like(JSON.parse(alone.stdout), { judged_queries: 60, judged_old: null, judged_difference: null });
  t.is(await maps(), 1);
});

test.serial('rows that changed since they were embedded are left out, and so are those without an old vector', async (t) => {
  const campaign = await begin('changed', 150);
  await stage.work();
  await stage.db.pool.query(
    "UPDATE changed SET content = 'changed ' || id WHERE id <= 20; UPDATE changed SET embedding = NULL WHERE id > 140",
  );
  const drawn = await drawPairs(stage.db.pool, await loadCampaign(stage.db.pool, { campaign: campaign.name }), 1000, 1);
  t.is(drawn.old.vectors.rows, 120);
  t.deepEqual([drawn.old.vectors.columns, drawn.renewed.vectors.columns], [OLD_DIMENSIONS, NEW_DIMENSIONS]);
});

test.serial('a fit respects the pause and the spend cap, and says what it needs', async (t) => {
  await begin('capped', 300);
  await stage.db.pool.query('UPDATE reembed.setting SET paused = true');
  const paused = await fitBridge('--rows', '200');
  t.is(paused.code, 1);
  t.regex(paused.stderr, /\[paused\]/);
  await stage.db.pool.query('UPDATE reembed.setting SET paused = false, max_tokens = 10');
  const capped = await fitBridge('--rows', '200');
  t.is(capped.code, 1);
  t.regex(capped.stderr, /\[spend_cap\]/);
  await stage.db.pool.query('UPDATE reembed.setting SET paused = false, max_tokens = NULL');
  t.is((await fitBridge('--rows', '50')).code, 2);
  const half = await stage.workplace.run(['bridge', 'fit', '--judgements', 'qrels.tsv']);
  t.is(half.code, 2);

  await begin('few', 60);
  const few = await fitBridge('--target', 'few');
  t.is(few.code, 1);
  t.regex(few.stderr, /60 rows with a vector of both models .* a map needs 100 \[too_few_pairs\]/);
});

onServer.serial('a second fit at once is refused before it pays for a sample, and the first holds up no VACUUM', async (t) => {
  const campaign = await begin('twice', 150);
  const held = await asOnlyFit(stage.database, campaign.name, async () => {
    const { code, stderr } = await fitBridge('--rows', '150');
    t.is(code, 1);
    t.regex(stderr, /\[bridge_fit_running\]/);
    t.is(campaign.requests().length, 0);
    return (
      await stage.db.pool.query(
        "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE application_name = 'pg-reembed bridge fit' AND datname = current_database()",
      )
    ).rows;
  });
  t.deepEqual(held, [{ backend_xmin: null, backend_xid: null }]);
  t.is(await asOnlyFit(stage.database, campaign.name, async () => 'the next one'), 'the next one');
});

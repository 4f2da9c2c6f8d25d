import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../src/config.ts';
import { searchBridgeItems } from '../src/watch/bridge-items.ts';
import { createWorkContext } from '../src/worker/context.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

// A rotation of two spaces that are the same: the old vectors, with zeros behind, are the new ones.
const ROWS = 300;
const QUERIES = 100;
const padded = (text: string) => Float32Array.from({ length: NEW_DIMENSIONS }, (_, i) => vectorOf(OLD_MODEL, text, OLD_DIMENSIONS)[i] ?? 0);
const identity = Array.from({ length: OLD_DIMENSIONS }, (_, row) =>
  Array.from({ length: NEW_DIMENSIONS }, (_, column) => (row === column ? 1 : 0)),
);
// Takes every query to nearly the same place, as a map that was fitted to noise.
const useless = identity.map((row, i) => row.map((_, column) => (i === 0 ? 1 : (column % 3) / 100)));

let stage: Stage;
let campaign: string;
let oldModelAnswers = true;
let judged: string[];

test.before(async () => {
  stage = await createStage();
  stage.provider.script = ({ model, input }) => {
    if (model === OLD_MODEL && !oldModelAnswers) return { status: 404, body: { error: { message: 'deprecated' } } };
    return model === NEW_MODEL ? { vectors: input.map(padded) } : undefined;
  };
  await createDocuments(stage.db.pool, ROWS);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'backfill');
  const file = (name: string, lines: string[]) => {
    const path = join(stage.workplace.directory, name);
    writeFileSync(path, lines.join('\n'));
    return path;
  };
  const rows = Array.from({ length: QUERIES }, (_, i) => i + 1);
  judged = [
    '--queries',
    file(
      'queries.jsonl',
      rows.map((row) => JSON.stringify({ id: `q${row}`, text: textOf(row) })),
    ),
    '--judgements',
    file(
      'qrels.tsv',
      rows.map((row) => `q${row}\t${row}\t1`),
    ),
  ];
});
test.after.always(() => stage.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);

/** Stores a map as `bridge fit` does. */
async function storeMap(map: number[][]): Promise<void> {
  const bytes = Buffer.from(Float32Array.from(map.flat()).buffer);
  await sql('DELETE FROM reembed.bridge WHERE campaign = $1', [campaign]);
  await sql(
    `INSERT INTO reembed.bridge (campaign, method, query_map, old_dimensions, new_dimensions, mapped_slope, mapped_intercept, fitted_rows, held_out_rows, retention, retention_low, retention_high)
     VALUES ($1, 'procrustes', $2, $3, $4, 1, 0, 100, 20, 1, 0.9, 1)`,
    [campaign, bytes, OLD_DIMENSIONS, NEW_DIMENSIONS],
  );
}

async function gate(): Promise<string[]> {
  return (await sql('SELECT code FROM reembed.bridge_gate($1)', [campaign])).rows.map(({ code }) => code);
}

async function validate(t: ExecutionContext, args: string[], code: number) {
  const result = await stage.workplace.run(['validate', '--bridge', ...args]);
  t.is(result.code, code, result.stderr + result.stdout);
  return result;
}

test.serial('without a map there is nothing to serve, and nothing to validate', async (t) => {
  t.deepEqual(await gate(), ['bridge_not_fitted']);
  t.regex((await validate(t, judged, 1)).stderr, /there is no bridge for/);
});

test.serial('a bridge serves only after it was compared with the old model', async (t) => {
  await storeMap(identity);
  t.deepEqual(await gate(), ['bridge_not_validated']);
  const { stdout } = await validate(t, judged, 0);
  t.regex(stdout, /PASS/);
  t.deepEqual(await gate(), []);
  const { rows } = await sql(
    'SELECT judged_queries, ndcg_old, ndcg_bridge, ndcg_new, embedded_rows::integer FROM reembed.bridge_validation',
  );
  t.deepEqual(rows, [{ judged_queries: QUERIES, ndcg_old: 1, ndcg_bridge: 1, ndcg_new: null, embedded_rows: 0 }]);
});

test.serial('the new model is measured over the rows that have its vector', async (t) => {
  await stage.workHalf();
  const { stdout } = await validate(t, [...judged, '--json'], 0);
  const { ndcg_new, embedded_rows, verdict } = JSON.parse(stdout);
  t.is(verdict, 'pass');
  t.is(ndcg_new, 1);
  t.true(embedded_rows > 0);
});

test.serial('another map is another bridge, and one that is worse than the old model is refused with the figures', async (t) => {
  await storeMap(identity);
  await validate(t, judged, 0);
  await storeMap(useless);
  t.deepEqual(await gate(), ['bridge_not_validated']);
  const { stdout, stderr } = await validate(t, judged, 4);
  t.regex(stdout, /FAIL/);
  t.regex(stderr, /nDCG of 100 judged queries is 0\.\d+ with the bridge and 1\.0000 with old-model/);
  t.deepEqual(await gate(), ['bridge_worse']);
});

test.serial('a bridge cannot be accepted while the old model can be called', async (t) => {
  await t.throwsAsync(sql("SELECT reembed.accept($1, 'bridge-unmeasured', 'no time')", [campaign]), {
    code: 'RE004',
    message: /cannot be accepted/,
  });
  await validate(t, [...judged, '--accept', 'bridge-unmeasured', '--reason', 'no time'], 4);
});

test.serial('unsure evidence is no pass', async (t) => {
  await storeMap(identity);
  await validate(t, ['--sample', '3', '--seed', '7', ...judged], 5);
  t.deepEqual(await gate(), ['bridge_undecided']);
});

test.serial('where the old model is gone, a person accepts the bridge by name, for this map alone', async (t) => {
  oldModelAnswers = false;
  await storeMap(identity);
  await sql('UPDATE reembed.setting SET old_model_gone = true');
  const { stderr, stdout } = await validate(t, judged, 5);
  t.regex(stderr, /--accept bridge-unmeasured --reason "why"/);
  t.regex(stdout, /old model +- +cannot be called/);
  t.deepEqual(await gate(), ['bridge_unmeasured']);
  await validate(t, [...judged, '--accept', 'bridge-unmeasured', '--reason', 'retired by the provider'], 0);
  t.deepEqual(await gate(), []);
  await storeMap(identity);
  t.deepEqual(await gate(), ['bridge_unmeasured']);
  await sql("SELECT reembed.accept($1, 'bridge-unmeasured', 'the same map again')", [campaign]);
  t.deepEqual(await gate(), []);
});

test.serial('queries made of rows are the default, also of rows without a new vector', async (t) => {
  const { stdout } = await validate(t, ['--json'], 5);
  t.is(JSON.parse(stdout).query_source, 'generated');
  t.true(JSON.parse(stdout).judged_queries > QUERIES);
});

test.serial('the watch searches for known items through the bridge, and an alert tells when it finds fewer', async (t) => {
  const watched = () =>
    searchBridgeItems(
      createWorkContext(
        stage.database,
        readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url }),
        () => {},
      ),
      'public.documents.embedding',
    );
  await sql('UPDATE reembed.setting SET known_items = 25');
  await watched();
  const { rows } = await sql(
    'SELECT count(*)::integer AS searched, count(*) FILTER (WHERE found)::integer AS found FROM reembed.bridge_known_item',
  );
  t.is(rows[0].searched, 25);
  t.is(rows[0].found, 25);
  const check = async () => (await sql(`SELECT is_bad FROM reembed.check_bridge('public.documents.embedding')`)).rows[0].is_bad;
  t.is(await check(), null);
  await watched();
  t.is(await check(), false);
  // The map is damaged without another fit, so the known items of before count.
  await sql('UPDATE reembed.bridge SET query_map = $1', [Buffer.from(Float32Array.from(useless.flat()).buffer)]);
  await watched();
  t.is(await check(), true);
});

test.serial('the bridge ends with the switch', async (t) => {
  await sql('UPDATE reembed.setting SET old_model_gone = false');
  await stage.bring(campaign, 'switch');
  t.deepEqual(await gate(), ['new_model_live']);
  t.is((await sql(`SELECT is_bad FROM reembed.check_bridge('public.documents.embedding')`)).rows[0].is_bad, false);
});

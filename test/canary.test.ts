import test from 'ava';
import fc from 'fast-check';
import { keyHash } from '../src/index.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 100);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const setCanary = (percent: number) => sql('UPDATE reembed.setting SET canary_percent = $1', [percent]);

/** Numbers of those of the keys user 1, user 2 and so on that read the new model. */
async function canaryKeys(keys: number): Promise<Set<number>> {
  const { rows } = await sql(
    `SELECT k FROM generate_series(1, $1::integer) AS k, reembed.reads_for('documents', 'user ' || k) AS r WHERE r.is_canary AND r.name = '${NEW_MODEL}'`,
    [keys],
  );
  return new Set(rows.map(({ k }) => k));
}

test.serial('a canary is refused until the index exists and a validation passed, and ending a canary is never refused', async (t) => {
  await stage.bring(campaign, 'expand');
  await t.throwsAsync(setCanary(5), { code: 'RE001', message: /the gate to canary is closed: .*the index is not built/ });
  await stage.bring(campaign, 'index');
  await t.throwsAsync(setCanary(5), { code: 'RE001', message: /have not been compared/ });
  await setCanary(0);
  await stage.pass(campaign);
  await setCanary(5);
  await sql('INSERT INTO documents (content) VALUES ($1)', ['a row that waits for its vector']);
  await sql("UPDATE reembed.change_public_documents_embedding_fded1d SET changed_at = now() - interval '1 minute'");
  await t.throwsAsync(setCanary(6), { code: 'RE001', message: /1 row changed and waits for its/ });
  await setCanary(4);
  await setCanary(0);
  await stage.work();
  const { rows } = await sql("SELECT from_value, to_value FROM reembed.event WHERE kind = 'canary_percent' ORDER BY id");
  t.deepEqual(
    rows.map(({ from_value, to_value }) => `${from_value} ${to_value}`),
    ['0 5', '5 4', '4 0'],
  );
});

test.serial('an invalid percentage is refused', async (t) => {
  for (const percent of [-1, 100.5]) await t.throwsAsync(setCanary(percent), { message: /canary_percent_is_a_percentage/ });
  for (const steps of ['{}', '{0,5}', '{5,101}']) {
    await t.throwsAsync(sql('UPDATE reembed.setting SET canary_steps = $1', [steps]), { message: /canary_steps_are_percentages/ });
  }
});

test.serial('a canary of 10 % is 10 % of 10,000 keys, give or take 1, and the same ones each time', async (t) => {
  await setCanary(10);
  const keys = await canaryKeys(10_000);
  t.log(`${keys.size} of 10,000 keys`);
  t.true(keys.size >= 900 && keys.size <= 1100);
  t.deepEqual(await canaryKeys(2000), new Set([...keys].filter((key) => key <= 2000)));
});

test.serial('a canary that grows keeps the readers it has', async (t) => {
  let before = new Set<number>();
  for (const percent of [0, 1, 5, 25, 50, 100]) {
    await setCanary(percent);
    const keys = await canaryKeys(1000);
    t.true(Math.abs(keys.size / 1000 - percent / 100) < 0.04, `${percent} % is ${keys.size} of 1,000`);
    t.true([...before].every((key) => keys.has(key)));
    before = keys;
  }
  t.is(before.size, 1000);
});

test.serial('the formula of the documentation gives the number that the database gives, for any key', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (key) => {
      fc.pre(!key.includes('\0') && key.isWellFormed());
      const { rows } = await sql('SELECT reembed.key_hash($1, $2) AS hash', [NEW_MODEL, key]);
      t.is(Number(rows[0].hash), keyHash(NEW_MODEL, key));
    }),
    { numRuns: 100 },
  );
});

test.serial('a reader without a key is never in the canary, and a reader in the canary gets the view of the new model', async (t) => {
  await setCanary(100);
  const { rows: without } = await sql("SELECT name, view, is_canary FROM reembed.reads_for('documents')");
  t.deepEqual(without, [{ name: OLD_MODEL, view: 'public.documents_live', is_canary: false }]);
  const { rows } = await sql("SELECT name, role, dimensions, view, is_canary FROM reembed.reads_for('documents', 'anybody')");
  t.deepEqual(rows, [{ name: NEW_MODEL, role: 'new', dimensions: 24, view: 'public.documents_new_model', is_canary: true }]);
});

test.serial('when the new index is no longer usable every reader gets the live view', async (t) => {
  await setCanary(100);
  await sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'documents_embedding_v2_idx'::regclass");
  const { rows } = await sql("SELECT name, is_canary FROM reembed.reads_for('documents', 'anybody')");
  await sql("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'documents_embedding_v2_idx'::regclass");
  t.deepEqual(rows, [{ name: OLD_MODEL, is_canary: false }]);
});

test.serial('a switch ends the canary, and while the new model is read there is none', async (t) => {
  await setCanary(100);
  await stage.bring(campaign, 'switch');
  const { rows } = await sql('SELECT canary_percent::float AS percent FROM reembed.setting');
  t.is(rows[0].percent, 0);
  await t.throwsAsync(setCanary(5), { code: 'RE004', message: /reads new-model for all readers/ });
  await stage.bring(campaign, 'index');
  await setCanary(5);
  await sql('UPDATE reembed.setting SET shadow_percent = 5');
  await stage.bring(campaign, 'backfill');
  const { rows: after } = await sql('SELECT canary_percent::float + shadow_percent::float AS percent FROM reembed.setting');
  t.is(after[0].percent, 0, 'the index is gone');
});

test.serial('contract resets the settings that apply to one campaign only', async (t) => {
  await stage.bring(campaign, 'switch');
  await sql(
    "UPDATE reembed.setting SET shadow_percent = 5, min_shadow_overlap = 0, auto_revert = true, canary_steps = '{5}', max_latency_ratio = 50",
  );
  await t.throwsAsync(stage.bring(campaign, 'contract'), { message: /shadow reads still query old-model/ });
  await sql('UPDATE reembed.setting SET shadow_percent = 0');
  await stage.bring(campaign, 'contract');
  const { rows } = await sql(
    'SELECT shadow_percent::float AS percent, min_shadow_overlap, auto_revert, canary_steps, max_latency_ratio::float AS ratio FROM reembed.setting',
  );
  t.deepEqual(rows, [{ percent: 0, min_shadow_overlap: null, auto_revert: false, canary_steps: null, ratio: 3 }]);
  const { rows: reads } = await sql("SELECT name, view, is_canary FROM reembed.reads_for('documents', 'anybody')");
  t.deepEqual(reads, [{ name: NEW_MODEL, view: 'public.documents_live', is_canary: false }]);
});

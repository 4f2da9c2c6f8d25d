import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { createFilledCampaign, openWithSchema } from './harness/validation.ts';
import { createVerdicts, judged } from './harness/verdicts.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 20);
});
test.after.always(() => database?.close());

const { forget, runOf, withSetting } = createVerdicts(() => database.pool);
test.beforeEach(forget);

test.serial('the gate judges anew when a threshold is changed', async (t) => {
  await readyToSwitch();
  await runOf();
  t.deepEqual(await conditions(), []);
  await withSetting('min_overlap=0.9', async () =>
    t.regex((await conditions()).join(), /^validation_failed: the last validation failed: overlap@10 of 200 queries is 0\.5000/),
  );
  t.deepEqual(await conditions(), []);
});

test.serial('an unsure verdict opens the gate once a person accepts it, until there are other doubts or a fail', async (t) => {
  const { pool } = database;
  await readyToSwitch();
  const accept = () => pool.query("SELECT reembed.accept('move_documents', 'unsure', 'the old model ends on Monday') AS evidence");
  const refused = async () => (await t.throwsAsync<Error & { code: string }>(accept()))?.code;
  t.is(await refused(), 'RE004', 'nothing was validated');
  await runOf();
  t.is(await refused(), 'RE004', 'it passed');
  await forget();

  await runOf({}, { validation_query: judged({ more: { grade: null, ndcg_before: null, ndcg_after: null } }) });
  t.regex((await conditions()).join(), /^unsure: the last validation is unsure: no query was judged/);
  t.deepEqual((await accept()).rows[0].evidence, { doubts: ['no_judgements'] });
  t.deepEqual(await conditions(), []);
  const trail = await pool.query("SELECT to_value, reason FROM reembed.event WHERE kind = 'acceptance'");
  t.deepEqual(trail.rows, [{ to_value: 'unsure', reason: 'the old model ends on Monday' }]);

  await runOf({}, { validation_query: judged({ queries: 20, recall: 0.9 }) });
  t.regex((await conditions()).join(), /^unsure/, 'other doubts than those that were accepted');
  await accept();
  t.deepEqual(await conditions(), []);
  await runOf({}, { validation_query: judged({ mean: -0.4, first: 500 }) });
  t.regex((await conditions()).join(), /^validation_failed/);
  t.is(await refused(), 'RE004', 'a fail cannot be accepted');
  await pool.query('DELETE FROM reembed.acceptance');
});

test.serial('while an accepted unsure verdict carries the switch, a warning is open that holds up nothing', async (t) => {
  const { pool } = database;
  await readyToSwitch();
  await runOf({}, { validation_query: judged({ more: { grade: null, ndcg_before: null, ndcg_after: null } }) });
  await pool.query("SELECT reembed.accept('move_documents', 'unsure', 'a test')");
  const alert = async () =>
    (await pool.query("SELECT severity, is_bad, message, details FROM reembed.check_verdict('public.documents.embedding')")).rows;
  t.like((await alert())[0], { is_bad: false });
  await pool.query(
    "SELECT set_config('session_replication_role', 'replica', false); UPDATE reembed.campaign SET phase = 'switch'; UPDATE reembed.setting SET read_model = 'new-model'; SELECT set_config('session_replication_role', 'origin', false)",
  );
  t.deepEqual(await alert(), [
    {
      severity: 'warning',
      is_bad: true,
      message: 'new-model is live although its validation is unsure (no_judgements)',
      details: { doubts: ['no_judgements'] },
    },
  ]);
  await pool.query("SELECT reembed.open_alert('public.documents.embedding', 'unsure_verdict', 'warning', 'new-model', 'a message', '{}')");
  t.deepEqual((await pool.query("SELECT * FROM reembed.alert_gate('move_documents', 'contract')")).rows, []);
  await runOf({ started_at: new Date() });
  t.like((await alert())[0], { is_bad: false });
});

/** Brings the campaign to where only a validation is missing. */
async function readyToSwitch(): Promise<void> {
  await database.pool.query("UPDATE reembed.campaign SET phase = 'index'");
  await database.pool.query(
    'CREATE INDEX IF NOT EXISTS documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops)',
  );
}

async function conditions(): Promise<string[]> {
  const { rows } = await database.pool.query<{ code: string; condition: string }>(
    "SELECT code, condition FROM reembed.switch_gate('move_documents')",
  );
  return rows.map(({ code, condition }) => `${code}: ${condition}`);
}

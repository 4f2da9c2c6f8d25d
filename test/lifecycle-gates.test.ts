import test from 'ava';
import type { PhaseName } from '../src/database/migration-file.ts';
import { openConditions } from '../src/phases/advance.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  campaign = await stage.createUsual();
  await stage.up();
});
test.after.always(() => stage.close());

/** What `up` would say before that phase: condition and remedy, one line each. */
async function closedBy(phase: PhaseName): Promise<string[]> {
  const conditions = await openConditions(stage.db.pool, { name: '', path: '', sha256: '', campaign, phase });
  return conditions.map(({ condition, remedy }) => `${condition} | ${remedy}`);
}

const sql = (text: string) => stage.db.pool.query(text);

test.serial('up stops before the index with exit code 3 while batches are pending, and says what opens the gate', async (t) => {
  const { code, stdout, stderr } = await stage.workplace.run(['migrate', 'up', '--json']);
  t.is(code, 3);
  const { ran, waiting } = JSON.parse(stdout);
  t.deepEqual(ran, []);
  t.is(waiting[0].file, `${campaign}.3_index`);
  t.regex(waiting[0].conditions[0].condition, /^\d+ of \d+ (batch is|batches (is|are)) still to be embedded$/);
  t.is(waiting[0].conditions[0].remedy, 'npm run worker');
  t.regex(stderr, /\[gate_closed\] - npm run worker/);
});

test.serial('the index waits for rows that changed a while ago and have no new vector yet', async (t) => {
  await stage.work();
  t.deepEqual(await closedBy('index'), []);
  await sql("UPDATE documents SET content = 'changed' WHERE id IN (4, 5)");
  await sql("UPDATE reembed.change_public_documents_embedding_fded1d SET changed_at = changed_at - interval '1 minute'");
  t.deepEqual(await closedBy('index'), ['2 rows changed and wait for their new vector | npm run worker']);
  await stage.work();
  t.deepEqual(await closedBy('index'), []);
});

test.serial('the index waits for failed rows beyond those that are allowed', async (t) => {
  await sql(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) VALUES ('public.documents.embedding', '{"id": 1}', 'new-model', 'input_refused', 'too long')`,
  );
  const [line] = await closedBy('index');
  t.regex(line ?? '', /^1 row could not be embedded, 0 are allowed \| .*npm run retry.*max_failed_rows=1/);
  await sql('UPDATE reembed.setting SET max_failed_rows = 1');
  t.deepEqual(await closedBy('index'), []);
  await sql('UPDATE reembed.setting SET max_failed_rows = 0; DELETE FROM reembed.failed_row');
});

test.serial('the gate searches the table itself: rows written past the triggers keep it closed, however often it is asked', async (t) => {
  await sql('ALTER TABLE documents DISABLE TRIGGER USER');
  await sql("INSERT INTO documents (content) VALUES ('nobody noted this row')");
  await sql('ALTER TABLE documents ENABLE TRIGGER USER');
  for (const name of ['insert', 'update'])
    await sql(`ALTER TABLE documents ENABLE ALWAYS TRIGGER zz_reembed_${name}_public_documents_embedding_fded1d`);
  t.deepEqual(await closedBy('index'), ['1 row still lacks a new vector | npm run worker']);
  t.deepEqual(await closedBy('index'), ['1 row changed and waits for its new vector | npm run worker']);
  await stage.work();
  t.deepEqual(await closedBy('index'), []);
});

test.serial('the switch waits for a validation', async (t) => {
  await stage.up();
  t.deepEqual(await closedBy('switch'), ['old and new results have not been compared | npm run validate']);
  const { code, stderr } = await stage.workplace.run(['migrate', 'up']);
  t.is(code, 3);
  t.regex(stderr, /the gate to switch is closed/);
});

test.serial('the switch refuses a validation that failed and says why', async (t) => {
  await stage.pass(campaign);
  await sql('UPDATE reembed.validation_query SET ndcg_after = 0.5');
  t.regex(
    (await closedBy('switch'))[0] ?? '',
    /^the last validation failed: nDCG@10 of 200 queries judged by people went from 1.0000 to 0.5000.* \| npm run validate/,
  );
});

test.serial('the switch refuses a validation older than the backfill', async (t) => {
  await stage.pass(campaign);
  t.deepEqual(await closedBy('switch'), []);
  await sql('UPDATE reembed.batch SET finished_at = clock_timestamp() WHERE id = 1');
  t.deepEqual(await closedBy('switch'), ['the last validation is older than the backfill | npm run validate']);
});

test.serial('the switch refuses a validation that ran without the index', async (t) => {
  await stage.pass(campaign);
  await sql('UPDATE reembed.validation SET index_recall = NULL');
  t.deepEqual(await closedBy('switch'), ['the last validation ran before the index was built | npm run validate']);
  await stage.pass(campaign);
});

test.serial('the switch refuses while the index is INVALID, by file and by SQL', async (t) => {
  const setValid = (valid: boolean) =>
    sql(`UPDATE pg_index SET indisvalid = ${valid} WHERE indexrelid = 'documents_embedding_v2_idx'::regclass`);
  await setValid(false);
  t.deepEqual(await closedBy('switch'), [
    'index documents_embedding_v2_idx is missing or INVALID | npm run migrate down, then npm run migrate up',
  ]);
  await t.throwsAsync(sql("SELECT reembed.switch_to('documents', 'new-model')"), { code: 'RE001', message: /INVALID/ });
  await setValid(true);
  t.deepEqual(await closedBy('switch'), []);
});

test.serial('an INVALID index that a failed build left is found, dropped and built again', async (t) => {
  await stage.down();
  await sql('CREATE INDEX documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops)');
  await sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'documents_embedding_v2_idx'::regclass");
  const { rows: before } = await sql("SELECT 'documents_embedding_v2_idx'::regclass::oid AS oid");
  const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1']);
  t.is(code, 0, stderr);
  t.regex(stderr, /documents_embedding_v2_idx was left INVALID by an earlier build/);
  const { rows } = await sql(
    "SELECT indexrelid AS oid, indisvalid FROM pg_index WHERE indexrelid = 'documents_embedding_v2_idx'::regclass",
  );
  t.true(rows[0]?.indisvalid);
  t.not(rows[0]?.oid, before[0]?.oid);
});

test.serial('the index is not taken away while the live view reads the new model', async (t) => {
  await stage.pass(campaign);
  await sql("SELECT reembed.switch_to('documents', 'new-model')");
  const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
  t.is(code, 3);
  t.regex(
    stderr,
    /the live view reads the new model, new-model .* select reembed\.switch_to\('public\.documents\.embedding', 'old-model'\)/,
  );
  await sql("SELECT reembed.switch_to('documents', 'old-model')");
});

test.serial('contract waits for the soak time and says until when', async (t) => {
  await stage.up();
  const [line] = await closedBy('contract');
  t.regex(line ?? '', /^the new model has been live for [\d.]+ s of the soak time of 7 days \| wait until \d{4}-\d\d-\d\d .*soak/);
  const { code, stderr } = await stage.workplace.run(['migrate', 'up']);
  t.is(code, 3);
  t.regex(stderr, /the gate to contract is closed/);
  await sql("UPDATE reembed.campaign SET switched_at = now() - interval '8 days'");
  t.deepEqual(await closedBy('contract'), []);
});

test.serial('contract lists everything of the user that depends on the old column or on the view of the old model', async (t) => {
  await sql('CREATE VIEW by_length AS SELECT id, vector_norm(embedding) AS length FROM documents');
  await sql('CREATE MATERIALIZED VIEW kept AS SELECT id, embedding FROM documents');
  await sql('CREATE INDEX documents_waiting_idx ON documents (id) WHERE embedding IS NULL');
  await sql('CREATE VIEW through_ours AS SELECT id FROM documents_old_model');
  t.deepEqual(await closedBy('contract'), [
    'index public.documents_waiting_idx uses the old column embedding | drop it; if it is still needed, create it again after contract',
    ...['materialized view public.kept', 'view public.by_length', 'view public.through_ours'].map(
      (view) =>
        `${view} uses the old column embedding | create it again to read documents_live (DROP VIEW first: the type of its vectors changes), or drop it`,
    ),
  ]);
  await sql('DROP VIEW by_length, through_ours; DROP MATERIALIZED VIEW kept; DROP INDEX documents_waiting_idx');
  t.deepEqual(await closedBy('contract'), []);
});

test.serial('contract waits while the old index is still scanned', async (t) => {
  const client = await stage.db.pool.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off');
  const { rows } = await client.query(
    `EXPLAIN SELECT id FROM documents ORDER BY embedding <=> (SELECT embedding FROM documents LIMIT 1) LIMIT 3`,
  );
  t.regex(JSON.stringify(rows), /documents_embedding_idx/);
  await client.query('SELECT id FROM documents ORDER BY embedding <=> (SELECT embedding FROM documents LIMIT 1) LIMIT 3');
  await client.query('COMMIT; SELECT pg_stat_force_next_flush()');
  await client.query('SELECT 1');
  client.release();
  const [line] = await closedBy('contract');
  t.regex(line ?? '', /^the old index documents_embedding_idx was scanned at .* \| find the client that still searches embedding/);
});

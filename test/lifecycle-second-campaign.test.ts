import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { compareCatalogs, dumpCatalog } from './harness/catalog.ts';
import { createDocuments, createOptions, NEW_MODEL, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const THIRD_MODEL = 'third-model';
const DIMENSIONS: Record<string, number> = { [OLD_MODEL]: 16, [NEW_MODEL]: 24, [THIRD_MODEL]: 12 };

let stage: Stage;
let first: string;
let second: string;

test.before(async () => {
  stage = await createStage({ [THIRD_MODEL]: 12 });
  await createDocuments(stage.db.pool, 300);
  first = await stage.createUsual();
  await stage.bring(first, 'contract');
});
test.after.always(() => stage.close());

/** The model the live view reads, after a search that had to find row 7 with it. */
async function liveModel(table = 'documents'): Promise<string | undefined> {
  const active = await stage.db.pool.query<{ model: string }>('SELECT reembed.active_model($1) AS model', [table]);
  const model = active.rows[0]?.model ?? '';
  const { rows } = await stage.db.pool.query<{ id: string; embedding_model: string }>(
    `SELECT id::text, embedding_model FROM ${table}_live ORDER BY embedding <=> $1 LIMIT 1`,
    [vectorText(vectorOf(model, textOf(7), DIMENSIONS[model] ?? 0))],
  );
  return rows[0]?.id === '7' ? rows[0].embedding_model : undefined;
}

/** Deletes the files of a campaign, as one does who has given it up. */
function removeFiles(campaign: string): void {
  const directory = join(stage.workplace.directory, 'migrations');
  for (const file of readdirSync(directory)) if (file.startsWith(campaign)) rmSync(join(directory, file));
}

/** Rows of documents whose vector in that column is not the third model's of their text. */
async function wrongThird(column: string): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ id: string; content: string; vector: string | null }>(
    `SELECT id::text, content, ${column}::text AS vector FROM documents ORDER BY id`,
  );
  const right = (content: string, vector: string | null) =>
    Float32Array.from(JSON.parse(vector ?? '[]') as number[]).join() === vectorOf(THIRD_MODEL, content, 12).join();
  return rows.filter(({ content, vector }) => !right(content, vector)).map(({ id }) => id);
}

test.serial('a second campaign needs neither the old model nor the names again', async (t) => {
  second = await stage.create(createOptions('documents', THIRD_MODEL, 12));
  await stage.bring(second, 'expand');
  const { rows } = await stage.db.pool.query(
    `SELECT m.from_model, m.to_model, v.column_name AS from_column, v.version_column AS from_version_column
       FROM reembed.campaign AS m JOIN reembed.vector_column AS v ON v.campaign = m.name AND v.role = 'old' WHERE m.name = $1`,
    [second],
  );
  t.deepEqual(rows, [
    { from_model: NEW_MODEL, to_model: THIRD_MODEL, from_column: 'embedding', from_version_column: 'embedding_model_version' },
  ]);
  t.is(await liveModel(), NEW_MODEL);
});

test.serial('a running campaign keeps another one from being created on the column', async (t) => {
  const { code, stderr } = await stage.workplace.run(['migrate', 'create', ...createOptions('documents', 'x', 8)]);
  t.is(code, 1);
  t.regex(stderr, /campaign_running/);
});

for (const phase of ['backfill', 'index', 'switch', 'contract'] as const) {
  test.serial(`${phase} of a second campaign goes forward, back and forward again`, async (t) => {
    const previous = ({ backfill: 'expand', index: 'backfill', switch: 'index', contract: 'switch' } as const)[phase];
    const { pool } = stage.db;
    const before = await dumpCatalog(pool);
    await stage.bring(second, phase);
    const after = await dumpCatalog(pool);
    const model = phase === 'switch' || phase === 'contract' ? THIRD_MODEL : NEW_MODEL;
    t.is(await liveModel(), model);
    await stage.bring(second, previous);
    t.deepEqual(compareCatalogs(before, await dumpCatalog(pool)), []);
    t.is(await liveModel(), phase === 'contract' ? THIRD_MODEL : NEW_MODEL);
    t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
    await stage.bring(second, phase);
    t.deepEqual(compareCatalogs(after, await dumpCatalog(pool)), []);
  });
}

test.serial('both versions of the rows are right after writes in the second campaign, forward and back', async (t) => {
  const { pool } = stage.db;
  await stage.bring(second, 'switch');
  await pool.query(
    "UPDATE documents SET content = 'another ' || content WHERE id BETWEEN 20 AND 40; INSERT INTO documents (content) VALUES ('a late row')",
  );
  await stage.work();
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
  t.deepEqual(await wrongThird('embedding_v2'), []);
  await stage.bring(second, 'contract');
  t.deepEqual(await wrongThird('embedding'), []);
  const versions = await pool.query('SELECT DISTINCT embedding_model_version AS model FROM documents');
  t.deepEqual(versions.rows, [{ model: THIRD_MODEL }]);
});

test.serial('down from the end of a second campaign brings back the first one, vectors, versions and text', async (t) => {
  const { pool } = stage.db;
  await stage.bring(second, 'index');
  await pool.query(`UPDATE reembed.setting SET min_overlap = 0, auto_revert = true, min_shadow_overlap = 0, min_known_items = 0, max_shadow_errors = NULL,
    max_latency_ratio = NULL, canary_steps = '{100}'`);
  await stage.bring(second, 'none');
  t.deepEqual((await pool.query("SELECT name, role, view FROM reembed.reads_for('documents', 'any reader')")).rows, [
    { name: NEW_MODEL, role: 'new', view: 'public.documents_live' },
  ]);
  t.is(await liveModel(), NEW_MODEL);
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
  const versions = await pool.query('SELECT DISTINCT embedding_model_version AS model FROM documents');
  t.deepEqual(versions.rows, [{ model: NEW_MODEL }]);
  await pool.query("UPDATE documents SET content = 'written between the campaigns' WHERE id = 3");
  await stage.work();
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
});

for (const storage of ['column', 'side-table'] as const) {
  test.serial(
    `what waits for the model that is read waits on when a second campaign begins, and when it is taken back: ${storage}`,
    async (t) => {
      const { pool } = stage.db;
      await pool.query("UPDATE documents SET content = 'before the second, ' || content WHERE id = 11");
      const another = await stage.draft({ table: 'documents', from: NEW_MODEL, to: THIRD_MODEL, dimensions: 12, storage });
      await stage.bring(another, 'expand');
      await stage.work();
      t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
      await pool.query("UPDATE documents SET content = 'before the way back, ' || content WHERE id = 12");
      // The other model was served already.
      await pool.query('UPDATE reembed.change_public_documents_embedding_fded1d SET needs_new = false');
      await stage.bring(another, 'none');
      await stage.work();
      t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
      t.is((await pool.query('SELECT FROM reembed.change')).rowCount, 0);
      removeFiles(another);
    },
  );
}

test.serial('a second campaign may embed another text, and going back brings the first text back', async (t) => {
  const { pool } = stage.db;
  removeFiles(second);
  await pool.query("ALTER TABLE documents ADD COLUMN title text NOT NULL DEFAULT 'title'");
  const other = await stage.create([
    '--table',
    'documents',
    '--text',
    'title,content',
    '--to',
    'third-model',
    '--dimensions',
    '12',
    '--to-name',
    'titled',
  ]);
  await stage.bring(other, 'backfill');
  const allowed = await pool.query(
    'SELECT min_overlap IS NULL AND min_known_items > 0 AND max_shadow_errors > 0 AND max_latency_ratio > 0 AND NOT auto_revert AND num_nulls(min_shadow_overlap, canary_steps) = 2 AS anew FROM reembed.setting',
  );
  t.deepEqual(allowed.rows, [{ anew: true }], 'what the campaign that was taken back was allowed, this one is not');
  await stage.work();
  await pool.query("UPDATE documents SET title = 'a new title' WHERE id = 5");
  const captured = await pool.query('SELECT key AS id, needs_new FROM reembed.change');
  t.deepEqual(captured.rows, [{ id: '5', needs_new: true }], 'the title is part of the text now');
  await stage.work();
  await stage.bring(other, 'none');
  await pool.query("UPDATE documents SET title = 'any title' WHERE id = 6");
  t.deepEqual((await pool.query('SELECT FROM reembed.change')).rowCount, 0, 'the title is no part of the text any more');
  await pool.query("UPDATE documents SET content = 'the content still is' WHERE id = 5");
  await stage.work();
  t.false((await wrongRows(pool, { newColumn: 'embedding' })).includes('5 new'));
  removeFiles(other);
});

test.serial('after purge the way back is closed, and nothing is changed by trying', async (t) => {
  const { pool } = stage.db;
  const refused = await stage.workplace.run(['purge']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /--yes/);
  const done = await stage.workplace.run(['purge', first, '--yes']);
  t.is(done.code, 0, done.stderr);
  const before = await dumpCatalog(pool);
  const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
  t.is(code, 3);
  t.regex(stderr, /were purged/);
  t.regex(stderr, /create a campaign with it as the new model/);
  t.deepEqual(compareCatalogs(before, await dumpCatalog(pool)), []);
  t.is((await stage.workplace.run(['purge', '--yes'])).code, 1);
});

test.serial('of two campaigns on two tables one waits at its gate and the other goes on', async (t) => {
  const { pool } = stage.db;
  for (const table of ['books', 'notes']) {
    await createDocuments(pool, 60, { table });
  }
  const books = await stage.createUsual('books');
  const notes = await stage.createUsual('notes');
  await stage.up();
  // Books comes first in order and stays behind: one of its batches is made to wait.
  await stage.work();
  await pool.query("UPDATE reembed.batch SET state = 'pending', finished_at = NULL WHERE campaign = $1 AND id = 1", [books]);
  const { ran, waiting } = await stage.up();
  t.deepEqual(
    ran.map(({ name }) => name),
    [`${notes}.3_index`],
  );
  t.deepEqual(
    waiting.map(({ file }) => file.name),
    [`${books}.3_index`, `${notes}.4_switch`],
  );
  t.is(waiting[1]?.conditions[0]?.condition, 'old and new results have not been compared');
  await stage.pass(notes);
  t.deepEqual(
    (await stage.up()).ran.map(({ name }) => name),
    [`${notes}.4_switch`],
  );
  t.is(await liveModel('notes'), NEW_MODEL);
  t.is(await liveModel('books'), OLD_MODEL);
});

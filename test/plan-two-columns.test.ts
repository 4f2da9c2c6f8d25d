import test from 'ava';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let second: string;
let first: string;

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await createDocuments(pool, 60);
  await pool.query(`ALTER TABLE documents ADD COLUMN title text, ADD COLUMN title_embedding vector(${OLD_DIMENSIONS})`);
  await pool.query('UPDATE documents SET title = content, title_embedding = embedding');
  const arguments_ = ['--table', 'documents', '--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS), '--from', 'old-model'];
  first = await stage.create([...arguments_, '--text', 'content']);
  second = await stage.create([...arguments_, '--text', 'title', '--column', 'title_embedding']);
});
test.after.always(() => stage.close());

test.serial('two columns of one table that are planned before either runs get views of their own', async (t) => {
  const { pool } = stage.db;
  const { waiting } = await stage.up();
  t.deepEqual(
    waiting.map(({ file }) => file.phase),
    ['index', 'index'],
  );
  const views = await pool.query('SELECT name, live_view FROM reembed.target ORDER BY name');
  t.deepEqual(views.rows, [
    { name: 'public.documents.embedding', live_view: 'documents_live' },
    { name: 'public.documents.title_embedding', live_view: 'documents_title_embedding_live' },
  ]);
});

test.serial('neither view shows a column of the other campaign, in any phase', async (t) => {
  const { pool } = stage.db;
  const columnsOf = async (view: string) => {
    const { rows } = await pool.query<{ name: string }>(
      'SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 ORDER BY 1',
      [view],
    );
    return rows.map(({ name }) => name);
  };
  const asExpected = async (moment: string) => {
    t.deepEqual(await columnsOf('documents_live'), ['content', 'embedding', 'embedding_model', 'id', 'title'], moment);
    t.deepEqual(
      await columnsOf('documents_title_embedding_live'),
      ['content', 'id', 'title', 'title_embedding', 'title_embedding_model'],
      moment,
    );
  };
  await stage.bring(first, 'backfill');
  await stage.bring(second, 'backfill');
  await asExpected('backfill');
  await stage.bring(first, 'switch');
  await asExpected('the first has switched');
  await stage.bring(first, 'contract');
  await asExpected('the first is finished');
  await stage.bring(second, 'contract');
  await asExpected('both are finished');
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding' }), []);
  t.deepEqual(await wrongRows(pool, { newColumn: 'title_embedding', text: 'title' }), []);
});

test.serial('both go back, independently of each other', async (t) => {
  await stage.bring(first, 'none');
  await stage.bring(second, 'none');
  const { rows } = await stage.db.pool.query(
    "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1",
  );
  t.deepEqual(
    rows.map(({ name }) => name),
    ['content', 'embedding', 'id', 'title', 'title_embedding'],
  );
});

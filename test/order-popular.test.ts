import test from 'ava';
import { readConfig } from '../src/config.ts';
import { runCatchUp } from '../src/worker/catch-up-job.ts';
import { createWorkContext } from '../src/worker/context.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  await stage.db.pool.query('ALTER TABLE documents ADD COLUMN views integer, ADD COLUMN label text');
  // The most popular rows are spread over the table.
  await stage.db.pool.query('UPDATE documents SET views = (id * 7) % 300');
});
test.after.always(() => stage.close());

test.serial('--order names a column that has an order', async (t) => {
  const draft = (order: string) => stage.draft({ table: 'documents', order });
  await t.throwsAsync(draft('popular'), { message: /names no order/ });
  await t.throwsAsync(draft('popular:clicks'), { message: /there is no such column/ });
  await t.throwsAsync(draft('popular:label'), { message: /neither numbers nor times/ });
});

test.serial('with --order popular:COLUMN the rows with the largest values get their vectors before the ledger is worked on', async (t) => {
  const { pool } = stage.db;
  const campaign = await stage.draft({ table: 'documents', order: 'popular:views' });
  await stage.bring(campaign, 'backfill');
  // The first 200 of them wait beside the changed rows already.
  t.deepEqual((await pool.query('SELECT count(*)::integer AS rows FROM reembed.wanted_row')).rows, [{ rows: 100 }]);
  const context = createWorkContext(
    stage.database,
    readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url }),
    () => {},
  );
  await runCatchUp(context, { target: 'public.documents.embedding' });
  const { rows } = await pool.query('SELECT count(*)::integer AS rows, min(views) AS least FROM documents WHERE embedding_v2 IS NOT NULL');
  t.deepEqual(rows, [{ rows: 200, least: 100 }]);

  await stage.work();
  t.deepEqual((await pool.query('SELECT count(*)::integer AS rows FROM documents WHERE embedding_v2 IS NULL')).rows, [{ rows: 0 }]);
  const texts = stage.provider.requests.flatMap(({ input }) => input.filter((text) => text.includes('number')));
  t.is(new Set(texts).size, texts.length, 'no text is paid twice');
});

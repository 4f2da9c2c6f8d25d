import test from 'ava';
import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage } from './harness/stage.ts';

test('the application writes to a table whose key has a fixed length, and its rows get their vectors', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  // Without its length, the type of this key is that of a single character.
  await pool.query(`CREATE TABLE documents (id char(8) PRIMARY KEY, content text, embedding vector(${OLD_DIMENSIONS}))`);
  const insert = (i: number) =>
    pool.query("INSERT INTO documents VALUES ('key ' || $1::integer, $2, $3)", [
      ...[i, textOf(i), vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS))],
    ]);
  for (let i = 1; i <= 30; i++) await insert(i);
  const campaign = await stage.draft({ table: 'documents' });
  await stage.bring(campaign, 'backfill');
  await t.notThrowsAsync(insert(31));
  await t.notThrowsAsync(pool.query("UPDATE documents SET content = 'harbor of the changed row' WHERE id IN ('key 3', 'key 30')"));
  await stage.work();
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'none');
});

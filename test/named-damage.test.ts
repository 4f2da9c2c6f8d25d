import test from 'ava';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

test('a rule ON UPDATE and a table that inherits, both added in mid-campaign, are named with the statement that removes them', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  const damage = async () =>
    (await pool.query<{ code: string; remedy: string }>('SELECT code, remedy FROM reembed.damage ORDER BY code')).rows;
  await createDocuments(pool, 20);
  const campaign = await stage.draft({ table: 'documents' });
  await stage.bring(campaign, 'backfill');
  await stage.work();
  t.deepEqual(await damage(), []);
  await pool.query(`CREATE TABLE log (id bigint); CREATE RULE "watch it" AS ON UPDATE TO documents DO ALSO INSERT INTO log VALUES (NEW.id);
    CREATE TABLE "child of it" () INHERITS (documents); UPDATE documents SET content = 'changed ' || id WHERE id < 4`);
  const found = await damage();
  t.deepEqual(
    found.map(({ code }) => code),
    ['heir', 'update_rule'],
  );
  for (const { remedy } of found) await pool.query(remedy);
  t.deepEqual(await damage(), []);
  await stage.work();
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

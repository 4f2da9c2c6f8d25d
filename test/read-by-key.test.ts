import test from 'ava';
import { inTransaction } from '../src/database/connection.ts';
import { readChanges } from '../src/worker/reader.ts';
import { loadTarget } from '../src/worker/target.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

for (const storage of ['column', 'side-table'] as const) {
  test(`a few of many changes are read without reading the whole table: ${storage}`, async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    const { pool } = stage.db;
    await createDocuments(pool, 5000, { index: false });
    await stage.bring(await stage.draft({ table: 'documents', storage }), 'backfill');
    await pool.query("UPDATE documents SET content = 'changed ' || content");
    await pool.query('ANALYZE');
    const target = await loadTarget(pool, 'public.documents.embedding');
    if (!target) throw new Error('there is no such target');
    const { changes, scans } = await inTransaction(pool, async (client) => {
      // Includes what earlier transactions of the session have not reported yet.
      const countScans = async () => {
        const { rows } = await client.query<{ scans: number }>(
          "SELECT seq_scan::integer AS scans FROM pg_stat_xact_user_tables WHERE relid = 'public.documents'::regclass",
        );
        return rows[0]?.scans ?? 0;
      };
      const before = await countScans();
      const changes = await readChanges(client, target, undefined, { after: '0', upTo: target.newestChange }, 50);
      return { changes, scans: (await countScans()) - before };
    });
    t.is(changes.length, 50);
    t.true(changes.every(({ state }) => state === 'there'));
    t.is(scans, 0);
  });
}

test('the old vectors are restored after contract without reading the whole table for each portion', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 3000, { index: false });
  const campaign = await stage.draft({ table: 'documents', storage: 'column' });
  await stage.bring(campaign, 'contract');
  await pool.query('VACUUM ANALYZE documents');
  const scans = async () =>
    (await pool.query<{ scans: number }>("SELECT seq_scan::integer AS scans FROM pg_stat_user_tables WHERE relid = 'documents'::regclass"))
      .rows[0]?.scans ?? 0;
  const before = await scans();
  await stage.bring(campaign, 'switch');
  t.deepEqual((await pool.query('SELECT FROM documents WHERE embedding IS NULL')).rows, []);
  // Two look for rows that lack a vector.
  t.true((await scans()) - before <= 3, `${(await scans()) - before} scans`);
});

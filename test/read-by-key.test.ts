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

import test from 'ava';
import { createSearchClient } from '../src/index.ts';
import type { BridgedRow } from '../src/reading/bridge.ts';
import { setBridgeGate, storeMap } from './harness/bridge.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, textOf } from './harness/documents.ts';
import { embedQuery } from './harness/search.ts';
import { createStage } from './harness/stage.ts';

const THIRD_MODEL = 'third-model';
const DIMENSIONS = 20;

interface Found extends BridgedRow {
  id: number;
  content: string;
}

test('where the old vectors are in a side table, rows without one are counted, and found as soon as the new index is there', async (t) => {
  const stage = await createStage({ [THIRD_MODEL]: DIMENSIONS });
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 120);
  await stage.bring(await stage.draft({ table: 'documents', storage: 'side-table' }), 'contract');
  const model = ['--to', THIRD_MODEL, '--dimensions', String(DIMENSIONS)];
  const campaign = await stage.create(['--table', 'documents', '--text', 'content', ...model, '--storage', 'side-table']);
  await stage.bring(campaign, 'backfill');
  await stage.work();
  const map = Float32Array.from({ length: NEW_DIMENSIONS * DIMENSIONS }, (_, i) => Math.sin(7 * i + 1));
  await storeMap(pool, campaign, map, [NEW_DIMENSIONS, DIMENSIONS]);
  await setBridgeGate(pool);
  await pool.query('DELETE FROM documents_new_model_vectors WHERE id = 7; DELETE FROM documents_third_model_vectors WHERE id % 2 = 0');
  await pool.query('ANALYZE');

  const client = createSearchClient(pool, { target: 'documents', embed: embedQuery, refreshSeconds: 0 });
  const search = async () => {
    const { result } = await client.searchBridged<Found[]>(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const { text, values } = statement({ columns: 'd.id::integer, d.content, d.embedding_model', limit: 120, candidates: 120 });
        return (await pool.query<Found>(text, values)).rows;
      },
    );
    return result;
  };
  t.false((await search()).some(({ id }) => id === 7));
  const validate = () => stage.workplace.run(['validate', '--bridge', '--sample', '20', '--fail-on', 'none']);
  t.regex((await validate()).stdout, /1 row without an old vector: not found over the bridge until the index on the new vectors is there/);

  const built = await stage.workplace.run(['bridge', 'index', '--campaign', campaign]);
  t.is(built.code, 0, built.stderr);
  const found = await search();
  t.is(found[0]?.id, 7, 'by the new index alone');
  t.is(found.length, 120);
  t.true(found.every(({ id, content }) => content === textOf(id)));
  t.true(
    found.every(({ id, has_new_vector }) => has_new_vector === (id % 2 === 1)),
    'the others as before',
  );
  t.notRegex((await validate()).stdout, /without an old vector/);
  t.is((await pool.query('SELECT FROM reembed.bridge_validation WHERE rows_lacking_old_vector = 1')).rowCount, 2, NEW_MODEL);
});

import test from 'ava';
import { adoptLeaves } from '../src/watch/adopt-leaves.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { createShelves, fillShelves, LEAVES, leafIndexes, sharingLeaves } from './harness/partitions.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

// Partitions come and go in mid-campaign, and the campaign goes to its end with those that are left.
const BOTH = { table: 'shelves', oldColumn: 'embedding', newColumn: 'embedding_v2' };

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createShelves(stage.db.pool, 400);
  campaign = await stage.draft({ table: 'shelves', batchRows: 50 });
  await stage.bring(campaign, 'switch');
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];

test.serial('a partition that is created or attached in mid-campaign gets vectors and an index', async (t) => {
  const { pool } = stage.db;
  await sql('CREATE TABLE shelves_5 PARTITION OF shelves FOR VALUES IN (5)');
  await fillShelves(pool, 'shelves', [{ shelf: 5, id: 9201 }]);
  await sql('CREATE TABLE shelves_6 (LIKE shelves INCLUDING ALL)');
  await fillShelves(
    pool,
    'shelves_6',
    Array.from({ length: 30 }, (_, i) => ({ shelf: 6, id: 9300 + i })),
  );
  await sql('ALTER TABLE shelves ATTACH PARTITION shelves_6 FOR VALUES IN (6)');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  await stage.work();
  t.deepEqual(await wrongRows(pool, BOTH), []);
  t.deepEqual(
    await leafIndexes(stage, 'embedding_v2'),
    [...LEAVES.slice(0, 4), 'shelves_5', 'shelves_6', 'shelves_rest'].map((leaf) => `${leaf}_embedding_v2_idx`),
  );
  t.is(await ask('SELECT count(*)::int FROM reembed.leaf WHERE swept_at IS NULL'), 0);
  t.is(await sharingLeaves(stage), LEAVES.length + 2);
});

test.serial('each new partition is adopted in a transaction of its own, and not in that of the watch', async (t) => {
  for (const shelf of [8, 9])
    await sql(`CREATE TABLE shelves_${shelf} (LIKE shelves INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
      ALTER TABLE shelves ATTACH PARTITION shelves_${shelf} FOR VALUES IN (${shelf})`);
  const built = async () => (await leafIndexes(stage, 'embedding_v2')).filter((name) => /^shelves_[89]_/.test(name)).length;
  await sql("SELECT reembed.watch('shelves')");
  t.is(await built(), 0);
  t.is(await ask("SELECT reembed.adopt_leaves('public.shelves.embedding')"), true);
  t.is(await built(), 1);
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  t.is(await built(), 2);
  await sql('DROP TABLE shelves_8, shelves_9');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
});

test.serial('a large new partition is named by the watch and gets its index from `migrate up`', async (t) => {
  await sql('CREATE TABLE shelves_7 (LIKE shelves INCLUDING DEFAULTS INCLUDING CONSTRAINTS)');
  await sql('INSERT INTO shelves_7 (shelf, id) SELECT 7, g FROM generate_series(20001, 45000) AS g');
  await sql('ALTER TABLE shelves ATTACH PARTITION shelves_7 FOR VALUES IN (7)');
  await sql("UPDATE reembed.setting SET alert_after = '0'");
  const watch = createWatch(stage);
  await watch.check(1);
  t.true((await watch.kinds()).includes('index'));
  await stage.up(0);
  await watch.check(1);
  t.false((await watch.kinds()).includes('index'));
  t.true((await leafIndexes(stage, 'embedding_v2')).includes('shelves_7_embedding_v2_idx'));
  await sql('ALTER TABLE shelves DETACH PARTITION shelves_7; DROP TABLE shelves_7; DELETE FROM reembed.alert');
});

test.serial('partitions may be detached and dropped in mid-campaign', async (t) => {
  await sql('ALTER TABLE shelves DETACH PARTITION shelves_5');
  await sql('DROP TABLE shelves_6');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await ask('SELECT count(*)::int FROM reembed.planned_index WHERE leaf IS NOT NULL'), 5);
  await sql("INSERT INTO shelves_5 (shelf, id, content) VALUES (5, 1, 'written after it was detached')");
});

test.serial('contract drops the old index with its column, and its rollback brings both back, as parts of one index', async (t) => {
  const before = await leafIndexes(stage, 'embedding');
  await stage.bring(campaign, 'contract');
  t.deepEqual(await leafIndexes(stage, 'embedding'), before);
  t.is(await ask("SELECT count(*)::int FROM pg_index WHERE indrelid = 'shelves'::regclass AND NOT indisprimary"), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);
  const query = vectorText(vectorOf(NEW_MODEL, textOf(21), NEW_DIMENSIONS));
  t.is((await sql('SELECT FROM reembed_live.nearest_shelves($1, 3)', [query])).rowCount, 3);
  await sql("UPDATE shelves SET content = 'changed after contract' WHERE id = 77");
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);

  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.deepEqual(await leafIndexes(stage, 'embedding'), before);
  t.true((await ask("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('shelves_embedding_idx')")) !== false);
  await stage.bring(campaign, 'contract');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);
});

test.serial('expand taken down leaves nothing behind', async (t) => {
  await sql('DROP TABLE shelves_5');
  await stage.bring(campaign, 'none');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', oldColumn: 'embedding' }), []);
  t.is(await ask("SELECT count(*)::int FROM pg_trigger WHERE tgname ~ 'reembed'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_class WHERE relname ~ '_v2'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname ~ 'public_shelves'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE proname ~ '^nearest_shelves'"), 0);
});

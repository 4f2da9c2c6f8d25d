import test from 'ava';
import { adoptLeaves } from '../src/watch/adopt-leaves.ts';
import { wrongRows } from './harness/documents.ts';
import { createShelves, fillShelves } from './harness/partitions.ts';
import { createStage, type Stage } from './harness/stage.ts';

const SIDE = 'shelves_new_model_vectors';
const BOTH = {
  table: 'shelves',
  oldColumn: 'embedding',
  newColumn: `(SELECT side.embedding FROM ${SIDE} AS side WHERE side.shelf = shelves.shelf AND side.id = shelves.id)`,
};

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createShelves(stage.db.pool, 200);
  campaign = await stage.draft({ table: 'shelves', storage: 'side-table', batchRows: 50 });
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];
const strays = () =>
  ask(`SELECT count(*)::int FROM ${SIDE} AS s WHERE NOT EXISTS (SELECT FROM shelves AS t WHERE t.shelf = s.shelf AND t.id = s.id)`);

test.serial('rows of all partitions have their vectors in one side table, with one index', async (t) => {
  await stage.bring(campaign, 'switch');
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await ask("SELECT count(*)::int FROM reembed.planned_index WHERE name IS NOT NULL AND name <> 'shelves_new_model_vectors_idx'"), 0);
  t.is(await ask('SELECT count(*)::int FROM shelves_live'), 200);
});

test.serial('a row that moves to another partition has its vectors under its new key, and none is left under the former one', async (t) => {
  await sql(
    "UPDATE shelves SET shelf = 1 WHERE shelf = 0 AND id <= 40; UPDATE shelves SET shelf = 2, content = 'moved' WHERE shelf = 3 AND id <= 20",
  );
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await strays(), 0);
});

test.serial('TRUNCATE of one partition empties its part of the side table only', async (t) => {
  const others = await ask('SELECT count(*)::int FROM shelves WHERE shelf <> 0');
  await sql('TRUNCATE shelves_0');
  await stage.work();
  t.is(await ask(`SELECT count(*)::int FROM ${SIDE}`), others);
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a partition that is attached in mid-campaign gets its TRUNCATE trigger from the watch', async (t) => {
  await stage.bring(campaign, 'switch');
  await sql('CREATE TABLE shelves_5 PARTITION OF shelves FOR VALUES IN (5)');
  t.is(await ask("SELECT count(*)::int FROM reembed.damage WHERE code = 'no_trigger'"), 1);
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  t.is(await ask('SELECT count(*)::int FROM reembed.damage'), 0);
  await fillShelves(stage.db.pool, 'shelves', [{ shelf: 5, id: 9001 }]);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  await sql('TRUNCATE shelves_5');
  await stage.work();
  t.is(await strays(), 0);
});

test.serial('vectors of a partition that was detached are removed from the side table', async (t) => {
  await stage.bring(campaign, 'switch');
  await sql('CREATE TABLE IF NOT EXISTS shelves_5 PARTITION OF shelves FOR VALUES IN (5)');
  await fillShelves(stage.db.pool, 'shelves', [{ shelf: 5, id: 9002 }]);
  await stage.work();
  await sql('ALTER TABLE shelves DETACH PARTITION shelves_5');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  await stage.work();
  t.is(await strays(), 0);
  t.is(await ask('SELECT count(*)::int FROM shelves_5'), 1);
});

test.serial('contract and its rollback, and all the way back', async (t) => {
  await stage.bring(campaign, 'contract');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: BOTH.newColumn }), []);
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'none');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', oldColumn: 'embedding' }), []);
  t.is(await ask("SELECT count(*)::int FROM pg_trigger WHERE tgname ~ 'reembed'"), 0);
});

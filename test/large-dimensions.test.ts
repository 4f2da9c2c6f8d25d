import test from 'ava';
import type pg from 'pg';
import { inTransaction } from '../src/database/connection.ts';
import { textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { validateTable } from './harness/validation.ts';

const OLD = { name: 'text-embedding-3-small', dimensions: 1536 };
const QWEN = { name: 'Qwen/Qwen3-Embedding-8B', dimensions: 4096 };
const LARGE = { name: 'text-embedding-3-large', dimensions: 3072 };
const ROWS = 60;
const BEST = 'the function returns the ten nearest, nearest first';

interface Model {
  name: string;
  dimensions: number;
}

let stage: Stage;
test.before(async () => {
  stage = await createStage(Object.fromEntries([OLD, QWEN, LARGE].map(({ name, dimensions }) => [name, dimensions])));
});
test.after.always(() => stage?.close());

const queryOf = (model: Model, text: string) => vectorText(vectorOf(model.name, text, model.dimensions));

async function createTable(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, content text, embedding vector(${OLD.dimensions}))`);
  const ids = Array.from({ length: ROWS }, (_, i) => i + 1);
  await pool.query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[], $3::vector[])`, [
    ids,
    ids.map(textOf),
    ids.map((i) => queryOf(OLD, textOf(i))),
  ]);
  await pool.query(`CREATE INDEX ${table}_embedding_idx ON ${table} USING hnsw (embedding vector_cosine_ops)`);
}

/** Keys and distances that the function of a table returns, as the application calls it. */
async function nearest(name: string, query: string, more = ''): Promise<{ id: string; distance: number }[]> {
  const { rows } = await stage.db.pool.query(`SELECT id, distance FROM reembed_live.nearest_${name}($1, 10${more})`, [query]);
  return rows;
}

/** The same by a search of the whole table. */
async function exactly(view: string, query: string): Promise<{ id: string; distance: number }[]> {
  return inTransaction(stage.db.pool, async (client) => {
    await client.query('SET LOCAL enable_indexscan = off');
    const { rows } = await client.query(
      `SELECT id, embedding OPERATOR(public.<=>) $1::public.vector AS distance FROM public.${view} ORDER BY 2 LIMIT 10`,
      [query],
    );
    return rows;
  });
}

const distances = (rows: { distance: number }[]) => rows.map(({ distance }) => distance.toFixed(5));

const functions = async (): Promise<string[]> => {
  const { rows } = await stage.db.pool.query(
    "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace('reembed_live') ORDER BY proname",
  );
  return rows.map(({ proname }) => proname);
};

for (const [table, to, index, storage, model] of [
  ['binary_column', QWEN, 'binary', 'column', 'qwen_qwen3_embedding_8b'],
  ['binary_side', QWEN, 'binary', 'side-table', 'qwen_qwen3_embedding_8b'],
  ['first_column', LARGE, 'subvector:512', 'column', 'text_embedding_3_large'],
  ['first_side', LARGE, 'subvector:512', 'side-table', 'text_embedding_3_large'],
] as const) {
  test.serial(
    `1,536 to ${to.dimensions} dimensions, --index ${index}, ${storage}: one function searches with either model, forward, back and forward`,
    async (t) => {
      const { pool } = stage.db;
      await createTable(pool, table);
      const campaign = await stage.draft({ table, from: OLD.name, to: to.name, dimensions: to.dimensions, index, storage });
      const query = { old: queryOf(OLD, textOf(7)), new: queryOf(to, textOf(7)) };

      const readsOld = async () => {
        t.deepEqual(distances(await nearest(table, query.old)), distances(await exactly(`${table}_live`, query.old)));
        t.is((await nearest(table, query.old))[0]?.id, '7');
        await t.throwsAsync(nearest(table, query.new), { code: 'RE002' } as never);
        await t.throwsAsync(nearest(table, query.old, `, 10, '${to.name}'`), { code: 'RE002' } as never);
      };
      const readsNew = async () => {
        t.deepEqual(distances(await nearest(table, query.new)), distances(await exactly(`${table}_live`, query.new)), BEST);
        t.is((await nearest(table, query.new, ', 50'))[0]?.id, '7');
        t.is((await nearest(table, query.new, `, 50, '${to.name}'`)).length, 10);
        await t.throwsAsync(nearest(table, query.old), { code: 'RE002' } as never);
      };

      await stage.bring(campaign, 'expand');
      t.deepEqual(
        await functions(),
        [`nearest_${table}`, `nearest_${table}_${model}`, `nearest_${table}_text_embedding_3_small`].toSorted(),
      );
      await readsOld();
      await stage.bring(campaign, 'index');
      await readsOld();
      t.deepEqual(distances(await nearest(`${table}_${model}`, query.new)), distances(await exactly(`${table}_${model}`, query.new)), BEST);

      const validated = await validateTable(stage.database, table, { sample: 20 });
      t.is(validated.index?.searchSetting, 'candidates = 200');
      t.true(validated.index?.usable);
      t.true((validated.indexRecall ?? 0) >= 0.95, String(validated.indexRecall));

      await stage.bring(campaign, 'switch');
      await readsNew();
      await stage.bring(campaign, 'index');
      await readsOld();
      await stage.bring(campaign, 'switch');
      await readsNew();
      await stage.bring(campaign, 'contract');
      await readsNew();
      t.deepEqual(await functions(), [`nearest_${table}`, `nearest_${table}_${model}`]);
      await stage.bring(campaign, 'switch');
      await readsNew();
      await stage.bring(campaign, 'index');
      await readsOld();
      await stage.bring(campaign, 'none');
      t.deepEqual((await pool.query("SELECT to_regnamespace('reembed_live') AS schema")).rows, [{ schema: null }]);
      await stage.bring(campaign, 'contract');
      await readsNew();

      t.deepEqual(await scansOf(table, query.new), storage === 'column' ? [`${table}_embedding_idx`] : [`${table}_${model}_vectors_idx`]);
      await pool.query('SELECT reembed.release_objects($1)', [`public.${table}.embedding`]);
      await pool.query(`DROP TABLE ${table}; DROP TABLE IF EXISTS ${table}_${model}_vectors`);
    },
  );
}

/** The vector indexes that a call of the function scans. */
async function scansOf(table: string, query: string): Promise<string[]> {
  return inTransaction(stage.db.pool, async (client) => {
    await client.query(`SELECT FROM reembed_live.nearest_${table}($1, 10)`, [query]);
    const { rows } = await client.query(
      `SELECT c.relname AS name FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam AND a.amname = 'hnsw' WHERE pg_stat_get_xact_numscans(c.oid) > 0 ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  });
}

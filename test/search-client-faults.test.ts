import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbedQuery } from '../src/index.ts';
import { NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createSearchStage, createTestClient, embedQuery, failForNewModel, nearest } from './harness/search.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createSearchStage();
});
test.afterEach.always(async () => {
  await sql('UPDATE reembed.setting SET canary_percent = 0, shadow_percent = 0, shadow_timeout = DEFAULT');
  await sql('DELETE FROM reembed.shadow_read');
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const switchTo = (model: string) => sql("SELECT reembed.switch_to('documents', $1)", [model]);

test.serial('a reader of the canary whom the new model fails gets the answer of the live view, and it is put on record', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 100, shadow_percent = 100');
  const failing = failForNewModel((text) => Object.assign(new Error(`no vector for ${text}`), { code: 'provider_login' }));
  const client = createTestClient(stage.db.pool, { embed: failing });
  t.deepEqual(await client.find(7, 'ann'), { id: '7', model: OLD_MODEL });
  await client.close();
  const columns = 'served_model, shadow_model, is_canary, overlap, error, query';
  const record = { served_model: OLD_MODEL, shadow_model: NEW_MODEL, is_canary: true, overlap: null, error: 'provider_login', query: null };
  t.deepEqual((await sql(`SELECT ${columns} FROM reembed.shadow_read`)).rows, [record]);

  // A search that always reads the live view cannot be served by another model, and must not fail for that.
  const stubborn = createSearchClient(stage.db.pool, { target: 'documents', embed: embedQuery });
  const found = await stubborn.search(textOf(9), (query) => nearest(stage.db.pool)({ ...query, view: 'documents_live' }), { key: 'ann' });
  t.deepEqual(found, { id: '9', model: OLD_MODEL });
  await stubborn.close();
  t.deepEqual((await sql('SELECT error FROM reembed.shadow_read ORDER BY id DESC LIMIT 1')).rows, [{ error: 'RE002' }]);
});

test.serial('a query that was embedded in other dimensions than those of its model is refused before the search', async (t) => {
  const short: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions - 1);
  const error = await t.throwsAsync(createTestClient(stage.db.pool, { embed: short }).find(7), { code: 'wrong_dimensions' });
  t.is(error?.message, `a query for ${OLD_MODEL} was embedded in 15 dimensions instead of 16`);
});

test.serial('an error of the search itself is the one that is thrown, whoever reads', async (t) => {
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed: embedQuery });
  for (const percent of [0, 100]) {
    await sql('UPDATE reembed.setting SET canary_percent = $1, shadow_percent = 100', [percent]);
    await t.throwsAsync(
      client.search(textOf(1), async ({ view }) => sql(`SELECT no_such_column FROM ${view}`), { key: 'ann' }),
      { code: '42703' },
    );
  }
  await client.close();
  t.is((await sql('SELECT FROM reembed.shadow_read')).rowCount, 0, 'the new model is not to blame');
});

test.serial('within a transaction, where nothing can be tried again, the refusal of the guard is what is thrown', async (t) => {
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  const client = createTestClient(single);
  await client.find(1);
  await switchTo(NEW_MODEL);
  await single.query('BEGIN');
  await t.throwsAsync(client.find(1), { code: 'RE002' });
  await single.query('ROLLBACK');
  t.deepEqual(await client.find(1), { id: '1', model: NEW_MODEL });
  await single.end();
  await switchTo(OLD_MODEL);
});

test.serial('a view that was replaced between two statements is searched again, whatever language the server speaks', async (t) => {
  const client = createTestClient(stage.db.pool);
  const breaks = {
    '0A000': [
      'CREATE TEMP TABLE kept (a integer)',
      'PREPARE kept AS SELECT * FROM kept',
      'ALTER TABLE kept ALTER a TYPE text',
      'EXECUTE kept',
    ],
    '42P01': ['SELECT FROM a_view_that_is_gone'],
  };
  for (const [code, statements] of Object.entries(breaks)) {
    const seen: unknown[] = [];
    const found = await client.search(textOf(7), async (query) => {
      if (seen.length > 0) return nearest(stage.db.pool)(query);
      const session = await stage.db.pool.connect();
      try {
        for (const statement of statements) await session.query(statement);
        throw new Error('nothing broke');
      } catch (error) {
        seen.push((error as { code?: string }).code);
        throw Object.assign(error as Error, { message: 'in another language' });
      } finally {
        await session.query('DEALLOCATE ALL; DROP TABLE IF EXISTS kept');
        session.release();
      }
    });
    t.deepEqual([found, seen], [{ id: '7', model: OLD_MODEL }, [code]]);
  }
});

test.serial('what the new model did to a reader within a transaction of the application leaves no trace in it', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 100, shadow_percent = 100');
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  const client = createTestClient(single, { embed: failForNewModel() });
  await single.query('BEGIN READ ONLY');
  t.deepEqual(await client.find(7, 'ann'), { id: '7', model: OLD_MODEL });
  await client.close();
  await t.notThrowsAsync(single.query('SELECT 1'));
  await single.query('ROLLBACK');
  await single.end();
});

test.serial(
  'a provider that hangs keeps neither a reader of the canary nor a fused search waiting for longer than shadow_timeout',
  async (t) => {
    await sql("UPDATE reembed.setting SET canary_percent = 100, shadow_percent = 100, shadow_timeout = '300 milliseconds'");
    // It ignores the signal.
    const hanging: EmbedQuery = async (text, model) => (model.name === NEW_MODEL ? new Promise<never>(() => {}) : embedQuery(text, model));
    const client = createTestClient(stage.db.pool, { embed: hanging });
    t.timeout(10_000);
    t.deepEqual(await client.find(7, 'ann'), { id: '7', model: OLD_MODEL });
    await client.close();
    t.deepEqual((await sql('SELECT error FROM reembed.shadow_read')).rows, [{ error: 'timeout' }]);
    const fused = await client.searchFused(
      textOf(7),
      async (query) => [await nearest(stage.db.pool)(query)],
      (found) => found?.id,
    );
    t.deepEqual(fused, [{ id: '7', model: OLD_MODEL }]);
  },
);

import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbeddedQuery, fuseRankings } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { createLogin } from './harness/roles.ts';
import { createSearchStage, createTestClient, embedQuery, failForNewModel, nearestIds } from './harness/search.ts';
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

// The embedded database has one session, and one role.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

test.serial('a search by pool or by single connection finds the row with the model that is read, also after a switch', async (t) => {
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  for (const db of [stage.db.pool, single]) {
    const client = createTestClient(db);
    for (const model of [OLD_MODEL, NEW_MODEL, OLD_MODEL]) {
      await switchTo(model);
      t.deepEqual(await client.find(7), { id: '7', model });
      t.deepEqual(await client.find(8), { id: '8', model });
    }
  }
  await single.end();
});

test.serial('a search may use its own filters and joins', async (t) => {
  await sql('CREATE TABLE author (document bigint, name text); INSERT INTO author VALUES (7, $$Ann$$), (8, $$Bob$$), (9, $$Ann$$)');
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed: embedQuery });
  const names = await client.search(textOf(8), async ({ model, vector, view }) => {
    const { rows } = await sql(
      `SELECT d.id::int, a.name FROM ${view} AS d JOIN author AS a ON a.document = d.id WHERE a.name = $3
        ORDER BY d.embedding <=> reembed.query_vector(d.embedding_model, $1, $2::vector) LIMIT 5`,
      [model, vector, 'Ann'],
    );
    return rows;
  });
  t.deepEqual(names.map(({ id, name }) => `${name} ${id}`).sort(), ['Ann 7', 'Ann 9']);
});

test.serial('the settings are asked for once, and again when they are too old or a search was refused', async (t) => {
  const asked: string[] = [];
  const db = new Proxy(stage.db.pool, {
    get: (pool, name) =>
      name === 'query' ? (text: string, values: unknown[]) => asked.push(text) && pool.query(text, values) : Reflect.get(pool, name),
  });
  const readings = () => asked.filter((text) => text.includes('reembed.reading')).length;
  const client = createTestClient(db);
  for (let i = 1; i <= 5; i++) await client.find(i);
  t.is(readings(), 1);
  await switchTo(NEW_MODEL);
  for (let i = 1; i <= 5; i++) await client.find(i);
  t.is(readings(), 2);
  await switchTo(OLD_MODEL);

  const polling = createTestClient(db, { refreshSeconds: 3 });
  await sql('UPDATE reembed.setting SET canary_percent = 100');
  t.is((await polling.find(7, 'ann'))?.model, NEW_MODEL);
  await sql('UPDATE reembed.setting SET canary_percent = 0');
  t.is((await polling.find(7, 'ann'))?.model, NEW_MODEL, 'not asked again yet');
  await until(async () => (await polling.find(7, 'ann'))?.model === OLD_MODEL, 'the next check at the settings', 15);
});

test.serial('a client that listens hears of a changed setting at once, also after its connection broke', async (t) => {
  const client = createTestClient(stage.db.pool, { listen: true });
  t.teardown(client.close);
  const follows = async (percent: number, model: string) => {
    await sql('UPDATE reembed.setting SET canary_percent = $1', [percent]);
    await until(async () => (await client.find(7, 'ann'))?.model === model, `${percent} %`, 10);
  };
  t.is((await client.find(7, 'ann'))?.model, OLD_MODEL);
  await follows(100, NEW_MODEL);
  await follows(0, OLD_MODEL);
  if (!stage.db.real) return t.pass('one session: it cannot be ended alone');
  const ended = await sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN reembed'",
  );
  t.is(ended.rowCount, 1);
  await follows(100, NEW_MODEL);
});

test.serial('readers of the canary get the new model, the others the live view, each always the same', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 30');
  const client = createTestClient(stage.db.pool);
  const { rows } = await sql(
    "SELECT k::text AS key, r.name FROM generate_series(1, 60) AS k, reembed.reads_for('documents', k::text) AS r",
  );
  t.true(rows.some(({ name }) => name === NEW_MODEL) && rows.some(({ name }) => name === OLD_MODEL));
  for (const { key, name } of rows) t.deepEqual(await client.find(Number(key), key), { id: key, model: name });
  t.deepEqual(await client.find(5), { id: '5', model: OLD_MODEL });
});

testOnServer?.serial('a role that may read nothing but the live view is served by the canary too', async (t) => {
  const { name, url } = await createLogin(t, stage.db, 'canary_reader', (role) => [
    `GRANT SELECT (id, content, embedding, embedding_v2) ON documents TO ${role}; GRANT SELECT ON documents_live TO ${role}`,
  ]);
  const pool = new pg.Pool({ connectionString: url });
  try {
    await sql('UPDATE reembed.setting SET canary_percent = 100');
    const client = createTestClient(pool);
    t.deepEqual(await client.find(7, 'ann'), { id: '7', model: NEW_MODEL });
    await client.close();
    t.is((await sql('SELECT FROM reembed.shadow_read')).rowCount, 0);
    await pool.query("SELECT reembed.record_shadow_read('documents', $1, $2, true, 1, 1, 1, 1, 1, 1, 1, NULL, NULL)", [
      NEW_MODEL,
      OLD_MODEL,
    ]);
    await sql(`REVOKE SELECT ON documents_live FROM ${name}`);
    await t.throwsAsync(
      pool.query("SELECT reembed.record_shadow_read('documents', $1, $2, true, 1, 1, 1, 1, 1, 1, 1, NULL, NULL)", [NEW_MODEL, OLD_MODEL]),
      { code: '42501', message: /may not read the live view/ },
    );
  } finally {
    await pool.end();
  }
});

test.serial('results of both models are fused, and those of the read one stand alone when the other fails', async (t) => {
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed: embedQuery });
  const top = nearestIds(stage.db.pool);
  const lists: number[][] = [];
  const keep = async (query: EmbeddedQuery) => lists[lists.push(await top(query)) - 1] as number[];
  const fused = await client.searchFused(textOf(7), keep, (id) => id);
  t.is(fused[0], 7);
  t.deepEqual(
    fused,
    fuseRankings(lists, (id) => id),
  );
  t.deepEqual(fused.toSorted(), [...new Set(lists.flat())].sort());
  await sql('UPDATE documents SET embedding_v2 = NULL');
  t.deepEqual(await client.searchFused(textOf(7), top, (id) => id), lists[0]);
  const half = createSearchClient(stage.db.pool, { target: 'documents', embed: failForNewModel() });
  t.deepEqual(await half.searchFused(textOf(7), top, (id) => id), lists[0]);
});

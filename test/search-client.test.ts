import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery, fuseRankings, type SearchClientOptions } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

interface Found {
  id: string;
  model: string;
}

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
});
test.afterEach.always(async () => {
  await sql('UPDATE reembed.setting SET canary_percent = 0, shadow_percent = 0, shadow_timeout = DEFAULT');
  await sql('DELETE FROM reembed.shadow_read');
});
test.after.always(() => stage.close());

// The embedded database has one session, and one role.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const switchTo = (model: string) => sql("SELECT reembed.switch_to('documents', $1)", [model]);
const embed: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);

function clientOf(db: pg.Pool | pg.Client, options: SearchClientOptions = {}) {
  const client = createSearchClient(db, { target: 'documents', embed, refreshSeconds: 3600, ...options });
  return { ...client, find: (i: number, key?: string) => client.search(textOf(i), run(db), key === undefined ? {} : { key }) };
}

/** The nearest row in the view that the client names. */
function run(db: pg.Pool | pg.Client) {
  return async ({ model, vector, view }: EmbeddedQuery): Promise<Found | undefined> => {
    const { rows } = await db.query<Found>(
      `SELECT id::text, embedding_model AS model FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 1`,
      [model, vector],
    );
    return rows[0];
  };
}

test.serial('a search by pool or by single connection finds the row with the model that is read, also after a switch', async (t) => {
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  for (const db of [stage.db.pool, single]) {
    const client = clientOf(db);
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
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed });
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
  const client = clientOf(db);
  for (let i = 1; i <= 5; i++) await client.find(i);
  t.is(readings(), 1);
  await switchTo(NEW_MODEL);
  for (let i = 1; i <= 5; i++) await client.find(i);
  t.is(readings(), 2);
  await switchTo(OLD_MODEL);

  const polling = clientOf(db, { refreshSeconds: 3 });
  await sql('UPDATE reembed.setting SET canary_percent = 100');
  t.is((await polling.find(7, 'ann'))?.model, NEW_MODEL);
  await sql('UPDATE reembed.setting SET canary_percent = 0');
  t.is((await polling.find(7, 'ann'))?.model, NEW_MODEL, 'not asked again yet');
  await until(async () => (await polling.find(7, 'ann'))?.model === OLD_MODEL, 'the next check at the settings', 15);
});

test.serial('a client that listens hears of a changed setting at once, also after its connection broke', async (t) => {
  const client = clientOf(stage.db.pool, { listen: true });
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
  const client = clientOf(stage.db.pool);
  const { rows } = await sql(
    "SELECT k::text AS key, r.name FROM generate_series(1, 60) AS k, reembed.reads_for('documents', k::text) AS r",
  );
  t.true(rows.some(({ name }) => name === NEW_MODEL) && rows.some(({ name }) => name === OLD_MODEL));
  for (const { key, name } of rows) t.deepEqual(await client.find(Number(key), key), { id: key, model: name });
  t.deepEqual(await client.find(5), { id: '5', model: OLD_MODEL });
});

test.serial('a reader of the canary whom the new model fails gets the answer of the live view, and it is put on record', async (t) => {
  await sql('UPDATE reembed.setting SET canary_percent = 100, shadow_percent = 100');
  const failing: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) throw Object.assign(new Error(`no vector for ${text}`), { code: 'provider_login' });
    return embed(text, model);
  };
  const client = clientOf(stage.db.pool, { embed: failing });
  t.deepEqual(await client.find(7, 'ann'), { id: '7', model: OLD_MODEL });
  await client.close();
  const columns = 'served_model, shadow_model, is_canary, overlap, error, query';
  const record = { served_model: OLD_MODEL, shadow_model: NEW_MODEL, is_canary: true, overlap: null, error: 'provider_login', query: null };
  t.deepEqual((await sql(`SELECT ${columns} FROM reembed.shadow_read`)).rows, [record]);

  // A search that always reads the live view cannot be served by another model, and must not fail for that.
  const stubborn = createSearchClient(stage.db.pool, { target: 'documents', embed });
  const found = await stubborn.search(textOf(9), (query) => run(stage.db.pool)({ ...query, view: 'documents_live' }), { key: 'ann' });
  t.deepEqual(found, { id: '9', model: OLD_MODEL });
  await stubborn.close();
  t.deepEqual((await sql('SELECT error FROM reembed.shadow_read ORDER BY id DESC LIMIT 1')).rows, [{ error: 'RE002' }]);
});

test.serial('a query that was embedded in other dimensions than those of its model is refused before the search', async (t) => {
  const short: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions - 1);
  const error = await t.throwsAsync(clientOf(stage.db.pool, { embed: short }).find(7), { code: 'wrong_dimensions' });
  t.is(error?.message, `a query for ${OLD_MODEL} was embedded in 15 dimensions instead of 16`);
});

test.serial('an error of the search itself is the one that is thrown, whoever reads', async (t) => {
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed });
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
  const client = clientOf(single);
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
  const client = clientOf(stage.db.pool);
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
      if (seen.length > 0) return run(stage.db.pool)(query);
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
  const failing: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) throw new Error('away');
    return embed(text, model);
  };
  const client = clientOf(single, { embed: failing });
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
    // It does not mind the signal.
    const hanging: EmbedQuery = async (text, model) => (model.name === NEW_MODEL ? new Promise<never>(() => {}) : embed(text, model));
    const client = clientOf(stage.db.pool, { embed: hanging });
    t.timeout(10_000);
    t.deepEqual(await client.find(7, 'ann'), { id: '7', model: OLD_MODEL });
    await client.close();
    t.deepEqual((await sql('SELECT error FROM reembed.shadow_read')).rows, [{ error: 'timeout' }]);
    const fused = await client.searchFused(
      textOf(7),
      async (query) => [await run(stage.db.pool)(query)],
      (found) => found?.id,
    );
    t.deepEqual(fused, [{ id: '7', model: OLD_MODEL }]);
  },
);

testOnServer?.serial('a role that may read nothing but the live view is served by the canary too', async (t) => {
  const role = `canary_reader_${process.pid}`;
  await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-this-test'; GRANT SELECT (id, content, embedding) ON documents TO ${role}`);
  await sql(`GRANT SELECT ON documents_live TO ${role}; GRANT SELECT (embedding_v2) ON documents TO ${role}`);
  const url = Object.assign(new URL(stage.db.url), { username: role, password: 'only-for-this-test' });
  const pool = new pg.Pool({ connectionString: url.href });
  try {
    await sql('UPDATE reembed.setting SET canary_percent = 100');
    const client = clientOf(pool);
    t.deepEqual(await client.find(7, 'ann'), { id: '7', model: NEW_MODEL });
    await client.close();
    t.is((await sql('SELECT FROM reembed.shadow_read')).rowCount, 0);
    await pool.query("SELECT reembed.record_shadow_read('documents', $1, $2, true, 1, 1, 1, 1, 1, 1, 1, NULL, NULL)", [
      NEW_MODEL,
      OLD_MODEL,
    ]);
    await sql(`REVOKE SELECT ON documents_live FROM ${role}`);
    await t.throwsAsync(
      pool.query("SELECT reembed.record_shadow_read('documents', $1, $2, true, 1, 1, 1, 1, 1, 1, 1, NULL, NULL)", [NEW_MODEL, OLD_MODEL]),
      { code: '42501', message: /may not read the live view/ },
    );
  } finally {
    await pool.end();
    await sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test.serial('results of both models are fused, and those of the read one stand alone when the other fails', async (t) => {
  const client = createSearchClient(stage.db.pool, { target: 'documents', embed });
  const top = async ({ model, vector, view }: EmbeddedQuery) => {
    const { rows } = await sql(
      `SELECT id::int FROM ${view} WHERE embedding IS NOT NULL ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
      [model, vector],
    );
    return rows.map(({ id }) => id as number);
  };
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
  const failing: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) throw new Error('away');
    return embed(text, model);
  };
  const half = createSearchClient(stage.db.pool, { target: 'documents', embed: failing });
  t.deepEqual(await half.searchFused(textOf(7), top, (id) => id), lists[0]);
});

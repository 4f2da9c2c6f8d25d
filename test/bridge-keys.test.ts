import test from 'ava';
import pg from 'pg';
import { loadBridge, searchBridge } from '../src/bridge/validation/bridge-search.ts';
import { createSearchClient, type EmbedQuery } from '../src/index.ts';
import type { BridgedParts, BridgedRow } from '../src/reading/bridge.ts';
import { loadCampaign } from '../src/validation/campaign.ts';
import { mappedQuery, storeMap } from './harness/bridge.ts';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const TARGET = 'public.documents.embedding';
// Above 2^53, where JavaScript has no number for every second integer.
const FIRST = '9007199254740992';

/** Half of the backfill of a table is done whose key columns are called like results and parameters of the search. */
let stage: Stage;
let campaign: string;
test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await pool.query(
    `CREATE TABLE documents (distance bigint, k integer, content text, embedding vector(${OLD_DIMENSIONS}), PRIMARY KEY (distance, k));
     CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)`,
  );
  const ids = Array.from({ length: 300 }, (_, i) => i + 1);
  await pool.query(
    'INSERT INTO documents SELECT $4::bigint + d.i, d.i, d.content, d.old FROM unnest($1::integer[], $2::text[], $3::vector[]) AS d(i, content, old)',
    [ids, ids.map(textOf), ids.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS))), FIRST],
  );
  campaign = await stage.draft({ table: 'documents', storage: 'side-table', batchRows: 20 });
  await stage.bring(campaign, 'backfill');
  await stage.workHalf();
  await storeMap(pool, campaign);
  await pool.query(
    "CREATE OR REPLACE FUNCTION reembed.bridge_gate(p_campaign text) RETURNS TABLE (code text, reason text) LANGUAGE sql AS 'SELECT NULL::text, NULL::text WHERE false'",
  );
});
test.after.always(() => stage?.close());

const embed: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);
const client = () => createSearchClient(stage.db.pool, { target: 'documents', embed });

type Row = BridgedRow & { id: string };

/** The search of an application. `id` is the whole key as text. */
async function search(from = client(), more: Partial<BridgedParts> = {}): Promise<Row[]> {
  const { result, reason } = await from.searchBridged<Row[]>(
    textOf(7),
    async () => [],
    async ({ statement }) => {
      const { text, values } = statement({ columns: "d.distance || '/' || d.k AS id", limit: 20, ...more });
      return (await stage.db.pool.query<Row>(text, values)).rows;
    },
    { rows: (rows) => rows },
  );
  if (reason !== null) throw new Error(reason);
  return result;
}

async function wanted(): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ id: string }>(
    "DELETE FROM reembed.wanted_row RETURNING (key ->> 'distance') || '/' || (key ->> 'k') AS id",
  );
  return rows.map(({ id }) => id).toSorted();
}

test.serial('a condition and a select list may end in a comment', async (t) => {
  const rows = await search(client(), {
    columns: "d.k, d.distance || '/' || d.k AS id -- the key",
    where: 'd.k % $1 = 0 -- even numbers',
    values: [2],
  });
  t.is(rows.length, 20);
  t.true(rows.every(({ id }) => Number(id.split('/')[1]) % 2 === 0));
});

test.serial('rows with keys that JavaScript has no number for are reported as they are', async (t) => {
  const from = client();
  const lacking = (await search(from)).filter(({ has_new_vector }) => !has_new_vector).map(({ id }) => id);
  t.true(lacking.length > 1);
  await from.reportWanted(stage.db.pool);
  t.deepEqual(await wanted(), lacking.toSorted());
});

test.serial('a row that cannot be embedded is not sent again because searches find it', async (t) => {
  const from = client();
  const [failed, ofOldModel, ...others] = (await search(from)).filter(({ has_new_vector }) => !has_new_vector);
  for (const [row, model] of [
    [failed, NEW_MODEL],
    [ofOldModel, OLD_MODEL],
  ] as const)
    await stage.db.pool.query(
      `INSERT INTO reembed.failed_row (target, key, model, class, message)
       SELECT $1, jsonb_build_object('distance', split_part($2, '/', 1)::bigint, 'k', split_part($2, '/', 2)::integer), $3, 'refused', 'a test'`,
      [TARGET, row?.id, model],
    );
  await from.reportWanted(stage.db.pool);
  t.deepEqual(await wanted(), [ofOldModel, ...others].map((row) => row?.id).toSorted());
});

test.serial('a report whose keys no longer fit the key holds up no work', async (t) => {
  const { pool } = stage.db;
  await pool.query(`INSERT INTO reembed.wanted_row (target, key) VALUES ($1, '{"distance": "none", "k": 1}')`, [TARGET]);
  await t.notThrowsAsync(pool.query('SELECT reembed.enqueue_work()'));
  t.deepEqual(await wanted(), []);
});

for (const { about, table, key, type, value, settings } of [
  {
    about: 'whose key is a time are reported whatever DateStyle the application has',
    ...{ table: 'moments', key: 'at', type: 'timestamptz', value: "timestamptz '2026-01-20 10:00Z' + id * interval '7 minutes'" },
    settings: "SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo'",
  },
  {
    // In the SQL standard one sign counts for the whole interval.
    about:
      'whose key is an interval are reported whatever IntervalStyle the application has, and is called like a placeholder of the statement',
    ...{ table: 'spans', key: `{k}, '"{filter}`, type: 'interval', value: "id * interval '-1 day -7 minutes'" },
    settings: "SET intervalstyle = 'sql_standard'",
  },
])
  test.serial(`rows ${about}`, async (t) => {
    const { pool } = stage.db;
    await createDocuments(pool, 60, { table });
    await pool.query(
      `ALTER TABLE ${table} ALTER id DROP IDENTITY; ALTER TABLE ${table} ALTER id TYPE ${type} USING ${value}; ALTER TABLE ${table} RENAME id TO ${pg.escapeIdentifier(key)}`,
    );
    const drafted = await stage.draft({ table, batchRows: 20 });
    await stage.bring(drafted, 'backfill');
    await storeMap(pool, drafted);
    const session = await pool.connect();
    try {
      await session.query(settings);
      const from = createSearchClient(pool, { target: table, embed });
      await from.searchBridged<BridgedRow[]>(
        textOf(7),
        async () => [],
        async ({ statement }) => {
          const { text, values } = statement({ columns: 'd.content' });
          return (await session.query<BridgedRow>(text, values)).rows;
        },
        { rows: (rows) => rows },
      );
      // To the primary, in a session with other settings.
      await from.reportWanted(pool);
    } finally {
      session.release(true);
    }
    t.is((await pool.query('DELETE FROM reembed.wanted_row WHERE target = $1', [`public.${table}.embedding`])).rowCount, 10);
  });

test.serial('the statement calls no function that another role put on the search_path', async (t) => {
  const { pool } = stage.db;
  for (const called of [
    'jsonb_build_object(text, text, text, text)',
    'jsonb_build_object(text, bigint, text, integer)',
    'format(text, bigint)',
    'format(text, integer)',
  ])
    await pool.query(
      `CREATE FUNCTION public.${called} RETURNS ${called.startsWith('format') ? 'text' : 'jsonb'} LANGUAGE plpgsql AS 'BEGIN RAISE ''called''; END'`,
    );
  t.is((await search()).length, 20);
  await pool.query(
    'DROP FUNCTION public.jsonb_build_object(text, text, text, text), public.jsonb_build_object(text, bigint, text, integer), public.format(text, bigint), public.format(text, integer)',
  );
});

test.serial(
  'validations and the watch find rows by a key that is called like results of the search, also after it was renamed',
  async (t) => {
    const { pool } = stage.db;
    const vectors = mappedQuery(textOf(7));
    for (const names of [
      ['distance', 'k'],
      ['number', 'part'],
    ]) {
      if (names[0] === 'number')
        await pool.query('ALTER TABLE documents RENAME distance TO number; ALTER TABLE documents RENAME k TO part');
      const loaded = await loadCampaign(pool, { campaign });
      const found = await searchBridge(pool, loaded, await loadBridge(pool, loaded), vectors, { k: 10, candidates: 100 });
      t.deepEqual(new Set(found.map(({ key }) => key)), new Set((await search(client(), { limit: 10 })).map(({ id }) => id)), names.join());
      const [distance, k] = found[0]?.key.split('/') ?? [];
      const recorded = await pool.query('SELECT reembed.record_bridge_item($1, $2, $3, $4) AS found', [
        ...[TARGET, `{"distance": ${distance}, "k": ${k}}`, vectors.mapped, vectors.renewed],
      ]);
      t.true(recorded.rows[0].found, names.join());
    }
  },
);

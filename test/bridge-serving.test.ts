import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { withLockRetries } from '../src/database/lock-retries.ts';
import { createSearchClient, type EmbedQuery } from '../src/index.ts';
import type { BridgedRow } from '../src/reading/bridge.ts';
import { CALIBRATION, MAP, mappedQuery, storeMap } from './harness/bridge.ts';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 300;
const READER = `reader_of_bridge_${process.pid}`;

// The embedded database has one role.
const onServer = process.env.TEST_DATABASE_URL ? test : { serial: test.serial.skip };

/** Half of the backfill of one table with the new vectors in a column and of another with a side table is done. */
let stage: Stage;
const campaigns: Record<string, string> = {};
test.before(async () => {
  stage = await createStage();
  for (const [table, storage] of [
    ['documents', 'column'],
    ['books', 'side-table'],
  ] as const) {
    await createDocuments(stage.db.pool, ROWS, { table });
    campaigns[table] = await stage.draft({ table, storage, batchRows: 20 });
    await stage.bring(campaigns[table], 'backfill');
    await stage.workHalf();
    await storeMap(stage.db.pool, campaigns[table]);
  }
  await stage.db.pool.query('ANALYZE');
  if (process.env.TEST_DATABASE_URL) await stage.db.pool.query(`CREATE ROLE ${READER}`);
});
test.after.always(async () => {
  await stage?.db.pool.query(`DROP OWNED BY ${READER}; DROP ROLE IF EXISTS ${READER}`).catch(() => {});
  await stage?.close();
});

const sql = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => stage.db.pool.query<R>(text, values);
const embed: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);
const campaignOf = (table: string) => campaigns[table] as string;

interface Found {
  id: number;
  distance: number;
  has_new_vector: boolean;
}

async function bridged(table: string, more: unknown[] = [], text = textOf(7)): Promise<Found[]> {
  const { mapped, renewed } = mappedQuery(text);
  const places = more.map((_, i) => `, $${i + 3}`).join('');
  const { rows } = await sql<Found>(`SELECT id::integer, distance, has_new_vector FROM reembed_live.bridge_${table}($1, $2${places})`, [
    mapped,
    renewed,
    ...more,
  ]);
  return rows;
}

/** The same over all rows, without an index. */
async function exact(table: string, { slope, intercept } = CALIBRATION.mapped, oldQuery = mappedQuery(textOf(7)).mapped): Promise<Found[]> {
  const { rows } = await sql<Found>(
    `SELECT o.id::integer, coalesce(n.embedding <=> $2, $3 + $4 * (o.embedding <=> $1))::float8 AS distance, n.id IS NOT NULL AS has_new_vector
       FROM ${table}_old_model AS o LEFT JOIN (SELECT * FROM ${table}_new_model WHERE embedding IS NOT NULL) AS n ON n.id = o.id ORDER BY 2 LIMIT 10`,
    [oldQuery, mappedQuery(textOf(7)).renewed, intercept, slope],
  );
  return rows;
}

function sameRows(t: ExecutionContext, found: Found[], expected: Found[], message?: string) {
  const shown = (rows: Found[]) => rows.map(({ id, distance, has_new_vector }) => `${id} ${distance.toFixed(5)} ${has_new_vector}`);
  t.deepEqual(shown(found), shown(expected), message);
}

for (const table of ['documents', 'books']) {
  test.serial(`${table}: rows with a new vector are ranked by it, the others by the distance that their old vector predicts`, async (t) => {
    const expected = await exact(table);
    t.deepEqual([...new Set(expected.map(({ has_new_vector }) => has_new_vector))].sort(), [false, true]);
    sameRows(t, await bridged(table, [10, 1000]), expected);
    const oldQuery = vectorText(vectorOf(OLD_MODEL, textOf(7), OLD_DIMENSIONS));
    const { rows } = await sql<Found>(
      `SELECT id::integer, distance, has_new_vector FROM reembed_live.bridge_${table}($1, $2, 10, 1000, false)`,
      [oldQuery, mappedQuery(textOf(7)).renewed],
    );
    sameRows(t, rows, await exact(table, CALIBRATION.old, oldQuery), 'a query of the old model has a calibration of its own');
  });

  test.serial(`${table}: 200 candidates that are asked for are 200 that are got, and the session keeps its settings`, async (t) => {
    const client = await stage.db.pool.connect();
    try {
      await client.query("BEGIN; SELECT '[1]'::vector; SET LOCAL hnsw.ef_search = 77");
      const { mapped, renewed } = mappedQuery(textOf(7));
      t.is((await client.query(`SELECT FROM reembed_live.bridge_${table}($1, $2, 200, 200)`, [mapped, renewed])).rowCount, 200);
      t.is((await client.query("SELECT current_setting('hnsw.ef_search') AS value")).rows[0].value, '77');
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  });
}

test.serial('the statement recalls through the old index, with the filter inside of the scan and settings of its own', async (t) => {
  await openGates();
  const client = createSearchClient(stage.db.pool, { target: 'books', embed });
  const session = await stage.db.pool.connect();
  try {
    await session.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
    const { result, reason } = await client.searchBridged<(BridgedRow & { id: string })[]>(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const { text, values } = statement({
          columns: 'd.id, d.content',
          where: 'd.id % $1 = $2',
          values: [3, 0],
          limit: 80,
          candidates: 90,
        });
        const plan = (await session.query(`EXPLAIN ${text}`, values)).rows.map((row) => row['QUERY PLAN']).join('\n');
        t.regex(plan, /Index Scan using books_embedding_idx/);
        t.notRegex(plan, /Seq Scan/);
        return (await session.query(text, values)).rows;
      },
    );
    t.is(reason, null);
    t.is(result.length, 80, 'hnsw.ef_search is 40 by default');
    t.true(result.every(({ id, row_key }) => Number(id) % 3 === 0 && Number(row_key.id) === Number(id)));
    t.deepEqual(
      result.map(({ distance }) => distance),
      result.map(({ distance }) => distance).toSorted((a, b) => a - b),
    );
  } finally {
    await session.query('ROLLBACK');
    session.release();
  }
});

test.serial('a query of other dimensions, and more candidates than an index returns, are refused', async (t) => {
  await t.throwsAsync(sql("SELECT FROM reembed_live.bridge_documents('[1,2]', $1)", [mappedQuery('x').renewed]), {
    code: 'RE002',
  } as never);
  await t.throwsAsync(bridged('documents', [10, 1001]), { code: '22023' } as never);
});

onServer.serial('the caller sees what grants and policies let it see, and gets k of these rows', async (t) => {
  await sql(`ALTER TABLE books ENABLE ROW LEVEL SECURITY; CREATE POLICY even ON books FOR SELECT TO ${READER} USING (id % 2 = 0)`);
  const client = await stage.db.pool.connect();
  const { mapped, renewed } = mappedQuery(textOf(7));
  const search = () => client.query('SELECT id FROM reembed_live.bridge_books($1, $2, 20)', [mapped, renewed]);
  try {
    await client.query(`SET ROLE ${READER}`);
    await t.throwsAsync(search(), { message: /permission denied/ });
    await client.query(`RESET ROLE; GRANT SELECT ON books, books_live TO ${READER}; SELECT reembed.share_view_grants('public.books.embedding'),
      reembed.share_side_tables('public.books.embedding'); SET ROLE ${READER}`);
    const found = (await search()).rows.map(({ id }) => Number(id));
    t.is(found.length, 20);
    t.true(found.every((id) => id % 2 === 0));
  } finally {
    client.release(true);
    await sql('ALTER TABLE books DISABLE ROW LEVEL SECURITY; DROP POLICY even ON books');
  }
});

test.serial(
  'while the gate is closed the ordinary search answers and the reason is returned; a map that is fitted again is read again',
  async (t) => {
    await openGates("('unmeasured', 'it was not measured')");
    const client = createSearchClient(stage.db.pool, { target: 'books', embed, refreshSeconds: 0 });
    const search = () =>
      client.searchBridged(
        textOf(7),
        async ({ model }) => model,
        async ({ oldSpaceVector }) => oldSpaceVector,
      );
    t.deepEqual(await search(), { result: OLD_MODEL, reason: 'it was not measured' });
    await openGates();
    const { mapped } = mappedQuery(textOf(7));
    t.deepEqual(await search(), { result: mapped, reason: null });
    await storeMap(
      stage.db.pool,
      campaignOf('books'),
      MAP.map((one) => 2 * one),
    );
    t.deepEqual(await search(), { result: vectorText(Float32Array.from(JSON.parse(mapped) as number[], (one) => 2 * one)), reason: null });
    await storeMap(stage.db.pool, campaignOf('books'));
  },
);

test.serial('rows that searches found without a new vector are reported once, and workers embed them before the batches', async (t) => {
  await openGates();
  const client = createSearchClient(stage.db.pool, { target: 'books', embed });
  const search = () =>
    client.searchBridged<(Found & BridgedRow)[]>(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const { text, values } = statement({ columns: 'd.id' });
        return (await sql<Found & BridgedRow>(text, values)).rows;
      },
      { rows: (found) => found },
    );
  const { result } = await search();
  await search();
  const lacking = result.filter(({ has_new_vector }) => !has_new_vector).map(({ id }) => Number(id));
  t.true(lacking.length > 0);
  t.is(await client.reportWanted(stage.db.pool), lacking.length);
  t.is(await client.reportWanted(stage.db.pool), 0);
  const embedded = await sql<{ id: string }>('SELECT id FROM books_new_model LIMIT 1');
  await sql('SELECT reembed.report_wanted($1, $2)', [
    'books',
    JSON.stringify([{ id: lacking[0] }, { id: 100000 }, { id: embedded.rows[0]?.id }]),
  ]);
  const reports = await sql<{ id: number; reports: number }>(
    "SELECT (key ->> 'id')::integer AS id, count(*)::integer AS reports FROM reembed.wanted_row GROUP BY 1",
  );
  t.deepEqual(
    reports.rows.toSorted((a, b) => a.id - b.id),
    lacking.map((id, i) => ({ id, reports: i === 0 ? 2 : 1 })).toSorted((a, b) => a.id - b.id),
    'only rows that exist and lack a vector',
  );

  await sql('SELECT reembed.enqueue_work()');
  const logged = await sql<{ key: string; needs_new: boolean; needs_old: boolean }>(
    "SELECT key, needs_new, needs_old FROM reembed.change WHERE target = 'public.books.embedding'",
  );
  t.deepEqual(logged.rows.map(({ key }) => Number(key)).sort(), lacking.toSorted(), 'they wait in the change log');
  t.true(logged.rows.every(({ needs_new, needs_old }) => needs_new && !needs_old));
  t.is((await sql('SELECT FROM reembed.wanted_row')).rowCount, 0);
});

onServer.serial('a report makes no work beyond the backfill, is bounded, and is open to readers of the live view alone', async (t) => {
  const suffix = (await sql<{ suffix: string }>("SELECT suffix FROM reembed.target WHERE name = 'public.documents.embedding'")).rows[0]
    ?.suffix;
  const lacking = (await sql<{ id: number }>('SELECT id::integer FROM documents WHERE embedding_v2 IS NULL ORDER BY id')).rows.map(
    ({ id }) => id,
  );
  const client = await stage.db.pool.connect();
  const report = (keys: unknown) => client.query("SELECT reembed.report_wanted('documents', $1)", [JSON.stringify(keys)]);
  try {
    await client.query(`SET SESSION AUTHORIZATION ${READER}`);
    await t.throwsAsync(report([{ id: 1 }]), { code: '42501' } as never);
    await client.query(`RESET SESSION AUTHORIZATION; GRANT SELECT ON documents_live TO ${READER}; SET SESSION AUTHORIZATION ${READER}`);
    await t.throwsAsync(report({ id: 1 }), { code: '22023' } as never);
    await t.throwsAsync(report(Array.from({ length: 1001 }, (_, id) => ({ id }))), { code: '22023' } as never);
    await client.query('RESET SESSION AUTHORIZATION');
    await client.query(
      "INSERT INTO reembed.wanted_row (target, key) SELECT 'public.documents.embedding', jsonb_build_object('id', $1::bigint) FROM generate_series(1, 9999)",
      [lacking[0]],
    );
    await client.query(`SET SESSION AUTHORIZATION ${READER}`);
    await report(lacking.map((id) => ({ id })));
  } finally {
    client.release(true);
  }
  t.is((await sql("SELECT FROM reembed.wanted_row WHERE target = 'public.documents.embedding'")).rowCount, 10_000);

  // The rows that the application changed come first: wanted ones are only added while few wait.
  await sql(`UPDATE documents SET content = content || '.' WHERE id <= 199`);
  t.is((await sql<{ rows: string }>("SELECT reembed.log_wanted('public.documents.embedding') AS rows")).rows[0]?.rows, '1');
  t.is((await sql<{ rows: string }>("SELECT reembed.log_wanted('public.documents.embedding') AS rows")).rows[0]?.rows, '0');
  t.is((await sql(`SELECT FROM reembed.change_${suffix}`)).rowCount, 200);
});

test.serial('the new index is built early over a side table alone, joins in, and is the one that phase index accepts', async (t) => {
  const run = (table: string) => stage.workplace.run(['bridge', 'index', '--campaign', campaignOf(table)]);
  const refused = await run('documents');
  t.not(refused.code, 0);
  t.regex(refused.stderr, /HOT.*\[early_index_new_column\].*--storage side-table/);
  const side = (
    await sql<{ side: string }>('SELECT to_relation::text AS side FROM reembed.campaign WHERE name = $1', [campaignOf('books')])
  ).rows[0]?.side;
  await sql(`CREATE TABLE kept AS SELECT * FROM ${side}; DELETE FROM ${side} WHERE id > 20`);
  t.regex((await run('books')).stderr, /of 300 rows.*\[early_index_too_few_rows\].*npm run worker/);
  await sql(`INSERT INTO ${side} SELECT * FROM kept ON CONFLICT DO NOTHING; DROP TABLE kept`);
  const file = join(stage.workplace.directory, 'migrations', `${campaignOf('books')}.3_index.js`);
  const written = readFileSync(file, 'utf8');
  writeFileSync(file, written.replace('SELECT reembed.enter_phase(', 'SELECT FROM reembed.enter_phase('));
  t.regex((await run('books')).stderr, /3_index\.js was changed.*\[early_index_changed_file\]/);
  writeFileSync(file, written);
  const built = await run('books');
  t.is(built.code, 0, built.stderr);

  await stage.work();
  const { mapped, renewed } = mappedQuery(textOf(250));
  const far = vectorText(Float32Array.from(JSON.parse(mapped) as number[], (one) => -one));
  const ids = async (text: string, values: unknown[]) => (await sql<{ id: string }>(text, values)).rows.map(({ id }) => id);
  const nearest = await ids('SELECT id FROM books_new_model ORDER BY embedding <=> $1::vector LIMIT 10', [renewed]);
  t.deepEqual(
    await ids('SELECT id FROM reembed_live.bridge_books($1, $2, 10, 40)', [far, renewed]),
    nearest,
    'as the new model alone, whatever the old index recalls',
  );
  const oid = () => sql<{ oid: string }>('SELECT oid FROM pg_class WHERE relname = reembed.main_index($1)', [campaignOf('books')]);
  const early = await oid();
  t.is(early.rowCount, 1);
  await stage.bring(campaignOf('books'), 'index');
  t.deepEqual((await oid()).rows, early.rows);
});

test.serial('after the switch the ordinary search answers, and the function goes with contract; forward, back and forward', async (t) => {
  await openGates();
  const client = createSearchClient(stage.db.pool, { target: 'books', embed, refreshSeconds: 0 });
  const reason = async () =>
    (
      await client.searchBridged(
        textOf(7),
        async () => 'ordinary',
        async () => 'bridge',
      )
    ).reason;
  const isThere = async () => (await sql('SELECT FROM reembed.bridge_function($1)', [campaignOf('books')])).rowCount === 1;
  await stage.pass(campaignOf('books'));
  await sql('SELECT reembed.switch_to($1, $2)', ['books', NEW_MODEL]);
  t.is(await reason(), 'the new model is live');
  await sql('SELECT reembed.switch_to($1, $2)', ['books', OLD_MODEL]);
  t.is(await reason(), null);
  await stage.bring(campaignOf('books'), 'contract');
  t.false(await isThere());
  t.regex((await reason()) ?? '', /there is no bridge/);
  await stage.bring(campaignOf('books'), 'backfill');
  await storeMap(stage.db.pool, campaignOf('books'));
  t.true(await isThere());
  t.is(await reason(), null);
  await stage.bring(campaignOf('books'), 'none');
  t.is((await sql("SELECT FROM pg_proc WHERE proname = 'bridge_books'")).rowCount, 0);
});

test.serial('DDL on the key is possible between unhook and rehook, and the function is there again', async (t) => {
  // A VACUUM of the table may hold its lock for a moment.
  const change = `BEGIN; SELECT reembed.unhook('documents'); ALTER TABLE documents ALTER COLUMN id TYPE integer; SELECT reembed.rehook('documents'); COMMIT`;
  await withLockRetries(
    () => inSession(change),
    'DDL',
    () => {},
  );
  const { mapped, renewed } = mappedQuery(textOf(7));
  const { rows } = await sql<{ type: string }>('SELECT pg_typeof(id)::text AS type FROM reembed_live.bridge_documents($1, $2, 1)', [
    mapped,
    renewed,
  ]);
  t.is(rows[0]?.type, 'integer');
});

async function inSession(text: string): Promise<void> {
  const client = await stage.db.pool.connect();
  try {
    await client.query(text);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Sets what the gate answers: no row is an open gate. What closes it is tested with validate --bridge. */
async function openGates(reasons?: string): Promise<void> {
  await sql(`CREATE OR REPLACE FUNCTION reembed.bridge_gate(p_campaign text) RETURNS TABLE (code text, reason text) LANGUAGE sql
    AS $$ ${reasons ? `VALUES ${reasons}` : 'SELECT NULL::text, NULL::text WHERE false'} $$`);
}

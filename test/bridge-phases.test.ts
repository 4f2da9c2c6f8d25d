import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type pg from 'pg';
import { createSearchClient } from '../src/index.ts';
import { type BridgedStage, type BridgedTable, createBridgedStage, MAP, mappedQuery, setBridgeGate, storeMap } from './harness/bridge.ts';
import { until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { embedQuery } from './harness/search.ts';
import type { Stage } from './harness/stage.ts';

// The embedded database has one session.
const onServer = process.env.TEST_DATABASE_URL ? test : { serial: test.serial.skip };

let stage: Stage;
let campaigns: BridgedStage['campaigns'];
test.before(async () => {
  ({ stage, campaigns } = await createBridgedStage());
});
test.after.always(() => stage?.close());

const sql = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => stage.db.pool.query<R>(text, values);

test.serial(
  'while the gate is closed the ordinary search answers and the reason is returned; a map that is fitted again is read again',
  async (t) => {
    await setBridgeGate(stage.db.pool, "('unmeasured', 'it was not measured')");
    const client = createSearchClient(stage.db.pool, { target: 'books', embed: embedQuery, refreshSeconds: 0 });
    const search = () =>
      client.searchBridged(
        textOf(7),
        async ({ model }) => model,
        async ({ oldSpaceVector }) => oldSpaceVector,
      );
    t.deepEqual(await search(), { result: OLD_MODEL, reason: 'it was not measured' });
    await setBridgeGate(stage.db.pool);
    const { mapped } = mappedQuery(textOf(7));
    t.deepEqual(await search(), { result: mapped, reason: null });
    await storeMap(
      stage.db.pool,
      campaigns.books,
      MAP.map((one) => 2 * one),
    );
    t.deepEqual(await search(), { result: vectorText(Float32Array.from(JSON.parse(mapped) as number[], (one) => 2 * one)), reason: null });
    await storeMap(stage.db.pool, campaigns.books);
  },
);

test.serial('the new index is built early over a side table alone, joins in, and is the one that phase index accepts', async (t) => {
  const run = (table: BridgedTable) => stage.workplace.run(['bridge', 'index', '--campaign', campaigns[table]]);
  const refused = await run('documents');
  t.not(refused.code, 0);
  t.regex(refused.stderr, /HOT.*\[early_index_new_column\].*--storage side-table/);
  const side = (await sql<{ side: string }>('SELECT to_relation::text AS side FROM reembed.campaign WHERE name = $1', [campaigns.books]))
    .rows[0]?.side;
  await sql(`CREATE TABLE kept AS SELECT * FROM ${side}; DELETE FROM ${side} WHERE id > 20`);
  t.regex((await run('books')).stderr, /of 300 rows.*\[early_index_too_few_rows\].*npm run worker/);
  await sql(`INSERT INTO ${side} SELECT * FROM kept ON CONFLICT DO NOTHING; DROP TABLE kept`);
  const file = join(stage.workplace.directory, 'migrations', `${campaigns.books}.3_index.js`);
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
  await setBridgeGate(stage.db.pool);
  t.deepEqual(await Promise.all([depthOfLastScan(100), depthOfLastScan(500)]), ['60', '300'], 'the new index is examined less deeply');
  const oid = () => sql<{ oid: string }>('SELECT oid FROM pg_class WHERE relname = reembed.main_index($1)', [campaigns.books]);
  const early = await oid();
  t.is(early.rowCount, 1);
  await stage.bring(campaigns.books, 'index');
  t.deepEqual((await oid()).rows, early.rows);
});

/** What the last scan of the client's statement, that of the new index, set for itself. */
async function depthOfLastScan(candidates: number): Promise<string> {
  const session = await stage.db.pool.connect();
  try {
    await session.query('BEGIN');
    const client = createSearchClient(session, { target: 'books', embed: embedQuery });
    await client.searchBridged(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const { text, values } = statement({ columns: 'd.id', candidates });
        return (await session.query(text, values)).rows;
      },
    );
    return (await session.query<{ depth: string }>("SELECT current_setting('hnsw.ef_search') AS depth")).rows[0]?.depth ?? '';
  } finally {
    await session.query('ROLLBACK');
    session.release();
  }
}

onServer.serial('a switch locks the views in the order in which searches over the bridge read them', async (t) => {
  await stage.bring(campaigns.books, 'index');
  await stage.pass(campaigns.books);
  const search = await stage.db.pool.connect();
  try {
    await search.query('BEGIN; SELECT FROM books_old_model LIMIT 0');
    const waiting = `SELECT EXISTS (SELECT FROM pg_locks AS o WHERE o.pid = w.pid AND o.relation = 'books_new_model'::regclass AND o.granted) AS holds_other
        FROM pg_locks AS w JOIN pg_database AS d ON d.oid = w.database
       WHERE d.datname = current_database() AND w.relation = 'books_old_model'::regclass AND NOT w.granted`;
    let isOver = true;
    let switching: Promise<unknown> | undefined;
    let found: { holds_other: boolean }[] = [];
    await until(async () => {
      if (isOver) {
        isOver = false;
        // It gives up after 0.3 s.
        switching = sql('SELECT reembed.switch_to($1, $2)', ['books', NEW_MODEL])
          .catch(() => {})
          .finally(() => {
            isOver = true;
          });
      }
      found = (await sql<{ holds_other: boolean }>(waiting)).rows;
      return found.length > 0;
    }, 'the switch waits for the search');
    t.deepEqual(found, [{ holds_other: false }], 'the search, which goes on to the view of the new model, need not wait for the switch');
    await switching;
  } finally {
    await search.query('ROLLBACK');
    search.release();
  }
});

test.serial('after the switch the ordinary search answers, and the function goes with contract; forward, back and forward', async (t) => {
  await setBridgeGate(stage.db.pool);
  const client = createSearchClient(stage.db.pool, { target: 'books', embed: embedQuery, refreshSeconds: 0 });
  const reason = async () =>
    (
      await client.searchBridged(
        textOf(7),
        async () => 'ordinary',
        async () => 'bridge',
      )
    ).reason;
  const isThere = async () => (await sql('SELECT FROM reembed.bridge_function($1)', [campaigns.books])).rowCount === 1;
  await stage.pass(campaigns.books);
  await sql('SELECT reembed.switch_to($1, $2)', ['books', NEW_MODEL]);
  t.is(await reason(), 'the new model is live');
  await sql('SELECT reembed.switch_to($1, $2)', ['books', OLD_MODEL]);
  t.is(await reason(), null);
  await stage.bring(campaigns.books, 'contract');
  t.false(await isThere());
  t.regex((await reason()) ?? '', /there is no bridge/);
  await stage.bring(campaigns.books, 'backfill');
  await storeMap(stage.db.pool, campaigns.books);
  t.true(await isThere());
  t.is(await reason(), null);
  await stage.bring(campaigns.books, 'none');
  t.is((await sql("SELECT FROM pg_proc WHERE proname = 'bridge_books'")).rowCount, 0);
});

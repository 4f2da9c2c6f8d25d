import test from 'ava';
import type pg from 'pg';
import { createSearchClient } from '../src/index.ts';
import type { BridgedRow } from '../src/reading/bridge.ts';
import { createBridgedStage, setBridgeGate } from './harness/bridge.ts';
import { textOf } from './harness/documents.ts';
import { createLogin } from './harness/roles.ts';
import { embedQuery } from './harness/search.ts';
import type { Stage } from './harness/stage.ts';

// The embedded database has one role.
const onServer = process.env.TEST_DATABASE_URL ? test : { serial: test.serial.skip };

let stage: Stage;
test.before(async () => {
  ({ stage } = await createBridgedStage());
});
test.after.always(() => stage?.close());

const sql = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => stage.db.pool.query<R>(text, values);

/** A row as the statement of a bridge finds it. */
interface Found extends BridgedRow {
  id: string;
}

test.serial('rows that searches found without a new vector are reported once, and workers embed them before the batches', async (t) => {
  await setBridgeGate(stage.db.pool);
  const client = createSearchClient(stage.db.pool, { target: 'books', embed: embedQuery });
  const search = () =>
    client.searchBridged<Found[]>(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const { text, values } = statement({ columns: 'd.id' });
        return (await sql<Found>(text, values)).rows;
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
  const reader = await createLogin(t, stage.db, 'reader', () => []);
  const suffix = (await sql<{ suffix: string }>("SELECT suffix FROM reembed.target WHERE name = 'public.documents.embedding'")).rows[0]
    ?.suffix;
  const lacking = (await sql<{ id: number }>('SELECT id::integer FROM documents WHERE embedding_v2 IS NULL ORDER BY id')).rows.map(
    ({ id }) => id,
  );
  const client = await stage.db.pool.connect();
  const report = (keys: unknown) => client.query("SELECT reembed.report_wanted('documents', $1)", [JSON.stringify(keys)]);
  try {
    await client.query(`SET SESSION AUTHORIZATION ${reader.name}`);
    await t.throwsAsync(report([{ id: 1 }]), { code: '42501' } as never);
    await client.query(
      `RESET SESSION AUTHORIZATION; GRANT SELECT ON documents_live TO ${reader.name}; SET SESSION AUTHORIZATION ${reader.name}`,
    );
    await t.throwsAsync(report({ id: 1 }), { code: '22023' } as never);
    await t.throwsAsync(report(Array.from({ length: 1001 }, (_, id) => ({ id }))), { code: '22023' } as never);
    await client.query('RESET SESSION AUTHORIZATION');
    await client.query(
      "INSERT INTO reembed.wanted_row (target, key) SELECT 'public.documents.embedding', jsonb_build_object('id', $1::bigint) FROM generate_series(1, 9999)",
      [lacking[0]],
    );
    await client.query(`SET SESSION AUTHORIZATION ${reader.name}`);
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

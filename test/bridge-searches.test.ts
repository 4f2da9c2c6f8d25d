import test, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { withLockRetries } from '../src/database/lock-retries.ts';
import { createSearchClient } from '../src/index.ts';
import type { BridgedRow } from '../src/reading/bridge.ts';
import { CALIBRATION, createBridgedStage, mappedQuery, setBridgeGate } from './harness/bridge.ts';
import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
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

for (const table of ['documents', 'books'] as const) {
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
  await setBridgeGate(stage.db.pool);
  const client = createSearchClient(stage.db.pool, { target: 'books', embed: embedQuery });
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

test.serial('a connection that prepares the statement keeps its plan, and finds the same rows', async (t) => {
  await setBridgeGate(stage.db.pool);
  const client = createSearchClient(stage.db.pool, { target: 'books', embed: embedQuery });
  const session = await stage.db.pool.connect();
  try {
    const { result } = await client.searchBridged<string[]>(
      textOf(7),
      async () => [],
      async ({ statement }) => {
        const parts = { columns: 'd.id', where: 'd.id % $1 = 0', values: [3], limit: 1, candidates: 5, prepare: true };
        const found: string[] = [];
        for (let i = 0; i < 8; i++) found.push(JSON.stringify((await session.query(statement(parts))).rows));
        t.is(statement({ ...parts, prepare: false }).name, undefined, 'a pooler may not know prepared statements');
        t.not(statement(parts).name, statement({ ...parts, columns: 'd.content' }).name);
        t.throws(() => statement({ ...parts, limit: '1; SELECT 1' as never }), { instanceOf: TypeError });
        return found;
      },
    );
    t.is(new Set(result).size, 1);
    const kept = await session.query<{ plans: string }>(
      "SELECT generic_plans AS plans FROM pg_prepared_statements WHERE starts_with(name, 'reembed_')",
    );
    t.deepEqual(
      kept.rows.map(({ plans }) => Number(plans) > 0),
      [true],
    );
  } finally {
    session.release(true);
  }
});

test.serial('a query of other dimensions, and more candidates than an index returns, are refused', async (t) => {
  await t.throwsAsync(sql("SELECT FROM reembed_live.bridge_documents('[1,2]', $1)", [mappedQuery('x').renewed]), {
    code: 'RE002',
  } as never);
  await t.throwsAsync(bridged('documents', [10, 1001]), { code: '22023' } as never);
});

onServer.serial('the caller sees what grants and policies let it see, and gets k of these rows', async (t) => {
  const reader = await createLogin(t, stage.db, 'reader', () => []);
  await sql(`ALTER TABLE books ENABLE ROW LEVEL SECURITY; CREATE POLICY even ON books FOR SELECT TO ${reader.name} USING (id % 2 = 0)`);
  const client = await stage.db.pool.connect();
  const { mapped, renewed } = mappedQuery(textOf(7));
  const search = () => client.query('SELECT id FROM reembed_live.bridge_books($1, $2, 20)', [mapped, renewed]);
  try {
    await client.query(`SET ROLE ${reader.name}`);
    await t.throwsAsync(search(), { message: /permission denied/ });
    await client.query(`RESET ROLE; GRANT SELECT ON books, books_live TO ${reader.name}; SELECT reembed.share_view_grants('public.books.embedding'),
      reembed.share_side_tables('public.books.embedding'); SET ROLE ${reader.name}`);
    const found = (await search()).rows.map(({ id }) => Number(id));
    t.is(found.length, 20);
    t.true(found.every((id) => id % 2 === 0));
  } finally {
    client.release(true);
    await sql('ALTER TABLE books DISABLE ROW LEVEL SECURITY; DROP POLICY even ON books');
  }
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

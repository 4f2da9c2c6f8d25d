import { randomBytes } from 'node:crypto';
import test from 'ava';
import pg from 'pg';
import type { Database } from '../src/database/connection.ts';
import { NoQueries } from '../src/validation/validation-error.ts';
import { until } from './harness/campaign.ts';
import { OLD_MODEL } from './harness/documents.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './harness/validation.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 60);
  await createFilledCampaign(database.pool, 'others', 20);
});
test.beforeEach(async () => {
  await database.pool.query('DELETE FROM reembed.query_log; UPDATE reembed.setting SET query_log_percent = 100, query_log_rows = 10000');
});
test.after.always(() => database?.close());

const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);

async function log(target: string | null, text: string | null, key?: string): Promise<boolean> {
  return (await sql('SELECT reembed.log_query($1, $2, $3) AS kept', [target, text, key ?? null])).rows[0].kept;
}

async function logged(): Promise<string[]> {
  return (await sql('SELECT text FROM reembed.query_log ORDER BY id')).rows.map(({ text }) => text);
}

test.serial('no query is logged until a share is set', async (t) => {
  await sql('UPDATE reembed.setting SET query_log_percent = DEFAULT');
  t.false(await log('documents', 'red shoes'));
  await sql("UPDATE reembed.setting SET query_log_percent = 100 WHERE target = 'public.documents.embedding'");
  t.true(await log('documents', 'red shoes', 'user 7'));
  t.false(await log('others', 'of another table'));
  const { rows } = await sql('SELECT target, text, model, caller_key FROM reembed.query_log');
  t.deepEqual(rows, [{ target: 'public.documents.embedding', text: 'red shoes', model: OLD_MODEL, caller_key: 'user 7' }]);
});

test.serial('about the share of queries that was set is logged', async (t) => {
  await sql('UPDATE reembed.setting SET query_log_percent = 20');
  const { rows } = await sql(
    "SELECT count(*) FILTER (WHERE reembed.log_query('documents', 'query ' || i))::int AS kept FROM generate_series(1, 2000) AS i",
  );
  t.true(rows[0].kept > 300 && rows[0].kept < 500, String(rows[0].kept));
});

test.serial('a search never fails because its query cannot be logged', async (t) => {
  t.false(await log('no such table', 'red shoes'));
  t.false(await log('documents', '  '));
  t.false(await log('documents', null));
  t.false(await log(null, 'several targets fit'));
  const client = await database.pool.connect();
  await client.query('BEGIN READ ONLY');
  t.false((await client.query("SELECT reembed.log_query('documents', 'red shoes') AS kept")).rows[0].kept);
  await client.query('ROLLBACK');
  client.release();
  t.deepEqual(await logged(), []);
  t.true(await log('documents', 'x'.repeat(10_000)));
  t.is((await logged())[0]?.length, 8000);
  t.true(await log('documents', 'a long key', 'k'.repeat(10_000)));
  t.is((await sql("SELECT length(caller_key) FROM reembed.query_log WHERE text = 'a long key'")).rows[0].length, 200);
});

test.serial('only the newest queries of each table are kept', async (t) => {
  await sql('UPDATE reembed.setting SET query_log_rows = 5');
  for (let i = 1; i <= 12; i++) await log('documents', `query ${i}`);
  await log('others', 'another table');
  t.deepEqual(await logged(), ['query 8', 'query 9', 'query 10', 'query 11', 'query 12', 'another table']);

  await sql('UPDATE reembed.setting SET query_log_rows = 300');
  for (const target of ['documents', 'others'])
    await sql("SELECT reembed.log_query($1, 'more ' || i) FROM generate_series(1, 1000) AS i", [target]);
  const { rows } = await sql(
    'SELECT target, count(*)::int AS rows, max(id) = (SELECT max(id) FROM reembed.query_log AS n WHERE n.target = l.target) AS newest FROM reembed.query_log AS l GROUP BY target',
  );
  t.is(rows.length, 2);
  t.true(
    rows.every((row) => row.rows <= 300 && row.rows > 290 && row.newest),
    JSON.stringify(rows),
  );
});

test.serial('a search under an older snapshot does not fail because others have trimmed the log', async (t) => {
  if (database.embedded || !process.env.TEST_DATABASE_URL) return t.pass('one session: nothing happens meanwhile');
  await sql('UPDATE reembed.setting SET query_log_rows = 5');
  for (let i = 1; i <= 5; i++) await log('documents', `query ${i}`);
  const client = await database.pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM reembed.query_log');
  for (let i = 6; i <= 9; i++) await log('documents', `query ${i}`);
  t.true((await client.query("SELECT reembed.log_query('documents', 'of an older snapshot') AS kept")).rows[0].kept);
  await client.query('COMMIT');
  client.release();
});

test.serial('queries of a table that is no longer looked after go with the next trim', async (t) => {
  await sql("INSERT INTO reembed.query_log (target, text, model) VALUES ('gone', 'of a table that is gone', 'old-model')");
  await sql('UPDATE reembed.setting SET query_log_rows = 5');
  await log('documents', 'one more');
  t.deepEqual(await logged(), ['one more']);
});

test.serial('logged queries are compared, each text once', async (t) => {
  for (const text of ['violin', 'violin', 'a bridge of copper', 'river stone']) await log('documents', text);
  await log('others', 'of another table');
  const result = await validateTable(database, 'documents', { queries: { kind: 'log' } });
  t.deepEqual(result.queries.map(({ label }) => label).sort(), ['a bridge of copper', 'river stone', 'violin']);
  t.is(result.querySource, 'log');
  t.is((await validateTable(database, 'documents', { queries: { kind: 'log' }, sample: 2 })).queries.length, 2);
  await sql('DELETE FROM reembed.query_log');
  const empty = await t.throwsAsync(validateTable(database, 'documents', { queries: { kind: 'log' } }), { instanceOf: NoQueries });
  t.regex(empty?.remedy ?? '', /query_log_percent=100/);
});

test.serial('known items give judged figures without judgements: a model that finds the rows, and one that lost its vectors', async (t) => {
  await createFilledCampaign(database.pool, 'known', 200);
  const good = await validateTable(database, 'known', { queries: { kind: 'generated' }, sample: 60, seed: 1 });
  t.is(good.judgedQueries, 60);
  t.true(good.knownItems);
  t.true((good.mrr?.before ?? 0) > 0.5 && (good.mrr?.after ?? 0) > 0.5, JSON.stringify(good.mrr));
  t.deepEqual(good.reasons, []);
  t.true(good.metrics.some(({ slice, sliceValue }) => slice === 'kind' && sliceValue === 'terms'));

  // Each row gets the vector of another one.
  await sql(
    'UPDATE known AS t SET embedding_v2 = o.embedding_v2 FROM (SELECT id, embedding_v2 FROM known) AS o WHERE o.id = (t.id % 200) + 1',
  );
  const lost = await validateTable(database, 'known', { queries: { kind: 'generated' }, sample: 60, seed: 1 });
  t.true((lost.mrr?.after ?? 1) < 0.2);
  t.regex(lost.reasons.join(), /^nDCG@10 of 60 queries made of rows in their own words went from /);
  const { rows } = await sql('SELECT known_items, judged_queries, query_source FROM reembed.validation WHERE id = $1', [lost.id]);
  t.deepEqual(rows, [{ known_items: true, judged_queries: 60, query_source: 'generated' }]);
});

// The embedded database has one session and one role.
if (process.env.TEST_DATABASE_URL) {
  test.serial('only who may search may log, and not read the log, and no call waits for the trim of another', async (t) => {
    await sql('UPDATE reembed.setting SET query_log_rows = 5');
    const role = `reembed_test_${randomBytes(4).toString('hex')}`;
    await sql(`CREATE ROLE ${role} LOGIN PASSWORD 'test'`);
    t.teardown(() => sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = Object.assign(new URL(database.url), { username: role, password: 'test' });
    const application = new pg.Client({ connectionString: url.href, application_name: 'logs' });
    await application.connect();
    t.teardown(() => application.end());
    const keeps = async () => (await application.query("SELECT reembed.log_query('documents', 'red shoes') AS kept")).rows[0].kept;
    t.false(await keeps());
    t.deepEqual(await logged(), []);
    const { rows } = await sql("SELECT quote_ident(live_view) AS view FROM reembed.target WHERE name = 'public.documents.embedding'");
    await sql(`GRANT SELECT ON ${rows[0].view} TO ${role}`);
    t.true(await keeps());
    await t.throwsAsync(application.query('SELECT * FROM reembed.query_log'), { message: /permission denied/ });

    // A transaction that trims, and stays open.
    const trimming = await database.pool.connect();
    await trimming.query('BEGIN');
    for (let i = 0; i < 10; i++) await trimming.query("SELECT reembed.log_query('documents', 'long transaction')");
    let done = false;
    const calls = (async () => {
      for (let i = 0; i < 20; i++) await application.query("SELECT reembed.log_query('documents', 'short')");
      done = true;
    })();
    await until(() => done, 'calls beside an open transaction', 10);
    await calls;
    await trimming.query('COMMIT');
    trimming.release();
  });
}

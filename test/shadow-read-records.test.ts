import test from 'ava';
import { NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createSearchStage } from './harness/search.ts';
import { recordedShadowReads, resetShadowReads } from './harness/shadow-reads.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createSearchStage();
});
test.beforeEach(() => resetShadowReads(stage.db.pool));
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const records = () => recordedShadowReads(stage.db.pool);

test.serial('while shadow reads are off none is recorded, and only the code of an error is kept', async (t) => {
  const record = (error: string) =>
    sql('SELECT reembed.record_shadow_read($1, $2, $3, false, 10, NULL, 1, 1, 1, 1, NULL, NULL, $4) FROM generate_series(1, 500)', [
      'documents',
      OLD_MODEL,
      NEW_MODEL,
      error,
    ]);
  await sql('UPDATE reembed.setting SET shadow_percent = 0');
  await record('timeout');
  t.is((await records()).length, 0);
  await sql('UPDATE reembed.setting SET shadow_percent = 100');
  for (const error of ['timeout', '\x1b[31mred', '<http://example.org|click>', 'a word of the query']) await record(error);
  t.deepEqual(new Set((await records()).map(({ error }) => error)), new Set(['timeout', 'other']));
});

test.serial('an invalid shadow read is not recorded, and numbers stay within bounds', async (t) => {
  const record = (k: string, overlap: string, ms: string, error = 'NULL') =>
    sql(
      `SELECT reembed.record_shadow_read('documents', '${OLD_MODEL}', '${NEW_MODEL}', NULL, ${k}, ${overlap}, ${ms}, ${ms}, ${ms}, ${ms}, NULL, NULL, ${error})`,
    );
  for (const overlap of ['NULL', "'NaN'", "'Infinity'", '-0.1', '1.1']) await record('10', overlap, '1');
  t.deepEqual(await records(), []);
  await record('2147483647', '1', "'Infinity'");
  await record('-1', '0', "'NaN'");
  await record('NULL', "'NaN'", '-1', "'timeout'");
  await record('NULL', 'NULL', 'NULL', "'timeout'");
  t.deepEqual(
    (await records()).map(({ k, overlap, served_ms, error }) => [k, overlap, served_ms, error]),
    [
      [100000, 1, 3600000, null],
      [0, 0, 3600000, null],
      [null, null, 0, 'timeout'],
      [null, null, null, 'timeout'],
    ],
  );
});

for (const [what, table, call] of [
  [
    'shadow reads',
    'shadow_read',
    `reembed.record_shadow_read('documents', '${OLD_MODEL}', '${NEW_MODEL}', false, 10, 0.5, 1, 1, 1, 1, NULL, NULL, NULL)`,
  ],
  ['logged queries', 'query_log', "reembed.log_query('documents', 'a query')"],
] as const) {
  test.serial(`readers put no more than 6,000 ${what} a minute on record, and nobody sees an error`, async (t) => {
    await sql('UPDATE reembed.setting SET query_log_percent = 100');
    const minute = async () =>
      (await sql('SELECT floor(extract(epoch FROM clock_timestamp()) / 60)::bigint * 1000000000 AS now')).rows[0].now;
    const count = async () => Number((await sql(`SELECT count(*) FROM reembed.${table}`)).rows[0].count);
    let kept = 0;
    let isOneMinute = false;
    while (!isOneMinute) {
      const now = await minute();
      const before = await count();
      await sql(`SELECT setval('reembed.${table}_count', $1::bigint + 5990)`, [now]);
      await sql(`SELECT ${call} FROM generate_series(1, 30)`);
      kept = (await count()) - before;
      isOneMinute = now === (await minute());
    }
    t.is(kept, 10);
    await sql(`SELECT setval('reembed.${table}_count', $1::bigint - 60000)`, [await minute()]);
    await sql(`SELECT ${call}`);
    t.true((await count()) > kept, 'the next minute has a count of its own');
    await sql('UPDATE reembed.setting SET query_log_percent = 0');
  });
}

const RECORD_TWO_HUNDRED = `SELECT reembed.record_shadow_read('documents', '${OLD_MODEL}', '${NEW_MODEL}', false, 10, 0.5, 1, 1, 1, 1, NULL, NULL, NULL)
  FROM generate_series(1, 200)`;

if (process.env.TEST_DATABASE_URL) {
  test.serial('a shadow read is recorded without waiting for a transaction that trims at the same moment', async (t) => {
    await sql(RECORD_TWO_HUNDRED);
    await sql('UPDATE reembed.setting SET shadow_rows = 10');
    const other = await stage.db.pool.connect();
    const application = await stage.db.pool.connect();
    try {
      await other.query('BEGIN');
      await other.query('SELECT reembed.trim_shadow_reads()');
      await application.query("BEGIN; SET LOCAL lock_timeout = '2s'");
      await t.notThrowsAsync(application.query(RECORD_TWO_HUNDRED));
      await application.query('COMMIT');
      await t.notThrowsAsync(sql("SET lock_timeout = '2s'; SELECT reembed.trim_shadow_reads(); RESET lock_timeout"), 'the watch waits');
      await other.query('COMMIT');
    } finally {
      for (const client of [other, application]) client.release(true);
    }
    await sql('SELECT reembed.trim_shadow_reads()');
    t.is((await records()).length, 10);
  });

  for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
    test.serial(`a shadow read is recorded in a ${level} transaction whose snapshot still shows rows that were trimmed`, async (t) => {
      await sql(RECORD_TWO_HUNDRED);
      await sql('UPDATE reembed.setting SET shadow_rows = 10');
      const application = await stage.db.pool.connect();
      try {
        await application.query(`BEGIN ISOLATION LEVEL ${level}`);
        await application.query('SELECT count(*) FROM documents');
        await sql('SELECT reembed.trim_shadow_reads()');
        await t.notThrowsAsync(application.query(RECORD_TWO_HUNDRED));
        await t.notThrowsAsync(application.query('COMMIT'));
      } finally {
        application.release(true);
      }
      t.is((await records()).length, 210);
    });
  }

  test.serial('two SERIALIZABLE transactions that record shadow reads at the same time both commit', async (t) => {
    await sql('UPDATE reembed.setting SET shadow_rows = 10');
    const clients = await Promise.all([stage.db.pool.connect(), stage.db.pool.connect()]);
    try {
      for (const client of clients) await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      for (const client of clients) await client.query(RECORD_TWO_HUNDRED);
      for (const client of clients) await t.notThrowsAsync(client.query('COMMIT'));
    } finally {
      for (const client of clients) client.release(true);
    }
  });
}

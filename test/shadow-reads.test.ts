import test from 'ava';
import pg from 'pg';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery, keyHash, type SearchClient } from '../src/index.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const DEFAULTS =
  "shadow_percent = 100, shadow_per_second = 1000, shadow_timeout = '5 seconds', shadow_keeps_text = false, shadow_rows = 10000";

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
});
test.beforeEach(async () => {
  await sql(`UPDATE reembed.setting SET canary_percent = 0, ${DEFAULTS}`);
  await sql('DELETE FROM reembed.shadow_read');
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const embed: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);
const records = async () => (await sql('SELECT * FROM reembed.shadow_read ORDER BY id')).rows;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const clientOf = (embedder = embed) => createSearchClient(stage.db.pool, { target: 'documents', embed: embedder });

async function top({ model, vector, view }: EmbeddedQuery): Promise<number[]> {
  const { rows } = await sql(
    `SELECT id::int FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
    [model, vector],
  );
  return rows.map(({ id }) => id);
}

const find = (client: SearchClient, i: number, key?: string) =>
  client.search(textOf(i), top, { ids: (found) => found, ...(key === undefined ? {} : { key }) });

test.serial('after the answer the other model is asked, and overlap and latency are put on record, but not the text', async (t) => {
  const client = clientOf();
  const served = await find(client, 7, 'ann');
  await client.close();
  const [record, ...more] = await records();
  t.deepEqual(more, []);
  const vector = `[${vectorOf(NEW_MODEL, textOf(7), 24).join()}]`;
  const shadow = await top({ model: NEW_MODEL, vector, nearest: null, view: 'documents_new_model' });
  t.is(record.overlap, served.filter((id) => shadow.includes(id)).length / 10);
  t.deepEqual([record.served_model, record.shadow_model, record.is_canary, record.k], [OLD_MODEL, NEW_MODEL, false, 10]);
  for (const name of ['served_ms', 'shadow_ms', 'served_embedding_ms', 'shadow_embedding_ms']) t.true(record[name] >= 0, name);
  t.is(Number(record.key_hash), keyHash(NEW_MODEL, 'ann'));
  t.deepEqual([record.query, record.error], [null, null]);
  t.deepEqual(client.shadowReads, { recorded: 1, lost: 0, skipped: 0 });

  await sql('UPDATE reembed.setting SET shadow_keeps_text = true, canary_percent = 100');
  const other = clientOf();
  await find(other, 8, 'ann');
  await other.close();
  const last = (await records()).at(-1);
  t.deepEqual([last.served_model, last.shadow_model, last.is_canary, last.query], [NEW_MODEL, OLD_MODEL, true, textOf(8)]);
});

test.serial('so many percent of the searches are followed, and none without results to compare', async (t) => {
  await sql('UPDATE reembed.setting SET shadow_percent = 20');
  const client = clientOf();
  for (let i = 1; i <= 200; i++) await find(client, i);
  await client.close();
  const { recorded, skipped } = client.shadowReads;
  // Six standard deviations around 40.
  t.true(recorded + skipped > 5 && recorded + skipped < 75, `${recorded} of 200`);
  const plain = clientOf();
  await sql('UPDATE reembed.setting SET shadow_percent = 100');
  await plain.search(textOf(1), top);
  await plain.close();
  t.deepEqual(plain.shadowReads, { recorded: 0, lost: 0, skipped: 0 });
});

test.serial('an answer never waits for a shadow read and never fails with it', async (t) => {
  const slow: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) await pause(700);
    return embed(text, model);
  };
  const client = clientOf(slow);
  const startedAt = performance.now();
  await find(client, 7);
  const answeredAfter = performance.now() - startedAt;
  await client.close();
  t.true(answeredAfter < 500 && performance.now() - startedAt >= 700, `${answeredAfter} ms`);
  t.true((await records())[0].shadow_embedding_ms >= 690);

  const failing: EmbedQuery = async (text, model) => {
    if (model.name === NEW_MODEL) throw new Error(`cannot embed ${text}`);
    return embed(text, model);
  };
  const unlucky = clientOf(failing);
  t.is((await find(unlucky, 7))[0], 7);
  await unlucky.close();
  t.is((await records()).at(-1).error, 'Error', 'what was asked is not in it');

  // The record itself may be refused.
  await sql("UPDATE reembed.setting SET shadow_timeout = '4 seconds'");
  const lost = createSearchClient(refusing(stage.db.pool, 'record_shadow_read'), { target: 'documents', embed });
  t.is((await lost.search(textOf(7), top, { ids: (found) => found }))[0], 7);
  await lost.close();
  t.deepEqual(lost.shadowReads, { recorded: 0, lost: 1, skipped: 0 });
});

/** The pool, but for one statement, which fails. */
function refusing(pool: pg.Pool, word: string): pg.Pool {
  return new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name);
      return async (text: string, values: unknown[]) => {
        if (text.includes(word)) throw new Error('refused');
        return target.query(text, values);
      };
    },
  });
}

test.serial('a shadow read that takes too long is given up, and while it hangs it keeps others from beginning', async (t) => {
  await sql("UPDATE reembed.setting SET shadow_timeout = '200 milliseconds'");
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const client = clientOf();
  const search = (i: number) =>
    client.search(
      textOf(i),
      async (query) => {
        if (query.model === NEW_MODEL) await held;
        return top(query);
      },
      { ids: (found) => found },
    );
  for (let i = 1; i <= 10; i++) await search(i);
  await until(() => client.shadowReads.recorded === 4, 'four given up', 10);
  t.is(client.shadowReads.skipped, 6);
  await search(11);
  t.is(client.shadowReads.skipped, 7, 'they were given up, but their searches are still under way');
  release();
  await pause(50);
  await search(12);
  await client.close();
  t.deepEqual(
    (await records()).map(({ error }) => error),
    ['timeout', 'timeout', 'timeout', 'timeout', null],
  );
});

test.serial('of searches that are answered at the same moment no more than four are followed', async (t) => {
  const client = clientOf();
  let underWay = 0;
  let most = 0;
  const run = async ({ model }: EmbeddedQuery) => {
    if (model === NEW_MODEL) {
      most = Math.max(most, ++underWay);
      await pause(20);
      underWay -= 1;
    }
    return [1];
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client.search(textOf(i), run, { ids: (found) => found })));
  await client.close();
  t.is(most, 4);
  t.deepEqual(client.shadowReads, { recorded: 4, lost: 0, skipped: 16 });
});

test.serial('there are no more a second than the setting allows, and no more are kept', async (t) => {
  await sql('UPDATE reembed.setting SET shadow_per_second = 3, shadow_rows = 50');
  const client = clientOf();
  const startedAt = performance.now();
  for (let i = 1; i <= 30; i++) await find(client, i);
  await client.close();
  const seconds = Math.floor((performance.now() - startedAt) / 1000) + 2;
  t.true(client.shadowReads.recorded <= 3 * seconds, `${client.shadowReads.recorded} in ${seconds} s`);
  t.is(client.shadowReads.recorded + client.shadowReads.skipped, 30);

  await sql(
    `SELECT reembed.record_shadow_read('documents', '${OLD_MODEL}', '${NEW_MODEL}', false, 10, 0.5, 1, 1, 1, 1, NULL, NULL, NULL) FROM generate_series(1, 500)`,
  );
  const { rows } = await sql('SELECT count(*)::int AS kept, min(id) = max(id) - count(*) + 1 AS newest FROM reembed.shadow_read');
  t.true(rows[0].kept < 150 && rows[0].newest, `${rows[0].kept} kept`);
  await sql('SELECT reembed.trim_shadow_reads()');
  t.is((await records()).length, 50);
});

test.serial('while shadow reads are off none is recorded, and only the code of an error is kept', async (t) => {
  const record = (error: string) =>
    sql('SELECT reembed.record_shadow_read($1, $2, $3, false, 10, NULL, 1, 1, 1, 1, NULL, NULL, $4) FROM generate_series(1, 500)', [
      'documents',
      OLD_MODEL,
      NEW_MODEL,
      error,
    ]);
  await sql('DELETE FROM reembed.shadow_read; UPDATE reembed.setting SET shadow_percent = 0');
  await record('timeout');
  t.is((await records()).length, 0);
  await sql('UPDATE reembed.setting SET shadow_percent = 100');
  for (const error of ['timeout', '\x1b[31mred', '<http://example.org|click>', 'a word of the query']) await record(error);
  t.deepEqual(new Set((await records()).map(({ error }) => error)), new Set(['timeout', 'other']));
  await sql('DELETE FROM reembed.shadow_read');
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

test.serial('with a single connection, which the next statement of the application needs, there is none', async (t) => {
  const single = new pg.Client({ connectionString: stage.db.url });
  await single.connect();
  const client = createSearchClient(single, { target: 'documents', embed });
  await find(client, 7);
  await client.close();
  await single.end();
  t.deepEqual(client.shadowReads, { recorded: 0, lost: 0, skipped: 1 });
});

test.serial('a pool without a free connection is left to the answers', async (t) => {
  const pool = new pg.Pool({ connectionString: stage.db.url, max: 1 });
  pool.on('error', () => {});
  const client = createSearchClient(pool, { target: 'documents', embed });
  const run = async ({ model, vector, view }: EmbeddedQuery) => {
    const { rows } = await pool.query(
      `SELECT id FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
      [model, vector],
    );
    return rows.map(({ id }) => id as string);
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client.search(textOf(i + 1), run, { ids: (found) => found })));
  await client.close();
  await pool.end();
  t.true(client.shadowReads.skipped > 5, JSON.stringify(client.shadowReads));
  t.is(client.shadowReads.lost, 0);
});

import { randomBytes } from 'node:crypto';
import test from 'ava';
import pg from 'pg';
import type { Database } from '../src/database/connection.ts';
import { type ValidateOptions, validate } from '../src/validation/validate.ts';
import {
  ColumnMissing,
  JudgementsFitNoQuery,
  JudgementsFitNoRow,
  NoQueries,
  NothingToCompare,
  QueryTableMissing,
  ScanCancelled,
} from '../src/validation/validation-error.ts';
import { until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, startCampaign, testEmbedder, validateTable } from './harness/validation.ts';

// The embedded server has no timers.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 40);
  await database.pool.query(`CREATE TABLE search_log (nr int, words text);
    INSERT INTO search_log SELECT i, 'river stone ' || i FROM generate_series(1, 300) AS i; INSERT INTO search_log VALUES (301, ' '), (302, NULL), (NULL, 'violin')`);
});
test.after.always(() => database?.close());

function run(table: string, options: Partial<ValidateOptions> = {}) {
  return validateTable(database, table, options);
}

const log = { kind: 'table', table: 'search_log', textColumn: 'words', idColumn: 'nr' } as const;

test('200 queries are drawn from a table, none of them blank', async (t) => {
  const result = await run('documents', { queries: log });
  t.is(result.queries.length, 200);
  t.is(new Set(result.queries.map((query) => query.label)).size, 200);
  t.true(result.queries.every((query) => /river|violin/.test(query.label)));
  t.is(result.querySource, 'table search_log');
});

test('judged queries of a table are drawn first', async (t) => {
  const judgements = new Map(['17', '203', 'violin'].map((id) => [id, new Map([['1', 1]])]));
  const result = await run('documents', { queries: log, judgements, sample: 3 });
  t.deepEqual(result.queries.map((query) => query.label).sort(), ['17: river stone 17', '203: river stone 203', 'violin']);
  t.is(result.judgedQueries, 3);
});

test('no text is embedded for queries that are rows', async (t) => {
  await t.notThrowsAsync(run('documents', { embedder: () => Promise.reject(new Error('called')) }));
});

test('each model is asked once, with all queries', async (t) => {
  const asked: string[] = [];
  const embedder: ValidateOptions['embedder'] = (model, texts, role, side) => {
    asked.push(`${side} ${model.name} ${role} ${texts.length}`);
    return testEmbedder(model, texts, role, side);
  };
  await run('documents', { queries: log, sample: 7, embedder });
  t.deepEqual(asked.sort(), [`new ${NEW_MODEL} query 7`, `old ${OLD_MODEL} query 7`]);
});

test('a table or column that is not there is refused with what there is', async (t) => {
  for (const table of ['public.nothing', 'no/name', '"', 'a.b.c.d', 'search_log; DROP TABLE search_log']) {
    await t.throwsAsync(run('documents', { queries: { ...log, table } }), { instanceOf: QueryTableMissing }, table);
  }
  const noText = await t.throwsAsync(run('documents', { queries: { ...log, textColumn: 'word' } }), { instanceOf: ColumnMissing });
  t.is(noText?.message, 'public.search_log has no column word');
  t.is(noText?.remedy, 'correct --query-text; the columns are nr, words');
  const noId = await t.throwsAsync(run('documents', { queries: { ...log, idColumn: 'id' } }), { instanceOf: ColumnMissing });
  t.regex(noId?.remedy ?? '', /--query-id/);
  await t.throwsAsync(run('documents', { judgementColumn: 'doc' }), { instanceOf: ColumnMissing });
});

test('a table without any query is refused', async (t) => {
  await database.pool.query("CREATE VIEW no_words AS SELECT * FROM search_log WHERE words = ' '");
  await t.throwsAsync(run('documents', { queries: { ...log, table: 'no_words' } }), { instanceOf: NoQueries });
});

test('judgements about other queries or other rows are refused before anything is embedded', async (t) => {
  const embedder = () => Promise.reject(new Error('called'));
  const otherQuery = run('documents', { queries: log, embedder, judgements: new Map([['q1', new Map([['1', 1]])]]) });
  await t.throwsAsync(otherQuery, { instanceOf: JudgementsFitNoQuery, message: /a judgement names query q1, a query is / });
  const otherRow = run('documents', { queries: log, embedder, judgements: new Map([['5', new Map([['doc-1', 1]])]]) });
  await t.throwsAsync(otherRow, { instanceOf: JudgementsFitNoRow, message: /a judgement names doc-1, a row has 1 in its key$/ });
});

test('without a row that has both vectors there is nothing to draw', async (t) => {
  await createFilledCampaign(database.pool, 'fresh', 5);
  await database.pool.query('UPDATE fresh SET embedding_v2 = NULL');
  await t.throwsAsync(run('fresh'), { instanceOf: NoQueries, message: /no row of public\.fresh has a vector of both models yet/ });
});

test('only a running campaign can be validated', async (t) => {
  await createFilledCampaign(database.pool, 'over', 5);
  await database.pool.query("UPDATE reembed.campaign SET phase = 'contract' WHERE name = 'move_over'");
  await t.throwsAsync(run('over'), { instanceOf: NothingToCompare, message: 'the old vectors of move_over are archived' });
  await t.throwsAsync(run('over', { campaign: 'move_nothing' }), {
    instanceOf: NothingToCompare,
    message: 'no campaign move_nothing is running',
  });
  await t.throwsAsync(run('nothing'), { code: 'RE003' });
});

testOnServer?.(
  'a statement_timeout does not cut the comparison short, and a scan that somebody cancels is reported with its remedy',
  async (t) => {
    const role = `reembed_test_${randomBytes(4).toString('hex')}`;
    const url = Object.assign(new URL(database.url), { username: role, password: 'test' });
    await database.pool.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'test';
    ALTER ROLE ${role} IN DATABASE ${url.pathname.slice(1)} SET statement_timeout = '50ms'`);
    t.teardown(() => database.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const pool = new pg.Pool({ connectionString: url.href, application_name: 'to be cancelled' });
    t.teardown(() => pool.end());
    await database.pool.query('CREATE VIEW slow_log AS SELECT words FROM search_log, pg_sleep(0.1)');
    const compare = (table: string) =>
      validate(
        { ...database, pool },
        { target: 'documents', queries: { kind: 'table', table, textColumn: 'words' }, embedder: testEmbedder },
      );
    await t.notThrowsAsync(compare('slow_log'));

    await database.pool.query('CREATE VIEW slower_log AS SELECT words FROM search_log, pg_sleep(30)');
    const cancelled = t.throwsAsync(compare('slower_log'), { instanceOf: ScanCancelled });
    await until(async () => {
      const { rowCount } = await database.pool.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be cancelled' AND wait_event = 'PgSleep'",
      );
      return rowCount === 1;
    }, 'a scan to cancel');
    t.regex((await cancelled)?.remedy ?? '', /long statements are not cancelled/);
  },
);

test('odd names, a composite key, halfvec, other distances and judgements by another column all work', async (t) => {
  const { pool } = database;
  await pool.query('CREATE SCHEMA "My Shop"');
  await pool.query(`CREATE TABLE "My Shop"."Odd ""Table" ("shop id" int, "Nr" text, distance text, "Doc Id" text,
    embedding vector(16), "new ""vector" halfvec(24), embedding_model_version text, PRIMARY KEY ("shop id", "Nr"))`);
  const ids = Array.from({ length: 50 }, (_, i) => i + 1);
  await pool.query(
    `INSERT INTO "My Shop"."Odd ""Table" SELECT i / 10, 'n' || i, text, 'doc-' || i, old, new FROM unnest($1::int[], $2::text[], $3::vector[], $4::halfvec[]) AS v(i, text, old, new)`,
    [
      ids,
      ids.map(textOf),
      ids.map((i) => vectorText(vectorOf('odd-old', textOf(i), 16))),
      ids.map((i) => vectorText(vectorOf('odd-new', textOf(i), 24))),
    ],
  );
  await startCampaign(pool, {
    table: '"My Shop"."Odd ""Table"',
    keyColumns: ['shop id', 'Nr'],
    textColumns: ['distance'],
    textSql: 'distance',
    newColumn: 'new "vector',
    from: { name: 'odd-old', dimensions: 16, distance: 'inner_product' },
    to: { name: 'odd-new', dimensions: 24, elementType: 'halfvec', distance: 'l2' },
    indexName: 'Odd idx',
  });
  await pool.query('CREATE INDEX "Odd idx" ON "My Shop"."Odd ""Table" USING hnsw ("new ""vector" halfvec_l2_ops)');
  const judgements = new Map([
    [
      textOf(23),
      new Map([
        ['doc-23', 1],
        ['doc-none', 1],
      ]),
    ],
  ]);
  await pool.query('CREATE VIEW "My Shop"."Search Log" AS SELECT distance AS "Words" FROM "My Shop"."Odd ""Table"');
  const source = { kind: 'table', table: '"My Shop"."Search Log"', textColumn: 'Words' } as const;
  const result = await run('My Shop.Odd "Table', { queries: source, judgements, judgementColumn: 'Doc Id', sample: 4 });
  t.is(result.queries.length, 4);
  t.is(result.judgedQueries, 1);
  t.is(result.judgedRowsMissing, 1);
  t.is(result.indexRecall, 1);
  t.is(result.mrr?.after, 1);
  t.deepEqual((await run('My Shop.Odd "Table', { sample: 50 })).queries.map((query) => query.label).sort()[0], '0/n1');
});

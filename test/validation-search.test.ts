import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { inTransaction } from '../src/database/connection.ts';
import { loadCampaign } from '../src/validation/campaign.ts';
import { nearestExactly } from '../src/validation/search/exact-search.ts';
import { tableSource } from '../src/validation/search/search-source.ts';
import { BadFilter, ColumnMissing } from '../src/validation/validation-error.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './harness/validation.ts';

let database: Database;
const ROWS = 3000;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', ROWS);
  await database.pool.query(`ALTER TABLE documents ADD COLUMN lang text, ADD COLUMN published boolean;
    UPDATE documents SET lang = CASE WHEN id % 10 < 6 THEN 'en' WHEN id % 10 < 9 THEN 'de' END, published = id % 40 = 0`);
  await database.pool.query("SELECT reembed.replace_views('public.documents.embedding')");
  await database.pool.query('VACUUM ANALYZE documents');
  await database.pool.query('CREATE INDEX documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops)');
});
test.after.always(() => database?.close());

const QUERIES = Array.from({ length: 30 }, (_, i) => textOf(i * 97 + 5));
const vectors = QUERIES.map((text) => vectorText(vectorOf(NEW_MODEL, text, NEW_DIMENSIONS)));

/** One query at a time, by the plainest SQL there is. */
async function plainSearch(vector: string, limit: number): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    'SELECT id::text AS id FROM (SELECT id, embedding_v2 <=> $1 AS distance FROM documents OFFSET 0) AS t ORDER BY distance, id LIMIT $2',
    [vector, limit],
  );
  return rows.map(({ id }) => id);
}

test.serial('one pass for many queries finds what a search for each of them finds, whatever bounds it is given', async (t) => {
  const campaign = await loadCampaign(database.pool, {});
  const expected = [];
  for (const vector of vectors) expected.push(await plainSearch(vector, 10));
  const exact = (bounds?: number[]) =>
    inTransaction(database.pool, async (client) =>
      (await nearestExactly(client, tableSource(campaign, campaign.new), vectors, 10, bounds)).map((rows) => rows.map(({ key }) => key)),
    );
  t.deepEqual(await exact(), expected);
  t.deepEqual(await exact(vectors.map(() => Number.POSITIVE_INFINITY)), expected);
  // Bounds that promise too much leave queries with too few rows: those are searched for again.
  t.deepEqual(await exact(vectors.map((_, i) => (i % 2 === 0 ? 0 : 0.2))), expected);
});

test.serial('of many rows at one distance the first by key are taken, as in a search for one query', async (t) => {
  await database.pool.query('CREATE TABLE many_copies AS SELECT 1');
  await createFilledCampaign(database.pool, 'copies', 300);
  await database.pool.query('UPDATE copies AS t SET embedding_v2 = o.embedding_v2 FROM copies AS o WHERE o.id = 7 AND t.id > 100');
  const campaign = await loadCampaign(database.pool, { target: 'copies' });
  const vector = vectorText(vectorOf(NEW_MODEL, textOf(7), NEW_DIMENSIONS));
  const [found] = await inTransaction(database.pool, (client) => nearestExactly(client, tableSource(campaign, campaign.new), [vector], 5));
  t.deepEqual(
    found?.map(({ key }) => key),
    ['7', '101', '102', '103', '104'],
  );
});

test.serial('an expression over the whole row may give the text', async (t) => {
  await createFilledCampaign(database.pool, 'whole', 30);
  await database.pool.query(`UPDATE reembed.target AS t SET text_attnums = s.text_attnums, text_names = s.text_names, text_sql = s.text_sql, is_expression = true
       FROM jsonb_populate_record(NULL::reembed.target, reembed.text_source('whole', '{id}', '{}', 'to_jsonb(t) ->> ''content''')) AS s WHERE t.name = 'public.whole.embedding';
    SELECT reembed.compile_target('public.whole.embedding')`);
  const result = await validateTable(database, 'whole', { sample: 5, audit: 5 });
  t.is(result.queries.length, 5);
  t.deepEqual(result.reasons, []);
});

test.serial(
  'a filter is searched with and without iterative scan, and what comes back is counted against the rows that pass',
  async (t) => {
    const result = await validateTable(database, 'documents', {
      filters: ['published', "lang = 'en' -- most of them"],
      sample: 40,
      seed: 1,
    });
    t.deepEqual(
      result.filters.map(({ filter, iterativeScan, queries, wantedRows }) => [filter, iterativeScan, queries, wantedRows]),
      [
        ['published', 'off', 40, 10],
        ['published', 'strict_order', 40, 10],
        ["lang = 'en' -- most of them", 'off', 40, 10],
        ["lang = 'en' -- most of them", 'strict_order', 40, 10],
      ],
    );
    const [off, iterative, mostOff, most] = result.filters;
    t.true((off?.returnedRows ?? 10) < 4, 'of 40 candidates one in forty passes');
    t.is(off?.shortQueries, 40);
    t.true((off?.indexRecall ?? 1) < 0.4);
    t.is(iterative?.returnedRows, 10);
    t.is(iterative?.shortQueries, 0);
    t.true((iterative?.indexRecall ?? 0) > 0.95);
    t.true((mostOff?.indexRecall ?? 0) > 0.9 && (most?.indexRecall ?? 0) > 0.95);
    t.deepEqual(result.reasons, []);
    t.regex(result.warnings.join(), /where published, searches return only 0\.\d+ of the expected rows without iterative scan/);
    const { rows } = await database.pool.query('SELECT count(*)::int AS stored FROM reembed.validation_filter WHERE validation = $1', [
      result.id,
    ]);
    t.is(rows[0].stored, 4);
  },
);

test.serial('a filter that few or no rows pass wants no more than there are', async (t) => {
  const result = await validateTable(database, 'documents', { filters: ['id IN (3, 4, 5)', 'id < 0'], sample: 5 });
  t.deepEqual(
    result.filters.map(({ iterativeScan, wantedRows, indexRecall }) => [iterativeScan, wantedRows, iterativeScan === 'off' || indexRecall]),
    [
      ['off', 3, true],
      ['strict_order', 3, 1],
      ['off', 0, true],
      ['strict_order', 0, 1],
    ],
  );
  t.deepEqual(result.reasons, []);
});

test.serial('what is no condition on the live view is refused before anything is searched, and writes nothing', async (t) => {
  await database.pool.query(
    `CREATE FUNCTION write_a_row() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO many_copies VALUES (2); RETURN true; END $$`,
  );
  for (const filter of [
    'no_such_column = 1',
    'lang',
    '1',
    '',
    'true; DROP TABLE many_copies',
    'true) LIMIT 1 --',
    'true) ORDER BY (id',
    'true) UNION SELECT * FROM documents_live WHERE (true',
    'true)) AS t, (SELECT 1 WHERE ((true',
    'true) OR (true',
    'count(*) > 1',
    '/* true',
    'pg_read_file(',
  ]) {
    const refused = validateTable(database, 'documents', {
      filters: [filter],
      sample: 3,
      embedder: () => Promise.reject(new Error('called')),
    });
    // Two halves of one condition are one condition, however they are bracketed.
    if (filter === 'true) OR (true') await t.notThrowsAsync(refused, filter);
    else await t.throwsAsync(refused, { instanceOf: BadFilter, message: /^--filter "/ }, filter);
  }
  for (const [filter, message] of [
    ['write_a_row()', /read-only transaction$/],
    ['1 / (id - id) = 1', /division by zero$/],
  ] as const) {
    await t.throwsAsync(validateTable(database, 'documents', { filters: [filter], sample: 3 }), { instanceOf: BadFilter, message });
  }
  t.is((await database.pool.query('SELECT count(*)::int AS rows FROM many_copies')).rows[0].rows, 1);
});

test.serial('figures are divided by the values of a column and by length, and belong together again', async (t) => {
  const result = await validateTable(database, 'documents', { sliceBy: ['lang'], sample: 200, seed: 3 });
  const slices = result.metrics.filter(({ metric, slice }) => metric === 'overlap' && slice === 'lang');
  t.deepEqual(slices.map(({ sliceValue }) => sliceValue).sort(), ['(none)', 'de', 'en']);
  t.is(
    slices.reduce((sum, { queries }) => sum + queries, 0),
    200,
  );
  const together = slices.reduce((sum, { queries, value }) => sum + queries * value, 0) / 200;
  t.true(Math.abs(together - (result.overlap ?? 0)) < 1e-9);
  const lengths = result.metrics.filter(({ metric, slice }) => metric === 'overlap' && slice === 'length');
  t.true(lengths.length >= 2 && lengths.length <= 4);
  t.true(lengths.every(({ sliceValue }) => /^\d+(-\d+)? characters$/.test(sliceValue)));
  t.true(result.metrics.every(({ low, value, high }) => low === null || high === null || (low <= value + 1e-9 && value <= high + 1e-9)));
  const { rows } = await database.pool.query(
    "SELECT slices ->> 'lang' AS lang, count(*)::int FROM reembed.validation_query WHERE validation = $1 GROUP BY 1",
    [result.id],
  );
  t.is(rows.length, 3);
  await t.throwsAsync(validateTable(database, 'documents', { sliceBy: ['language'] }), {
    instanceOf: ColumnMissing,
    message: /has no column language/,
  });
});

test.serial('searches of both models are timed on the server, by the plans that the planner chooses', async (t) => {
  const result = await validateTable(database, 'documents', { sample: 20 });
  const p50 = result.metrics.find(({ metric }) => metric === 'search_p50_ms');
  const p95 = result.metrics.find(({ metric }) => metric === 'search_p95_ms');
  t.is(p50?.queries, 20);
  t.true((p50?.before ?? 0) > 0 && (p50?.after ?? 0) > 0);
  t.true((p95?.before ?? 0) >= (p50?.before ?? 1) && (p95?.after ?? 0) >= (p50?.after ?? 1));
  t.is(result.index?.chosen, true);
  t.is(result.index?.usable, true);
});

test.serial('the same seed gives the same run, and every query is stored with its results and scores', async (t) => {
  const first = await validateTable(database, 'documents', { sample: 15, seed: 42 });
  const second = await validateTable(database, 'documents', { sample: 15, seed: 42 });
  const other = await validateTable(database, 'documents', { sample: 15, seed: 43 });
  const untimed = (run: typeof first) => run.metrics.filter(({ metric }) => !metric.startsWith('search_'));
  t.deepEqual(untimed(first), untimed(second));
  t.notDeepEqual(
    first.queries.map(({ label }) => label),
    other.queries.map(({ label }) => label),
  );
  const { rows } = await database.pool.query(
    `SELECT query, cardinality(results_before) AS before, cardinality(results_after) AS after, scores_after[1] >= scores_after[10] AS in_order, results_after[1] AS nearest,
            rank_biased_overlap BETWEEN 0 AND 1 AND kendall_tau BETWEEN -1 AND 1 AND jaccard <= overlap AS in_range
       FROM reembed.validation_query WHERE validation = $1 ORDER BY ordinal`,
    [first.id],
  );
  t.is(rows.length, 15);
  t.true(rows.every((row) => row.before === 10 && row.after === 10 && row.in_order && row.in_range && row.nearest !== row.query));
});

test.serial('the scores of both models are distributed, and a cut-off moves with them', async (t) => {
  const result = await validateTable(database, 'documents', { sample: 50, cutoffs: [0.9], seed: 1 });
  t.deepEqual(
    result.distributions.map(({ role, rows, deciles }) => [role, rows, deciles.length]),
    [
      ['old', 'nearest', 11],
      ['old', 'random', 11],
      ['new', 'nearest', 11],
      ['new', 'random', 11],
    ],
  );
  for (const { deciles } of result.distributions)
    t.deepEqual(
      deciles,
      deciles.toSorted((a, b) => a - b),
    );
  const [oldNearest, oldRandom] = result.distributions;
  t.true((oldNearest?.deciles[0] ?? 0) > (oldRandom?.deciles[5] ?? 1), 'the nearest rows are nearer than others');
  const [cutoff] = result.cutoffs;
  t.true(Math.abs((cutoff?.share.before ?? 0) - (cutoff?.share.after ?? 1)) <= 1 / 500);
  const { rows } = await database.pool.query('SELECT basis, old_cutoff, new_cutoff FROM reembed.score_cutoff WHERE validation = $1', [
    result.id,
  ]);
  t.deepEqual(rows, [{ basis: 'same_share', old_cutoff: 0.9, new_cutoff: cutoff?.newCutoff }]);
});

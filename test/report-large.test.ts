import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { reportPage } from '../src/report/page/document.ts';
import { readReport } from '../src/report/read-report.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, startCampaign, validateTable } from './harness/validation.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
});
test.after.always(() => database?.close());

const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);

test.serial('a campaign of twenty thousand batches and thousands of events makes a page of less than a megabyte', async (t) => {
  await createFilledCampaign(database.pool, 'documents', 120);
  await sql(
    `INSERT INTO reembed.batch (campaign, id, leaf, first_place, end_place, state, rows, embedded_rows, tokens, requests, attempts, started_at, finished_at)
     SELECT 'move_documents', i, 'documents'::regclass, format('(%s,0)', i)::tid, format('(%s,0)', i + 1)::tid, 'done', 500, 500, 40000, 3, 1 + (i % 50 = 0)::integer, s.at, s.at + interval '2 seconds'
       FROM generate_series(1, 20000) AS i CROSS JOIN LATERAL (SELECT now() - interval '3 days' + i * interval '4 seconds' + (i > 10000)::integer * interval '20 hours' AS at) AS s`,
  );
  await sql(
    `INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason)
     SELECT 'public.documents.embedding', 'move_documents', CASE WHEN i % 1000 = 0 THEN 'read_model' ELSE 'requests_per_minute' END, i::text, (i + 1)::text, repeat('why ', 20) FROM generate_series(1, 5000) AS i`,
  );
  await sql(
    `INSERT INTO reembed.alert (target, campaign, kind, severity, message, closed_at, closed_because)
     SELECT 'public.documents.embedding', 'move_documents', 'backlog', 'warning', repeat('what ', 20), now(), 'gone' FROM generate_series(1, 1000)`,
  );
  for (let i = 0; i < 25; i++) await validateTable(database, 'documents', { sample: 30, seed: i + 1 });
  const report = await readReport(database.pool, { target: 'documents', withText: true, lowest: 50 });
  t.is(report.progress.batches, 20_000);
  t.is(report.progress.batches_retried, 400);
  const { points, longest_pause_seconds: pause } = report.progress;
  t.true(points.length > 100 && points.length < 500, String(points.length));
  t.is(points.at(-1)?.rows, 10_000_000);
  // No point lies on a straight line between two batches: each has the rows of the batches that were finished by then.
  const { rows: exact } = await sql(
    "SELECT count(*)::integer * 500 AS rows FROM unnest($1::timestamptz[]) WITH ORDINALITY AS p(at, place) LEFT JOIN reembed.batch AS b ON b.finished_at <= p.at + interval '1 millisecond' GROUP BY place ORDER BY place",
    [points.slice(1).map(({ at }) => at)],
  );
  t.deepEqual(
    points.slice(1).map(({ rows }) => rows),
    exact.map(({ rows }) => rows),
  );
  t.true(pause !== null && Math.abs(pause - 72_004) < 10, String(pause));
  const rates = report.progress.rates.map(({ rows_per_second: rate }) => rate);
  // Twenty hours in which nothing was done, in 42 hours and 13 minutes.
  t.true(Math.abs(rates.filter((rate) => rate === 0).length - 47) <= 2, String(rates.filter((rate) => rate === 0).length));
  t.true(rates.filter((rate) => rate > 0).every((rate) => rate < 130));
  t.is(report.runs.length, 20);
  t.true(report.trail.total > 5000);
  t.is(report.trail.events.length, 400);
  t.is(report.trail.events.filter(({ kind }) => kind === 'read_model').length, 5);
  const page = await reportPage(report);
  t.log(page.length);
  t.true(page.length < 1_000_000);
  t.true(page.includes('400 of '));
});

test.serial('texts are found by keys of several columns, of any type and name, and by an expression', async (t) => {
  await sql(
    `CREATE TABLE "Od d" ("the key" uuid, "No" smallint, title text, body text, embedding vector(${OLD_DIMENSIONS}), embedding_v2 vector(${NEW_DIMENSIONS}),
       embedding_model_version text, PRIMARY KEY ("the key", "No"))`,
  );
  const rows = Array.from({ length: 40 }, (_, i) => ({ id: i + 1, text: `${textOf(i)} / ${i}` }));
  await sql(
    'INSERT INTO "Od d" SELECT md5(id::text)::uuid, id, left(text, 3), substr(text, 4), old, new FROM unnest($1::int[], $2::text[], $3::vector[], $4::vector[]) AS v(id, text, old, new)',
    [
      rows.map(({ id }) => id),
      rows.map(({ text }) => text),
      rows.map(({ text }) => vectorText(vectorOf(OLD_MODEL, text, OLD_DIMENSIONS))),
      rows.map(({ text }) => vectorText(vectorOf(NEW_MODEL, text, NEW_DIMENSIONS))),
    ],
  );
  await startCampaign(database.pool, {
    table: '"Od d"',
    keyColumns: ['the key', 'No'],
    textColumns: [],
    textSql: 'title || body',
    newColumn: 'embedding_v2',
    from: { name: OLD_MODEL, dimensions: OLD_DIMENSIONS },
    to: { name: NEW_MODEL, dimensions: NEW_DIMENSIONS },
    indexName: 'odd_idx',
  });
  const { rows: targets } = await sql("SELECT target FROM reembed.campaign WHERE name LIKE '%Od d%'");
  await validateTable(database, targets[0].target, { sample: 20, seed: 1 });
  const report = await readReport(database.pool, { target: targets[0].target, withText: true, lowest: 20 });
  const queries = report.validation?.changed_queries ?? [];
  t.is(queries.length, 20);
  const texts = new Set(rows.map(({ text }) => text));
  t.true(queries.every((query) => texts.has(query.text ?? '')));
  t.true(queries.flatMap(({ before, after }) => [...before, ...after]).every((row) => texts.has(row.text ?? '')));
});

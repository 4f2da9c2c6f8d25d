import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type Database, inTransaction } from '../src/database/connection.ts';
import { readChangedQueries } from '../src/report/data/changed-queries.ts';
import { loadCampaign } from '../src/validation/campaign.ts';
import { ndcgAt } from '../src/validation/metrics/ranking-metrics.ts';
import { nearestExactly } from '../src/validation/search/exact-search.ts';
import { nearestByIndex } from '../src/validation/search/index-search.ts';
import { tableSource } from '../src/validation/search/search-source.ts';
import { ColumnMissing, GroupColumnUnfit } from '../src/validation/validation-error.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './harness/validation.ts';

const ROWS = 900;
// Rows of one text lie at the same distance.
const COPIES_FROM = 860;

const folder = mkdtempSync(join(tmpdir(), 'reembed-groups-'));
let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'chunks', ROWS);
  await database.pool.query(`ALTER TABLE chunks ADD COLUMN document_id text;
    UPDATE chunks AS t SET embedding = o.embedding, embedding_v2 = o.embedding_v2 FROM chunks AS o WHERE o.id = 7 AND t.id >= ${COPIES_FROM}`);
});
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.close();
});

function queryFile(text: string): string {
  const path = join(folder, 'query.txt');
  writeFileSync(path, text);
  return path;
}

const MODELS = { old: [OLD_MODEL, OLD_DIMENSIONS, 'embedding'], new: [NEW_MODEL, NEW_DIMENSIONS, 'embedding_v2'] } as const;
type Side = keyof typeof MODELS;

function vectorFor(text: string, side: Side): string {
  const [model, dimensions] = MODELS[side];
  return vectorText(vectorOf(model, text, dimensions));
}

/** Every row by distance and key, as the plainest SQL sorts them; groups are taken from it one after another. */
async function naiveGroups(text: string, side: Side, k: number, without?: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ group: string }>(
    `SELECT coalesce(document_id, '(none) ' || id) AS group FROM (SELECT *, ${MODELS[side][2]} <=> $1 AS distance FROM chunks OFFSET 0) AS t ORDER BY distance, id`,
    [vectorFor(text, side)],
  );
  return [...new Set(rows.map(({ group }) => group))].filter((group) => group !== without).slice(0, k);
}

async function assignDocuments(sql: string): Promise<void> {
  await database.pool.query(`UPDATE chunks SET document_id = ${sql}`);
}

test.serial('groups are ranked by their nearest rows, however the rows are grouped and whatever bounds a search has', async (t) => {
  const campaign = await loadCampaign(database.pool, { target: 'chunks' });
  const shapes = fc.record({
    documents: fc.constantFrom(1, 3, 12, 60, 700),
    skew: fc.constantFrom(1, 3),
    orphans: fc.constantFrom(0, 5),
    k: fc.integer({ min: 1, max: 15 }),
    first: fc.integer({ min: 1, max: ROWS - 10 }),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ documents, skew, orphans, k, first }) => {
      await assignDocuments(
        `CASE WHEN id % 10 < ${orphans} THEN NULL ELSE 'd' || floor(${documents} * power((id * 7919 % ${ROWS}) / ${ROWS}::float8, ${skew})) END`,
      );
      const texts = [textOf(first), textOf(7), textOf(first + 9)];
      const vectors = texts.map((text) => vectorFor(text, 'new'));
      const expected = [];
      for (const text of texts) expected.push(await naiveGroups(text, 'new', k));
      const source = tableSource(campaign, campaign.new, { groupBy: 'document_id' });
      for (const bounds of [undefined, vectors.map(() => Number.POSITIVE_INFINITY), [0, 0.3, 0.1]]) {
        const found = await inTransaction(database.pool, (client) => nearestExactly(client, source, vectors, k, bounds));
        t.deepEqual(
          found.map((groups) => groups.map(({ key }) => key)),
          expected,
        );
      }
    }),
    { seed: 14, numRuns: 15 },
  );
});

test.serial('the index is searched deeper until there are enough groups', async (t) => {
  // Sixty rows of one document are nearest, so that the first ten rows are one group.
  await assignDocuments("CASE WHEN id >= 850 OR id = 7 THEN 'big' ELSE 'd' || id / 10 END");
  // While another transaction of the server is open, even in another database, an index also has the former versions of the rows, and a search
  // that meets only those finds nothing. A new column with a random default makes PostgreSQL write the table anew, without them.
  await database.pool.query(`ALTER TABLE chunks ADD COLUMN random uuid DEFAULT gen_random_uuid();
    CREATE INDEX chunks_embedding_v2_idx ON chunks USING hnsw (embedding_v2 vector_cosine_ops)`);
  const campaign = await loadCampaign(database.pool, { target: 'chunks' });
  const source = tableSource(campaign, campaign.new, { groupBy: 'document_id' });
  const found = await inTransaction(database.pool, async (client) => {
    await client.query("SELECT set_config('hnsw.ef_search', '400', true)");
    return nearestByIndex(client, source, vectorFor(textOf(7), 'new'), 5);
  });
  t.deepEqual(
    found.map(({ key }) => key),
    await naiveGroups(textOf(7), 'new', 5),
  );
  t.is(found[0]?.key, 'big');
});

test.serial('judgements name documents, and the figures are those of ranked documents', async (t) => {
  await assignDocuments("'d' || id / 10");
  const text = textOf(40);
  const gains = new Map(Object.entries({ d4: 2, d12: 1, d55: 1 }));
  const result = await validateTable(database, 'chunks', {
    queries: { kind: 'file', path: queryFile(text) },
    judgements: new Map([['1', gains]]),
    groupBy: 'document_id',
    k: 8,
  });
  const [before, after] = [await naiveGroups(text, 'old', 8), await naiveGroups(text, 'new', 8)];
  t.deepEqual(result.ndcg, { before: ndcgAt(before, gains, 8), after: ndcgAt(after, gains, 8) });
  const { rows } = await database.pool.query(
    `SELECT v.group_by, q.results_before, q.results_after, m.p_value, m.wins + m.losses + m.ties AS judged
       FROM reembed.validation AS v JOIN reembed.validation_query AS q ON q.validation = v.id
       JOIN reembed.validation_metric AS m ON m.validation = v.id AND m.metric = 'ndcg' AND m.slice = ''
      WHERE v.id = $1`,
    [result.id],
  );
  t.like(rows[0], { group_by: 'document_id', results_before: before, results_after: after, judged: 1 });
  t.true(rows[0].p_value > 0 && rows[0].p_value <= 1);
});

test.serial('a row as a query does not find its own document, and a query made of a row shall find it', async (t) => {
  await assignDocuments("'d' || id / 10");
  const byRows = await validateTable(database, 'chunks', { groupBy: 'document_id', k: 3, sample: 12, seed: 3 });
  const own = byRows.queries.filter(({ label }) => Number(label) < COPIES_FROM);
  t.true(own.length > 5);
  for (const { label, results } of own) {
    const without = `d${Math.floor(Number(label) / 10)}`;
    t.deepEqual(
      results.after.map(({ key }) => key),
      await naiveGroups(textOf(Number(label)), 'new', 3, without),
      label,
    );
  }
  const made = await validateTable(database, 'chunks', { queries: { kind: 'generated' }, groupBy: 'document_id', sample: 20, seed: 3 });
  t.is(made.judgedQueries, 20);
  t.true((made.ndcg?.after ?? 0) > 0.5, 'the document of the row is the relevant one');
});

test.serial('a group whose name equals the key of a row is not shown with the text of that row', async (t) => {
  await assignDocuments('(id / 10)::text');
  const { id } = await validateTable(database, 'chunks', { groupBy: 'document_id', k: 3, sample: 5, seed: 3 });
  const changed = await readChangedQueries(database.pool, { run: id, grade: null }, 5, true);
  t.is(changed.length, 5);
  for (const { text, before, after } of changed) {
    t.truthy(text, 'the query is a row, and its text was asked for');
    t.true([...before, ...after].every((result) => result.text === undefined));
  }
});

test.serial('a column that cannot group rows is refused before any query is embedded', async (t) => {
  const cases = [
    ['no_such_column', ColumnMissing, /has no column no_such_column/],
    ['embedding', GroupColumnUnfit, /cannot be grouped by embedding: it holds vectors/],
    ['embedding_v2', GroupColumnUnfit, /cannot be grouped by embedding_v2: it holds vectors/],
    ['content', GroupColumnUnfit, /cannot be grouped by content: it is part of the text/],
  ] as const;
  for (const [groupBy, instanceOf, message] of cases) {
    const embedder = () => Promise.reject(new Error('called'));
    const refused = validateTable(database, 'chunks', { queries: { kind: 'file', path: queryFile('violin') }, groupBy, embedder });
    await t.throwsAsync(refused, { instanceOf, message }, groupBy);
  }
});

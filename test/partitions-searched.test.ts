import test from 'ava';
import pg from 'pg';
import { createSearchClient } from '../src/index.ts';
import { overall } from '../src/validation/metrics/metrics.ts';
import { reportText } from '../src/validation/report/report-text.ts';
import { sweep } from '../src/validation/sweep/sweep.ts';
import { validate } from '../src/validation/validate.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { createShelves, LEAVES, sharingLeaves } from './harness/partitions.ts';
import { vectorOf } from './harness/provider.ts';
import { embedQuery } from './harness/search.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { testEmbedder, validateTable } from './harness/validation.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createShelves(stage.db.pool, 400);
  const campaign = await stage.draft({ table: 'shelves', batchRows: 50 });
  await stage.bring(campaign, 'switch');
  await sql('ANALYZE shelves');
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];

test.serial('a function searches all leaves, each for its share of the candidates, and finds what the view finds', async (t) => {
  const vector = vectorText(vectorOf(NEW_MODEL, textOf(21), NEW_DIMENSIONS));
  const client = await stage.db.pool.connect();
  try {
    await client.query("BEGIN; SELECT '[1]'::vector; SET LOCAL hnsw.ef_search = 77");
    const exact = await client.query('SELECT id::int FROM shelves_live ORDER BY embedding <=> $1::vector LIMIT 10', [vector]);
    const found = await client.query('SELECT id::int FROM reembed_live.nearest_shelves($1, 10)', [vector]);
    t.deepEqual(found.rows, exact.rows);
    t.is((await client.query("SELECT current_setting('hnsw.ef_search') AS now")).rows[0].now, '77');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  t.is(await sharingLeaves(stage), LEAVES.length);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE proname ~ '^nearest_shelves'"), 3, 'one for each view');
});

test.serial('a validation searches as the function does, whatever the settings of the session, and says so', async (t) => {
  // One candidate of each leaf cannot give ten results.
  const pool = new pg.Pool({ connectionString: stage.db.url, max: stage.db.real ? 4 : 1, options: '-c hnsw.ef_search=1' });
  try {
    const result = await validate(
      { ...stage.database, pool },
      { target: 'shelves', queries: { kind: 'rows' }, embedder: testEmbedder, sample: 20 },
    );
    t.is(result.index?.searchSetting, `candidates = 200, hnsw.ef_search = 40 in each of ${LEAVES.length} partitions`);
    t.true((overall(result.metrics, 'index_recall')?.value ?? 0) > 0.9);
    t.regex(reportText(result, 0), /searched with +candidates = 200, hnsw\.ef_search = 40 in each of 5 partitions/);
    const filtered = await validateTable({ ...stage.database, pool }, 'shelves', { sample: 20, filters: ['shelf >= 0'] });
    t.true((filtered.filters[0]?.returnedRows ?? 10) < 10, 'a search with a filter has the settings of the session');
  } finally {
    await pool.end();
  }
});

test.serial('the client names the function that searches the view', async (t) => {
  const client = createSearchClient(stage.db.pool, { target: 'shelves', embed: embedQuery });
  const named: (string | null)[] = [];
  const found = await client.searchFused(
    textOf(21),
    async ({ vector, nearest, view }) => {
      named.push(nearest);
      const { rows } = await sql(
        `SELECT d.content FROM ${nearest}($1, 3) AS n JOIN ${view} AS d ON d.shelf = n.shelf AND d.id = n.id ORDER BY n.distance`,
        [vector],
      );
      return rows as { content: string }[];
    },
    ({ content }) => content,
  );
  t.deepEqual(named, ['reembed_live.nearest_shelves', 'reembed_live.nearest_shelves_old_model']);
  t.is(found[0]?.content, textOf(21));
  await client.close();
});

test.serial('a sweep of search settings searches the indexes of all leaves', async (t) => {
  const { indexes } = await sweep(stage.database, {
    target: 'shelves',
    queries: { kind: 'rows' },
    embedder: testEmbedder,
    sample: 20,
    seed: 4,
  });
  t.deepEqual(
    indexes.map(({ role, name, leaves }) => [role, name, leaves]),
    [
      ['old', 'hnsw.ef_search', LEAVES.length],
      ['new', 'hnsw.ef_search', LEAVES.length],
    ],
  );
});

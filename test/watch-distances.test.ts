import test from 'ava';
import { readConfig } from '../src/config.ts';
import { createSearchClient, type EmbeddedQuery } from '../src/index.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { JUDGED_EQUAL } from './harness/evidence.ts';
import { createStage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

const LARGE = 'large-model';

const CAMPAIGNS = [
  { table: 'products', distance: 'inner_product', operator: '<#>', opclass: 'vector_ip_ops', type: 'vector', storage: 'column' },
  { table: 'places', distance: 'l2', operator: '<->', opclass: 'vector_l2_ops', type: 'vector', storage: 'side-table' },
  { table: 'halves', distance: 'l2', operator: '<->', opclass: 'halfvec_l2_ops', type: 'halfvec', storage: 'column' },
  { table: 'halves_aside', distance: 'cosine', operator: '<=>', opclass: 'halfvec_cosine_ops', type: 'halfvec', storage: 'side-table' },
  {
    table: 'grown',
    distance: 'inner_product',
    operator: '<#>',
    opclass: 'vector_ip_ops',
    type: 'vector',
    storage: 'side-table',
    to: LARGE,
  },
] as const;

for (const { table, distance, operator, opclass, type, storage, ...more } of CAMPAIGNS) {
  const to = 'to' in more ? more.to : NEW_MODEL;
  test.serial(`validated, read by a canary, watched and switched: ${distance}, ${type}, ${storage}, to ${to}`, async (t) => {
    t.timeout(120_000);
    const stage = await createStage({ [LARGE]: 2100 });
    t.teardown(stage.close);
    const { pool } = stage.db;
    await createDocuments(pool, 200, { table, index: false });
    await pool.query(`ALTER TABLE ${table} ALTER embedding TYPE ${type}(16)`);
    await pool.query(`CREATE INDEX ${table}_embedding_idx ON ${table} USING hnsw (embedding ${opclass})`);
    const campaign = await stage.draft({ table, storage, ...(to === LARGE ? { to, dimensions: 2100 } : {}) });
    await stage.bring(campaign, 'index');
    const run = ['validate', '--sample', '150', '--filter', 'id % 2 = 0', '--cutoff', '0.5', '--json'];
    await pool.query('UPDATE reembed.setting SET max_odd_norms = 1');
    const validation = await stage.workplace.run(run);
    t.is(validation.code, 5, validation.stderr);
    await pool.query(JUDGED_EQUAL);
    const figures = JSON.parse(validation.stdout);
    t.true(figures.index_recall > 0.97);
    t.deepEqual(
      figures.truth_audit.map(({ rows, agreeing_rows }: { rows: number; agreeing_rows: number }) => [rows, agreeing_rows]),
      [
        [50, 50],
        [50, 50],
      ],
    );
    // By inner product a longer vector than its own may be nearer to a row.
    const findsItself = distance !== 'inner_product';
    if (!findsItself) await pool.query('UPDATE reembed.setting SET min_known_items = 0');
    await pool.query(
      "UPDATE reembed.setting SET canary_percent = 100, shadow_percent = 100, shadow_sample = 20, known_items = 10, alert_after = '0'",
    );
    const config = readConfig({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
    const client = createSearchClient(pool, { target: table, config });
    const top = async ({ model, vector, view }: EmbeddedQuery) => {
      const { rows } = await pool.query(
        `SELECT id::int FROM ${view} ORDER BY embedding ${operator} reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 5`,
        [model, vector],
      );
      return rows.map(({ id }) => id as number);
    };
    const watch = createWatch(stage);
    for (const standing of ['canary', 'switch', 'back'] as const) {
      if (standing !== 'canary') await pool.query('SELECT reembed.switch_to($1, $2)', [table, standing === 'switch' ? to : OLD_MODEL]);
      for (let i = 1; i <= 30; i++) {
        const ids = await client.search(textOf(i), top, { key: 'ann', ids: (found) => found });
        t.true(ids.length === 5 && (ids[0] === i || !findsItself));
      }
      t.deepEqual([await watch.check(2), await watch.kinds()], [[], []], standing);
    }
    await client.close();
    const { rows } = await pool.query(
      'SELECT model, avg(found::integer)::float AS found, count(*)::integer AS items FROM reembed.known_item GROUP BY model ORDER BY model',
    );
    t.deepEqual(
      rows.map(({ model, items }) => [model, items]),
      [to, OLD_MODEL].sort().map((model) => [model, 60]),
    );
    t.true(rows.every(({ found }) => found === 1 || !findsItself));
    // A client that has not heard of a switch yet asks the live view with the model it had.
    const errors = await pool.query("SELECT DISTINCT error FROM reembed.shadow_read WHERE error <> 'RE002'");
    t.deepEqual(errors.rows, []);
  });
}

import test from 'ava';
import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 20;
const SIDE = 'documents_new_model_vectors';

/** A table of 20 documents; `sql` is that of the key columns of row g.i. */
async function createKeyed(
  { db }: Stage,
  { columns, constraint, sql }: { columns: string; constraint: string; sql: string },
): Promise<void> {
  await db.pool.query(`CREATE TABLE documents (${columns}, content text, embedding vector(${OLD_DIMENSIONS}), ${constraint})`);
  const numbers = Array.from({ length: ROWS }, (_, i) => i + 1);
  await db.pool.query(
    `INSERT INTO documents SELECT ${sql}, g.content, g.embedding FROM unnest($1::int[], $2::text[], $3::vector[]) AS g(i, content, embedding)`,
    [numbers, numbers.map(textOf), numbers.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS)))],
  );
}

test('columns that a primary key INCLUDEs are no part of the key', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createKeyed(stage, { columns: 'id integer', constraint: 'PRIMARY KEY (id) INCLUDE (content)', sql: 'g.i' });
  const campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(campaign, 'switch');
  t.deepEqual((await pool.query('SELECT key_names FROM reembed.target')).rows, [{ key_names: ['id'] }]);
  await pool.query("UPDATE documents SET content = 'changed ' || id WHERE id < 5; DELETE FROM documents WHERE id = 6");
  await stage.work();
  const newColumn = `(SELECT s.embedding FROM ${SIDE} AS s WHERE s.id = documents.id)`;
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn }), []);
  t.is((await pool.query(`SELECT FROM ${SIDE}`)).rowCount, ROWS - 1);
  await stage.bring(campaign, 'none');
});

// The equality of such a key is not that of the strategy with the same number in its index: ranges that overlap.
test('a key WITHOUT OVERLAPS is compared by equality, forward, back and forward', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  const { rows } = await pool.query<{ version: number; gist: boolean }>(
    "SELECT current_setting('server_version_num')::integer AS version, EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist') AS gist",
  );
  if ((rows[0]?.version ?? 0) < 180_000 || !rows[0]?.gist) return t.pass('this server has no such key');
  await pool.query('CREATE EXTENSION btree_gist');
  await createKeyed(stage, {
    columns: 'id integer, during daterange',
    constraint: 'PRIMARY KEY (id, during WITHOUT OVERLAPS)',
    sql: "g.i % 5, daterange('2026-01-01'::date + 10 * g.i, '2026-01-11'::date + 10 * g.i)",
  });
  const newColumn = `(SELECT s.embedding FROM ${SIDE} AS s WHERE s.id = d.id AND s.during = d.during)`;
  const table = `(SELECT d.id || ' ' || d.during AS id, d.content, d.embedding, ${newColumn} AS new FROM documents AS d) AS d`;
  const wrong = () => wrongRows(pool, { table, oldColumn: 'embedding', newColumn: 'new' });
  const campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(campaign, 'backfill');
  await stage.work();
  // Each row is divided into two, whose ranges overlap the former one.
  await pool.query(`
    WITH divided AS (UPDATE documents SET during = daterange(lower(during), lower(during) + 4) WHERE id < 3 RETURNING id, during)
    INSERT INTO documents (id, during, content) SELECT id, daterange(upper(during), upper(during) + 6), 'second part of ' || during FROM divided`);
  await stage.work();
  t.deepEqual(await wrong(), []);
  t.is((await pool.query(`SELECT FROM ${SIDE}`)).rowCount, (await pool.query('SELECT FROM documents')).rowCount);
  for (const phase of ['switch', 'contract', 'switch'] as const) {
    await stage.bring(campaign, phase);
    await pool.query(`UPDATE documents SET content = 'in ${phase} ' || during WHERE id = 1`);
    await stage.work();
  }
  t.deepEqual(await wrong(), []);
  await stage.bring(campaign, 'none');
});

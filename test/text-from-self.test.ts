import test from 'ava';
import type { Storage } from './harness/ddl-cases.ts';
import { OLD_DIMENSIONS, OLD_MODEL, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

const STORAGES: Storage[] = ['column', 'side-table'];
const ROWS = 60;

for (const storage of STORAGES) {
  const table = `section_${storage === 'column' ? 'column' : 'side'}`;
  const text = `(SELECT concat_ws(E'\\n', p.content, ${table}.content) FROM (SELECT) AS one LEFT JOIN ${table} AS p ON p.id = ${table}.parent_id)`;

  test.serial(`a table joined to itself goes forward, back and forward again with right vectors: ${storage}`, async (t) => {
    const { pool } = stage.db;
    await pool.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, parent_id bigint, content text, embedding vector(${OLD_DIMENSIONS}));
      CREATE INDEX ON ${table} (parent_id)`);
    const ids = Array.from({ length: ROWS }, (_, i) => i + 1);
    // Each row is the child of the one at half its number.
    const textOf = (id: number) => [...(id === 1 ? [] : [`section ${Math.floor(id / 2)}`]), `section ${id}`].join('\n');
    await pool.query(
      `INSERT INTO ${table} SELECT i, nullif(i / 2, 0), 'section ' || i, v FROM unnest($1::bigint[], $2::vector[]) AS u(i, v)`,
      [ids, ids.map((id) => vectorText(vectorOf(OLD_MODEL, textOf(id), OLD_DIMENSIONS)))],
    );
    const campaign = await stage.draft({
      table,
      storage,
      textFrom: [`public.${table} AS p ON p.id = t.parent_id`],
      text: ['p.content', 't.content'],
      batchRows: 20,
    });
    const newColumn =
      storage === 'column' ? 'embedding_v2' : `(SELECT side.embedding FROM ${table}_new_model_vectors AS side WHERE side.id = ${table}.id)`;
    let round = 0;
    const check = async (columns: { oldColumn?: string; newColumn?: string }, when: string) => {
      round++;
      for (const statement of [
        `UPDATE ${table} SET content = 'changed ${round}' WHERE id = ${2 + round}`,
        `UPDATE ${table} SET parent_id = ${1 + round} WHERE id = ${40 + round}`,
        `UPDATE ${table} SET id = ${100 + round} WHERE id = ${10 + round}`,
        `INSERT INTO ${table} (id, parent_id, content) VALUES (${200 + round}, ${3 + round}, 'added ${round}')`,
        `DELETE FROM ${table} WHERE id = ${20 + round}`,
      ])
        await pool.query(statement);
      await stage.work();
      t.deepEqual(await wrongRows(pool, { ...columns, table, text }), [], when);
      t.is((await pool.query('SELECT FROM reembed.change')).rowCount, 0, when);
      t.is((await pool.query('SELECT FROM reembed.damage')).rowCount, 0, when);
    };
    const both = { oldColumn: 'embedding', newColumn };
    await stage.bring(campaign, 'backfill');
    await check(both, 'after the backfill');
    await stage.bring(campaign, 'switch');
    await check(both, 'after the switch');
    await stage.bring(campaign, 'contract');
    await check({ newColumn: storage === 'column' ? 'embedding' : newColumn }, 'after contract');
    await stage.bring(campaign, 'switch');
    await check(both, 'back from contract');
    await stage.bring(campaign, 'none');
    t.is((await pool.query('SELECT FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal', [table])).rowCount, 0);
    await stage.bring(campaign, 'contract');
    await check({ newColumn: storage === 'column' ? 'embedding' : newColumn }, 'forward again');
    await pool.query(`SELECT reembed.forget('public.${table}.embedding', true)`);
    await pool.query(`DROP TABLE ${table} CASCADE`);
  });
}

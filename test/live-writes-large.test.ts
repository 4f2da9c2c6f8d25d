import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const MODEL = 'large-model';
// Large enough that PostgreSQL keeps a vector outside its row, where the triggers tell by its place whether it changed.
const DIMENSIONS = 1500;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage({ [MODEL]: DIMENSIONS });
  await createDocuments(stage.db.pool, 20, { index: false });
  campaign = await stage.draft({ table: 'documents', to: MODEL, dimensions: DIMENSIONS });
});
test.after.always(() => stage.close());

const OWN = `array_fill(0.5, ARRAY[${DIMENSIONS}])::vector`;

/** What a write left of the new vector, and whether a change was captured. */
async function after(id: number, statement: string): Promise<{ vector: string; captured: boolean }> {
  await stage.db.pool.query(statement);
  const { rows } = await stage.db.pool.query(
    `SELECT CASE WHEN embedding_v2 IS NULL THEN 'none' WHEN embedding_v2 = ${OWN} THEN 'own' ELSE 'former' END AS vector,
            EXISTS (SELECT FROM reembed.change WHERE key = id::text AND needs_new) AS captured
       FROM documents WHERE id = $1`,
    [id],
  );
  return rows[0];
}

for (const [phase, first] of [
  ['index', 1],
  ['switch', 11],
] as const) {
  test.serial(`in phase ${phase} a vector outside its row counts as unwritten exactly when the statement left it as it was`, async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, phase);
    await stage.work();
    const { rows } = await pool.query('SELECT FROM documents WHERE pg_column_size(embedding_v2) > 2000');
    t.is(rows.length, 20);
    const set = (what: string, id: number) => after(id, `UPDATE documents SET ${what} WHERE id = ${id}`);

    t.deepEqual(await set("content = 'another'", first), { vector: 'former', captured: true });
    t.deepEqual(await set(`content = 'another', embedding_v2 = ${OWN}`, first + 1), { vector: 'own', captured: false });
    t.deepEqual(await set('content = content, embedding_v2 = embedding_v2', first + 2), { vector: 'former', captured: false });
    // Written anew, but with what was there before.
    t.deepEqual(await set("content = 'another', embedding_v2 = embedding_v2::text::vector", first + 3), {
      vector: 'former',
      captured: true,
    });
    const copy = `UPDATE documents AS d SET content = 'another', embedding_v2 = o.embedding_v2 FROM documents AS o WHERE d.id = ${first + 4} AND o.id = ${first + 1}`;
    t.deepEqual(await after(first + 4, copy), { vector: 'own', captured: false });
    t.deepEqual(await set("content = 'another', embedding_v2 = NULL", first + 5), { vector: 'none', captured: true });
    t.deepEqual(await set(`content = 'yet another', embedding_v2 = ${OWN}`, first + 5), { vector: 'own', captured: true });
  });
}

import test from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, vectorText } from './harness/documents.ts';
import { createCollections, otherRows, wrongInColumn, wrongInPart } from './harness/parts.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage({ 'other-model': 8, 'third-model': 12 });
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const inSideTable = (table: string) =>
  wrongInPart(stage.db.pool, {
    table,
    collection: 'a',
    side: `${table}_a_new_model_vectors`,
    model: NEW_MODEL,
    dimensions: NEW_DIMENSIONS,
  });
const inColumn = (table: string, model = NEW_MODEL, dimensions = NEW_DIMENSIONS) =>
  wrongInColumn(stage.db.pool, { table, collection: 'a', model, dimensions });
const partOf = (table: string) => ({ table, part: 'a', where: "collection = 'a'" });
const indexes = async (table: string) =>
  (await sql('SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = $1 ORDER BY 1', [table])).rows as {
    name: string;
    definition: string;
  }[];
const dimensionsOf = async (view: string) =>
  (
    await sql(
      `SELECT count(*)::int AS rows, min(vector_dims(embedding)) AS least, max(vector_dims(embedding)) AS most, min(embedding_model) AS model FROM ${view}`,
    )
  ).rows[0];
const vectors = async (table: string) =>
  (await sql(`SELECT id::int, content, embedding::text AS vector FROM ${table} WHERE collection = 'a' ORDER BY id`)).rows;

async function createIndexed(table: string): Promise<void> {
  await createCollections(stage.db.pool, table, 200);
  await sql(`CREATE INDEX ${table}_of_a ON ${table} USING hnsw ((embedding::vector(16)) vector_cosine_ops) WHERE collection = 'a';
    CREATE INDEX ${table}_of_b ON ${table} USING hnsw ((embedding::vector(8)) vector_cosine_ops) WHERE collection = 'b';
    COMMENT ON INDEX ${table}_of_a IS 'searched by the application'`);
}

/** Makes the table refuse one row, so that contract ends in the middle of its copy. */
async function contractHalfway(table: string, campaign: string): Promise<unknown> {
  await sql(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
    CREATE TRIGGER refuse BEFORE UPDATE ON ${table} FOR EACH ROW
      WHEN (OLD.id = 101 AND vector_dims(NEW.embedding) <> vector_dims(OLD.embedding)) EXECUTE FUNCTION refuse()`);
  const failed = await stage.bring(campaign, 'contract').catch((error: unknown) => error);
  await sql(`DROP TRIGGER refuse ON ${table}`);
  return failed;
}

async function write(table: string, at: number): Promise<void> {
  await sql(`UPDATE ${table} SET content = 'changed ' || id WHERE collection = 'a' AND id BETWEEN ${at} AND ${at + 12}`);
  await sql(`UPDATE ${table} SET collection = 'c' WHERE collection = 'a' AND id BETWEEN ${at + 13} AND ${at + 20}`);
  await sql(`UPDATE ${table} SET collection = 'a' WHERE collection = 'b' AND id BETWEEN ${at + 21} AND ${at + 30}`);
  await sql(`DELETE FROM ${table} WHERE id BETWEEN ${at + 31} AND ${at + 34}`);
  await sql(`UPDATE ${table} SET id = id + 5000 WHERE collection = 'a' AND id BETWEEN ${at + 35} AND ${at + 38}`);
  await sql(`INSERT INTO ${table} VALUES (${2000 + at}, 'a', 'new in a', NULL), (${3000 + at}, 'b', 'new in b', NULL)`);
  const own = vectorText(vectorOf(OLD_MODEL, 'written by the application', OLD_DIMENSIONS));
  await sql(`INSERT INTO ${table} VALUES (${4000 + at}, 'a', 'written by the application', '${own}')`);
}

/** Writes of the application while contract runs; returns the dimensions that its searches saw. */
async function traffic(table: string, from: number): Promise<number[]> {
  const seen = new Set<number>();
  for (let i = 0; i < 40; i++) {
    await sql(`UPDATE ${table} SET content = 'traffic ${i}' WHERE id = ${102 + 4 * (i % 5)}`);
    await sql(`INSERT INTO ${table} VALUES (${from + i}, 'a', 'traffic ${i}', NULL)`);
    for (const { dimensions } of (await sql(`SELECT DISTINCT vector_dims(embedding) AS dimensions FROM ${table}_a_live`)).rows)
      seen.add(dimensions);
  }
  return [...seen];
}

test.serial('a contract that was interrupted in the middle of its copy goes on, with what the application wrote meanwhile', async (t) => {
  await createIndexed('halfway');
  const campaign = await stage.draft(partOf('halfway'));
  await stage.bring(campaign, 'switch');
  const failed = await contractHalfway('halfway', campaign);
  t.regex(String(failed), /halfway refuses the vector of row .*101/);
  const moved = await sql(
    "SELECT vector_dims(embedding) AS dimensions, count(*)::int > 0 AS some FROM halfway WHERE collection = 'a' GROUP BY 1 ORDER BY 1",
  );
  t.is(moved.rowCount, 2, 'the column holds vectors of both models');
  t.deepEqual(
    await dimensionsOf('halfway_a_live'),
    { rows: 100, least: NEW_DIMENSIONS, most: NEW_DIMENSIONS, model: NEW_MODEL },
    'the live view does not',
  );
  t.regex((await stage.workplace.run(['status'])).stdout, /moving +\d+ % of the table: new vectors into the column/);
  await write('halfway', 1);
  await write('halfway', 120);
  // Everything is moved, and changes again before the lock that ends the move.
  await sql("CALL reembed.move_vectors($1, 'into_column')", [campaign]);
  await stage.work();
  t.deepEqual(await inSideTable('halfway'), []);
  const own = vectorText(vectorOf(OLD_MODEL, 'x', OLD_DIMENSIONS));
  await sql(`UPDATE halfway SET embedding = '${own}' WHERE id = 61; UPDATE halfway SET content = 'waits for its vector' WHERE id = 110`);
  const [{ waiting }, seen] = await Promise.all([stage.up(), traffic('halfway', 7000)]);
  t.deepEqual(waiting, []);
  t.deepEqual(seen, [NEW_DIMENSIONS], 'a search never sees another model');
  await stage.work();
  t.deepEqual(await inColumn('halfway'), [], 'the column holds the new vectors of the part');
  await write('halfway', 60);
  const [, seenBack] = await Promise.all([stage.bring(campaign, 'switch'), traffic('halfway', 8000)]);
  t.deepEqual(seenBack, [NEW_DIMENSIONS], 'nor on the way back');
  await stage.work();
  t.deepEqual(await inSideTable('halfway'), [], 'the side table holds exactly the part again');
  t.deepEqual(await inColumn('halfway', OLD_MODEL, OLD_DIMENSIONS), [], 'the column has the old vectors of the present texts');
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE halfway');
});

test.serial('contract moves the new vectors of a part into the column, and back, and in again; no other row is written', async (t) => {
  const { pool } = stage.db;
  await createIndexed('whole');
  // PostgreSQL refuses to delete from a published table whose rows have no identity.
  if (stage.db.real) await sql('CREATE PUBLICATION everything FOR ALL TABLES');
  const others = await otherRows(pool, 'whole', 'a');
  const before = await vectors('whole');
  const indexed = await indexes('whole');
  const campaign = await stage.draft(partOf('whole'));
  for (const round of ['forward', 'forward again']) {
    await stage.bring(campaign, 'switch');
    await stage.bring(campaign, 'contract');
    t.deepEqual(await inColumn('whole'), [], round);
    t.deepEqual(await otherRows(pool, 'whole', 'a'), others, `${round}: the other rows are as they were, down to their versions`);
    t.deepEqual(await dimensionsOf('whole_a_live'), { rows: 100, least: NEW_DIMENSIONS, most: NEW_DIMENSIONS, model: NEW_MODEL }, round);
    t.deepEqual(
      (await indexes('whole')).map(({ name }) => name),
      ['whole_a_new_model_idx', 'whole_of_b', 'whole_pkey'],
      `${round}: the index of the part alone is replaced`,
    );
    t.is(
      (await sql("SELECT FROM pg_class WHERE relname LIKE '%vectors' AND relkind = 'r'")).rowCount,
      0,
      `${round}: the side table is gone`,
    );
    t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed_late%'")).rowCount, 0, round);
    t.is((await sql('SELECT FROM reembed.damage')).rowCount, 0, round);
    if (round === 'forward again') break;
    await stage.bring(campaign, 'switch');
    t.deepEqual(await vectors('whole'), before, 'the old vectors are back');
    t.deepEqual(await indexes('whole'), indexed, 'and their index');
    t.is((await sql("SELECT obj_description('whole_of_a'::regclass) AS comment")).rows[0].comment, 'searched by the application');
    t.deepEqual(await inSideTable('whole'), []);
    t.deepEqual(await otherRows(pool, 'whole', 'a'), others);
  }
  const client = await pool.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
  const query = vectorText(vectorOf(NEW_MODEL, 'text', NEW_DIMENSIONS));
  const plan = await client.query(`EXPLAIN SELECT id FROM whole_a_live ORDER BY embedding <=> '${query}' LIMIT 5`);
  await client.query('ROLLBACK');
  client.release();
  t.regex(JSON.stringify(plan.rows), /Index Scan using whole_a_new_model_idx/, 'a search through the live view uses the index');

  await sql("UPDATE whole SET content = 'another text' WHERE id = 2; INSERT INTO whole VALUES (1000, 'a', 'new in a', NULL)");
  await sql("UPDATE whole SET collection = 'a' WHERE id = 3");
  t.is((await dimensionsOf('whole_a_live')).least, NEW_DIMENSIONS, 'a row that entered with the vector of another model is not shown');
  await stage.work();
  t.deepEqual(await inColumn('whole'), [], 'workers maintain the column');
  t.is((await dimensionsOf('whole_a_live')).rows, 102);

  const second = await stage.draft({ ...partOf('whole'), from: undefined, to: 'third-model', dimensions: 12 });
  await stage.bring(second, 'contract');
  t.deepEqual(await inColumn('whole', 'third-model', 12), [], 'a second campaign on the same part');
  await stage.bring(second, 'none');
  t.deepEqual(await inColumn('whole'), []);
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(
    await inColumn('whole', OLD_MODEL, OLD_DIMENSIONS),
    [],
    'what was written since contract gets an old vector from the workers',
  );
  t.deepEqual(await inSideTable('whole'), []);
  await stage.bring(campaign, 'none');
  t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed%'")).rowCount, 0);
  t.is((await sql("SELECT FROM pg_proc WHERE proname LIKE '%whole_embedding_a%'")).rowCount, 0);
  await sql('DROP TABLE whole');
});

test.serial('a contract that was interrupted in the middle of its copy may be taken back', async (t) => {
  await createIndexed('returned');
  const before = await vectors('returned');
  const indexed = await indexes('returned');
  const campaign = await stage.draft(partOf('returned'));
  await stage.bring(campaign, 'switch');
  await contractHalfway('returned', campaign);
  await t.throwsAsync(sql('SELECT reembed.purge($1)', [campaign]), { code: 'RE001', message: /is not finished/ });
  await stage.down();
  t.deepEqual(await vectors('returned'), before);
  t.deepEqual(await indexes('returned'), indexed);
  t.deepEqual(await inSideTable('returned'), []);
  await contractHalfway('returned', campaign);
  await sql("CALL reembed.move_vectors($1, 'into_column')", [campaign]);
  // Nobody moves this row before the lock that ends the move.
  await sql(`UPDATE returned SET embedding = '${vectorText(vectorOf(OLD_MODEL, 'x', OLD_DIMENSIONS))}' WHERE id = 1`);
  const { partIndexes } = (await sql('SELECT reembed.present_names($1) AS present', [campaign])).rows[0].present;
  await sql(partIndexes[0].statement);
  await sql(`BEGIN; SELECT reembed.lock_target('public.returned.embedding.a'); SELECT reembed.finish_part_contract('${campaign}'); COMMIT`);
  t.deepEqual(await inColumn('returned'), [], 'the lock that ends the move leaves no row out');
  t.deepEqual(await dimensionsOf('returned_a_live'), { rows: 100, least: NEW_DIMENSIONS, most: NEW_DIMENSIONS, model: NEW_MODEL });
  await stage.down();
  t.deepEqual((await vectors('returned')).slice(1), before.slice(1), 'it may be taken back before it is recorded');
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE returned');
});

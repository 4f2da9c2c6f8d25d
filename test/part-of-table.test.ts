import test from 'ava';
import { fits, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, vectorText } from './harness/documents.ts';
import { createCollections, otherRows, wrongInPart } from './harness/parts.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage({ 'other-model': 8, 'third-model': 12 });
});
test.after.always(() => stage.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const wrong = (table: string) =>
  wrongInPart(stage.db.pool, {
    table,
    collection: 'a',
    side: `${table}_a_new_model_vectors`,
    model: NEW_MODEL,
    dimensions: NEW_DIMENSIONS,
  });
const partOf = (table: string) => ({ table, part: 'a', where: "collection = 'a'" });

test.serial('a part goes forward, back and forward again, and no other row is written', async (t) => {
  const { pool } = stage.db;
  await createCollections(pool, 'whole', 200);
  const before = await otherRows(pool, 'whole', 'a');
  const columns = await sql("SELECT attname FROM pg_attribute WHERE attrelid = 'whole'::regclass AND attnum > 0");
  const campaign = await stage.draft(partOf('whole'));
  await stage.bring(campaign, 'backfill');
  const sent = stage.provider.requests.length;
  await stage.work();
  const texts = stage.provider.requests.slice(sent).flatMap(({ input }) => input);
  const others = (await sql("SELECT content FROM whole WHERE collection IS DISTINCT FROM 'a'")).rows.map(
    ({ content }) => content as string,
  );
  t.deepEqual(
    texts.filter((text) => others.includes(text)),
    [],
    'no text of another row was sent',
  );
  t.deepEqual(await wrong('whole'), []);
  const counted = (await sql('SELECT table_rows, rows_with_text FROM reembed.campaign')).rows[0];
  t.deepEqual(counted, { table_rows: '100', rows_with_text: '100' }, 'only rows of the part are counted');
  t.regex(
    (await stage.workplace.run(['status'])).stdout,
    /no application has been seen to read public\.whole_a_live: searches of the table/,
    'no other view of a part is named',
  );
  for (const round of ['forward', 'forward again']) {
    await stage.bring(campaign, 'index');
    const seen = await sql(
      'SELECT count(*)::int AS rows, min(vector_dims(embedding)) AS least, max(vector_dims(embedding)) AS most FROM whole_a_live',
    );
    t.deepEqual(
      seen.rows[0],
      { rows: 100, least: OLD_DIMENSIONS, most: OLD_DIMENSIONS },
      `${round}: the live view shows the old vectors of the part alone`,
    );
    await stage.bring(campaign, 'switch');
    const switched = await sql(
      'SELECT count(*)::int AS rows, min(vector_dims(embedding)) AS least, max(vector_dims(embedding)) AS most FROM whole_a_live',
    );
    t.deepEqual(switched.rows[0], { rows: 100, least: NEW_DIMENSIONS, most: NEW_DIMENSIONS }, `${round}: the new vectors`);
    t.deepEqual(await wrong('whole'), [], round);
    t.is((await sql('SELECT FROM reembed.damage')).rowCount, 0, round);
    t.is(
      (await sql('SELECT FROM reembed.schema_view')).rowCount,
      0,
      `${round}: a view with the table's own name would have to show all rows`,
    );
    if (round === 'forward') await stage.bring(campaign, 'none');
  }
  t.deepEqual(await otherRows(pool, 'whole', 'a'), before, 'the other rows are as they were, down to their versions');
  t.deepEqual((await sql("SELECT attname FROM pg_attribute WHERE attrelid = 'whole'::regclass AND attnum > 0")).rows, columns.rows);
  await stage.bring(campaign, 'none');
  t.deepEqual(await otherRows(pool, 'whole', 'a'), before);
  t.is((await sql("SELECT FROM pg_trigger WHERE tgname LIKE 'zz_reembed%'")).rowCount, 0);
  await sql('DROP TABLE whole');
});

test.serial('rows that enter and leave the part while the backfill runs have the right vectors, and none is left over', async (t) => {
  const { pool } = stage.db;
  await createCollections(pool, 'moving', 200);
  const campaign = await stage.draft({ ...partOf('moving'), batchRows: 20 });
  await stage.bring(campaign, 'backfill');
  await stage.workHalf();
  const move = async (at: number) => {
    await sql(`UPDATE moving SET collection = 'a' WHERE collection = 'b' AND id BETWEEN ${at} AND ${at + 20}`);
    await sql(`UPDATE moving SET collection = 'b' WHERE collection = 'a' AND id BETWEEN ${at + 21} AND ${at + 40}`);
    await sql(`UPDATE moving SET content = 'another text ' || id WHERE id BETWEEN ${at + 30} AND ${at + 50}`);
    await sql(`INSERT INTO moving VALUES (${1000 + at}, 'a', 'new in a', NULL), (${2000 + at}, 'b', 'new in b', NULL)`);
    await sql(`DELETE FROM moving WHERE id IN (${at + 45}, ${at + 46})`);
  };
  await move(1);
  await stage.work();
  t.deepEqual(await wrong('moving'), [], 'the side table holds exactly the part');
  const seen = await sql("SELECT id::text, content, embedding::text AS old FROM moving WHERE collection = 'a' ORDER BY id");
  t.deepEqual(
    seen.rows.filter(({ old, content }) => !fits(old, OLD_MODEL, content, OLD_DIMENSIONS)),
    [],
    'a row that enters the part without a vector of its own gets one of the old model too',
  );
  await stage.bring(campaign, 'switch');
  await move(60);
  await stage.work();
  t.deepEqual(await wrong('moving'), [], 'after the switch');
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
  const brought = vectorText(vectorOf('other-model', 'x', 8));
  await sql(`UPDATE moving SET embedding = '${brought}' WHERE collection = 'b' AND id = 2001`);
  await sql("INSERT INTO moving VALUES (3000, 'b', 'of b', NULL)");
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 0, 'a change of another row logs nothing');
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE moving');
});

test.serial('two models in one column are migrated one after the other', async (t) => {
  const { pool } = stage.db;
  await createCollections(pool, 'two', 120);
  const first = await stage.draft(partOf('two'));
  await stage.bring(first, 'switch');
  const second = await stage.draft({
    table: 'two',
    part: 'b',
    where: "collection = 'b'",
    from: 'other-model',
    to: 'third-model',
    dimensions: 12,
  });
  await stage.bring(second, 'switch');
  t.deepEqual(await wrong('two'), []);
  const ofB = { table: 'two', collection: 'b', side: 'two_b_third_model_vectors', model: 'third-model', dimensions: 12 };
  t.deepEqual(await wrongInPart(pool, ofB), []);
  await sql("UPDATE two SET content = 'changed ' || id WHERE id <= 40");
  await stage.work();
  t.deepEqual(await wrong('two'), []);
  t.deepEqual(await wrongInPart(pool, ofB), []);
  t.is((await sql('SELECT reembed.active_model($1) AS model', ['two.embedding.b'])).rows[0].model, 'third-model');
  t.is((await sql('SELECT FROM reembed.damage')).rowCount, 0);
  await stage.bring(first, 'none');
  t.deepEqual(await wrongInPart(pool, ofB), [], 'one part goes back alone');
  await stage.bring(second, 'none');
  await sql('DROP TABLE two');
});

test.serial('a validation compares the rows of the part alone', async (t) => {
  await createCollections(stage.db.pool, 'judged', 200);
  const campaign = await stage.draft(partOf('judged'));
  await stage.bring(campaign, 'index');
  const { code, stdout, stderr } = await stage.workplace.run(['validate', '--json', '--sample', '20', '--target', 'judged']);
  t.regex(stderr, /validation_unsure/, 'no query is judged');
  t.not(code, 1, stdout);
  const { rows } = await sql(
    'SELECT i.role, i.rows::int, i.wrong_dimensions_rows::int AS wrong FROM reembed.validation_integrity AS i JOIN reembed.validation AS v ON v.id = i.validation WHERE v.campaign = $1 ORDER BY 1',
    [campaign],
  );
  t.deepEqual(rows, [
    { role: 'new', rows: 100, wrong: 0 },
    { role: 'old', rows: 100, wrong: 0 },
  ]);
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE judged');
});

test.serial('columns of the clause may be renamed', async (t) => {
  await createCollections(stage.db.pool, 'renamed', 80);
  const campaign = await stage.draft({ ...partOf('renamed'), where: "t.collection = 'a'" });
  await stage.bring(campaign, 'backfill');
  await sql('ALTER TABLE renamed RENAME COLUMN collection TO kind');
  await sql("UPDATE renamed SET kind = 'a' WHERE id BETWEEN 1 AND 10");
  await stage.bring(campaign, 'switch');
  await sql("UPDATE renamed SET kind = 'b' WHERE id BETWEEN 5 AND 20");
  await stage.work();
  const found = await sql(
    "SELECT count(*)::int AS rows, count(*) FILTER (WHERE t.kind = 'a')::int AS of_a FROM renamed AS t JOIN renamed_a_new_model_vectors AS s USING (id)",
  );
  const wanted = await sql("SELECT count(*)::int AS rows FROM renamed WHERE kind = 'a'");
  t.deepEqual(found.rows[0], { rows: wanted.rows[0].rows, of_a: wanted.rows[0].rows });
  t.is((await sql('SELECT FROM renamed_a_live')).rowCount, wanted.rows[0].rows);
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE renamed');
});

test.serial('known items and probes do not fail because of a row that entered the part with a vector of another model', async (t) => {
  await createCollections(stage.db.pool, 'probed', 80);
  const campaign = await stage.draft({ ...partOf('probed'), from: undefined });
  await stage.bring(campaign, 'index');
  await sql("UPDATE probed SET collection = 'a' WHERE collection = 'b'");
  const { suffix } = (await sql("SELECT suffix FROM reembed.target WHERE name = 'public.probed.embedding.a'")).rows[0];
  const any = (await sql(`SELECT reembed.any_old_${suffix}()::text AS vector`)).rows[0].vector as string;
  t.is((JSON.parse(any) as number[]).length, OLD_DIMENSIONS);
  t.is((await sql(`SELECT reembed.nearest_old_${suffix}($1::vector)::int AS rows`, [any])).rows[0].rows, 10);
  const row = (
    await sql(
      "SELECT id, content, embedding::text AS vector FROM probed WHERE collection = 'a' AND vector_dims(embedding) = 16 ORDER BY id LIMIT 1",
    )
  ).rows[0];
  const found = await sql(`SELECT reembed.find_old_${suffix}($1, reembed.text_hash($2), $3, true) AS found`, [
    JSON.stringify({ id: row.id }),
    row.content,
    row.vector,
  ]);
  t.true(found.rows[0].found);
  await stage.bring(campaign, 'none');
  await sql('DROP TABLE probed');
});

test.serial('a dropped column of the clause fails no write, and the damage is named', async (t) => {
  await createCollections(stage.db.pool, 'dropped', 40);
  const campaign = await stage.draft(partOf('dropped'));
  await stage.bring(campaign, 'switch');
  await sql('ALTER TABLE dropped DROP COLUMN collection CASCADE');
  await t.notThrowsAsync(sql("UPDATE dropped SET content = 'written' WHERE id = 1"));
  await t.notThrowsAsync(sql("INSERT INTO dropped VALUES (1000, 'inserted', NULL)"));
  await t.notThrowsAsync(sql('DELETE FROM dropped WHERE id = 2'));
  t.true((await sql("SELECT FROM reembed.damage WHERE code = 'dropped_column'")).rowCount === 1);
  await sql("SELECT reembed.forget('dropped', true)");
  t.is((await sql("SELECT FROM pg_proc WHERE proname LIKE '%dropped_embedding_a%'")).rowCount, 0);
  await sql('DROP TABLE dropped');
});

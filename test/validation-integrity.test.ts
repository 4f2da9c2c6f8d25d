import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { similarity } from '../src/embedding/similarity.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, testEmbedder, validateTable } from './harness/validation.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
});
test.after.always(() => database?.close());

const ROWS = 100;
const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);

test.serial('vectors that are zero, of odd length, or shared by rows of different texts are counted', async (t) => {
  await createFilledCampaign(database.pool, 'measured', ROWS);
  const clean = await validateTable(database, 'measured', { sample: 5 });
  t.deepEqual(
    clean.integrity.map(({ role, model, rows, zeroRows, oddNormRows, sharedVectorRows }) => [
      role,
      model,
      rows,
      zeroRows,
      oddNormRows,
      sharedVectorRows,
    ]),
    [
      ['new', NEW_MODEL, ROWS, 0, 0, 0],
      ['old', OLD_MODEL, ROWS, 0, 0, 0],
    ],
  );

  await sql('UPDATE measured SET embedding_v2 = embedding_v2 - embedding_v2 WHERE id = 1');
  // A provider in trouble gives every text one and the same vector.
  await sql('UPDATE measured SET embedding_v2 = (SELECT embedding_v2 FROM measured WHERE id = 10) WHERE id BETWEEN 11 AND 17');
  await sql('UPDATE measured SET embedding_v2 = l2_normalize(embedding_v2) * array_fill(1000, ARRAY[24])::vector WHERE id IN (20, 21)');
  const bad = await validateTable(database, 'measured', { sample: 5 });
  t.like(bad.integrity[0], { zeroRows: 1, sharedVectorRows: 8, oddNormRows: 2, rows: ROWS });
  t.true((bad.integrity[0]?.norm?.max ?? 0) > 999);
  t.deepEqual(bad.reasons, [
    '1 new vector is zero (1), not finite (0) or of wrong dimensions (0), max_failed_rows is 0',
    '8 of 100 new vectors are shared by rows with different texts, more than max_shared_vectors 0.05',
  ]);
});

test.serial('rows of one text may share their vector', async (t) => {
  await createFilledCampaign(database.pool, 'twins', 20);
  await sql(
    'UPDATE twins AS t SET content = o.content, embedding = o.embedding, embedding_v2 = o.embedding_v2 FROM twins AS o WHERE o.id = 7 AND t.id > 10',
  );
  t.is((await validateTable(database, 'twins', { sample: 5 })).integrity[0]?.sharedVectorRows, 0);
});

test.serial('vectors of unit length, and of another number of dimensions than the model has, are reported', async (t) => {
  await createFilledCampaign(database.pool, 'units', 20);
  await sql('UPDATE units SET embedding_v2 = l2_normalize(embedding_v2)');
  const measure = async () => (await sql("SELECT * FROM reembed.measure_vectors('public.units.embedding', 'new')")).rows[0];
  t.like(await measure(), { rows: '20', wrong_dimensions_rows: '0', unit_length_rows: '20', odd_norm_rows: '0' });
  const setDimensions = async (dimensions: number) => {
    await sql('UPDATE reembed.model SET dimensions = $2 WHERE name = $1', [NEW_MODEL, dimensions]);
    await sql("SELECT reembed.compile_target('public.units.embedding')");
  };
  await setDimensions(25);
  t.like(await measure(), { rows: '20', wrong_dimensions_rows: '20' });
  await setDimensions(NEW_DIMENSIONS);
});

test.serial('a truth audit embeds random rows anew and finds what is stored', async (t) => {
  await createFilledCampaign(database.pool, 'audited', ROWS);
  const asked: string[] = [];
  const result = await validateTable(database, 'audited', {
    audit: 30,
    embedder: (model, texts, role, side) => {
      asked.push(`${side} ${model.name} ${role} ${texts.length}`);
      return testEmbedder(model, texts, role, side);
    },
  });
  t.deepEqual(asked, [`new ${NEW_MODEL} document 30`, `old ${OLD_MODEL} document 30`]);
  t.true([...result.audit.new.rows, ...result.audit.old.rows].every((row) => (row.similarity ?? 0) > 0.999999));
  t.deepEqual(result.reasons, []);
  const { rows } = await sql(
    'SELECT role, count(*)::int AS rows, min(similarity) > 0.999 AS agree, count(DISTINCT key)::int AS keys FROM reembed.truth_audit WHERE validation = $1 GROUP BY role ORDER BY role',
    [result.id],
  );
  t.deepEqual(rows, [
    { role: 'new', rows: 30, agree: true, keys: 30 },
    { role: 'old', rows: 30, agree: true, keys: 30 },
  ]);
});

test.serial('a model that the provider changed silently fails the run', async (t) => {
  const changed: typeof testEmbedder = async (model, texts) => texts.map((text) => vectorOf(`${model.name}-2`, text, model.dimensions));
  const result = await validateTable(database, 'audited', { audit: 20, embedder: changed });
  t.regex(result.reasons.join(), /^\d+ of \d\d audited new vectors differ from those the model returns now/);
  t.regex(result.doubts.join(), /audited old vectors differ from those the model returns now/);
});

test.serial('a part of the rows with the vectors of another model is found, and named', async (t) => {
  await createFilledCampaign(database.pool, 'mixed', ROWS);
  const { rows: texts } = await sql('SELECT id, content FROM mixed WHERE id <= 30');
  await sql('UPDATE mixed AS t SET embedding_v2 = v.vector FROM unnest($1::bigint[], $2::vector[]) AS v(id, vector) WHERE v.id = t.id', [
    texts.map(({ id }) => id),
    texts.map(({ content }) => vectorText(vectorOf('another-model', content, NEW_DIMENSIONS))),
  ]);
  const result = await validateTable(database, 'mixed', { audit: ROWS });
  t.regex(result.reasons.join(), /^30 of 100 audited new vectors/);
  const { rows } = await sql(
    "SELECT array_agg((key ->> 'id')::int ORDER BY 1) AS ids FROM reembed.truth_audit WHERE validation = $1 AND role = 'new' AND similarity < 0.999",
    [result.id],
  );
  t.deepEqual(
    rows[0].ids.toSorted((a: number, b: number) => a - b),
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
});

test.serial('rows that wait for their new vector are not audited', async (t) => {
  await createFilledCampaign(database.pool, 'waiting', 10);
  // The trigger leaves the vector of the model that is read until the worker brings the new one.
  await sql("UPDATE waiting SET content = 'changed a moment ago' WHERE id = 1");
  const result = await validateTable(database, 'waiting', { audit: 50 });
  t.is(result.audit.old.rows.length, 9);
  t.true([...result.audit.new.rows, ...result.audit.old.rows].every((row) => (row.similarity ?? 0) > 0.999));
});

test('lengths count in the similarity of models whose distance counts them', (t) => {
  t.is(similarity([1, 0], [3, 0], 'cosine'), 1);
  t.is(similarity([1, 0], [3, 0], 'inner_product'), 0.6);
  t.is(similarity([1, 1], [1, 1], 'l2'), 1);
  t.is(similarity([1, 0], [1, 0, 0], 'cosine'), 0);
  t.is(similarity([0, 0], [1, 0], 'cosine'), 0);
});

test.serial('the checksum of the old vectors tells live writes from a change that nobody announced', async (t) => {
  const rows = 2000;
  await createFilledCampaign(database.pool, 'summed', rows);
  const compare = async () =>
    (
      await sql(
        "SELECT unchanged_rows::int AS unchanged, set_aside_rows::int AS aside, changed_rows::int AS changed FROM reembed.compare_old_checksum('move_summed')",
      )
    ).rows[0];
  t.deepEqual(await compare(), { unchanged: null, aside: null, changed: null });
  const taken = await validateTable(database, 'summed', { sample: 2 });
  t.like(taken.integrity[1]?.checksum, { unchangedRows: rows, setAsideRows: 0, changedRows: 0 });
  t.deepEqual(await compare(), { unchanged: rows, aside: 0, changed: 0 });
  t.false((await sql("SELECT reembed.take_old_checksum('move_summed') AS taken")).rows[0].taken);

  // What the backfill does is no change of the old vectors.
  await sql('UPDATE summed SET embedding_v2 = embedding_v2');
  t.deepEqual(await compare(), { unchanged: rows, aside: 0, changed: 0 });

  // Live writes: a text with its vector, a row that comes, one that goes.
  await sql("UPDATE summed SET content = 'new text', embedding = (SELECT embedding FROM summed WHERE id = 2) WHERE id = 1");
  await sql("INSERT INTO summed (content) VALUES ('one more')");
  await sql('DELETE FROM summed WHERE id = 50');
  const live = await compare();
  t.is(live.changed, 0);
  t.true(live.aside > 0 && live.aside < 100 && live.unchanged === rows - live.aside, JSON.stringify(live));

  // A vector overwritten, and one lost, without a change of the text.
  await sql('UPDATE summed SET embedding = embedding - embedding WHERE id = 700');
  await sql(
    'ALTER TABLE summed DISABLE TRIGGER USER; UPDATE summed SET embedding = NULL WHERE id = 900; ALTER TABLE summed ENABLE TRIGGER USER',
  );
  const changed = await compare();
  t.true(changed.changed >= 2 && changed.changed < 60, JSON.stringify(changed));
  const shown = await validateTable(database, 'summed', { sample: 2 });
  t.is(shown.integrity[1]?.checksum?.changedRows, changed.changed);
  t.regex(shown.warnings.join(), new RegExp(`up to ${changed.changed} old vectors changed since`));
});

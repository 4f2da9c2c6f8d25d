import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { columnsHolding } from './harness/stored-text.ts';

const CANARY = 'Zq7canary';
const TEXT = `${CANARY} lives at Harbour Street 5`;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);

/** Puts the row of a table, or its text, wherever it may come to lie. */
async function scatter(table: string, campaign: string): Promise<void> {
  const target = `public.${table}.embedding`;
  await sql(
    'DELETE FROM reembed.validation; DELETE FROM reembed.query_log; DELETE FROM reembed.provider_batch; DELETE FROM reembed.repeated_text; DELETE FROM reembed.cached_vector',
  );
  await sql(`
    SELECT reembed.record_failed('${target}', 'new-model', jsonb_build_array(jsonb_build_object('key', '{"id": 7}', 'class', 'input_refused', 'message', 'no', 'words', 'I saw ${CANARY}')), '{}'),
           reembed.record_words('batch', 'Failing row contains (7, ${TEXT})');
    INSERT INTO reembed.query_log (target, text, model) VALUES
      ('${target}', 'where does ${TEXT.toLowerCase()} now', 'old-model'), ('${target}', '${TEXT.slice(0, 24)}', 'old-model'), ('${target}', 'another query', 'old-model');
    INSERT INTO reembed.shadow_read (target, served_model, shadow_model, is_canary, overlap, query) VALUES ('${target}', 'old-model', 'new-model', false, 1, '${TEXT}');
    INSERT INTO reembed.written_vector (target, key, text_hash, written_at) VALUES ('${target}', '{"id": 7}', 1, now()), ('${target}', '{"id": 8}', 1, now());
    INSERT INTO reembed.known_item (target, model, key, found) VALUES ('${target}', 'new-model', '{"id": 7}', true), ('${target}', 'new-model', '{"id": 8}', true);
    WITH batch AS (INSERT INTO reembed.provider_batch (campaign, model) VALUES ('${campaign}', 'new-model') RETURNING id)
    INSERT INTO reembed.provider_batch_row (provider_batch, request, position, input, inputs, batch, key, text_hash, wave)
    SELECT id, 1, i, i, 2, 1, jsonb_build_object('id', 7 + i), 1, 1 FROM batch, generate_series(0, 1) AS i;
    INSERT INTO reembed.repeated_text (campaign, text_digest, text_hash, batch, vector)
    SELECT '${campaign}', reembed.text_digest(text), reembed.text_hash(text), 1, '[1,2]' FROM unnest(ARRAY['${TEXT}', 'of others']) AS text;
    SELECT reembed.cache_vectors(space, ARRAY[reembed.text_digest('${TEXT}'), reembed.text_digest('of others')], ARRAY['[1,2]', '[3,4]']) FROM unnest(ARRAY[gen_random_uuid(), gen_random_uuid()]) AS space;
    INSERT INTO reembed.validation (campaign, started_at, query_source, queries, judged_queries, k, overlap, coverage, missing_rows, just_changed_rows, verdict)
    SELECT '${campaign}', now(), source, 1, 0, 10, 1, 1, 0, 0, 'pass' FROM unnest(ARRAY['rows', 'log']) AS source;
    INSERT INTO reembed.truth_audit (validation, role, ordinal, key, similarity) SELECT max(id), 'new', 1, '{"id": 7}', 1 FROM reembed.validation;
    INSERT INTO reembed.validation_query (validation, ordinal, query, overlap, results_before, scores_before, results_after, scores_after, relevant_results, slices)
    SELECT v.id, q.ordinal, q.query, 1, '{5,7,9}', '{0.5,0.7,0.9}', '{7}', '{0.7}', '{7,9}', jsonb_build_object('name', CASE q.ordinal WHEN 3 THEN 'x' ELSE '${CANARY}' END)
      FROM reembed.validation AS v CROSS JOIN LATERAL (VALUES (1, CASE v.query_source WHEN 'rows' THEN '7' ELSE '${TEXT}' END), (3, '8')) AS q(ordinal, query)
     WHERE v.campaign = '${campaign}'`);
}

for (const storage of ['column', 'side-table'] as const) {
  test.serial(`after erase no table of the toolkit holds anything of the row: vectors in a ${storage}`, async (t) => {
    const table = storage === 'column' ? 'people' : 'persons';
    await createDocuments(stage.db.pool, 20, { table });
    await sql(`UPDATE ${table} SET content = $1 WHERE id = 7`, [TEXT]);
    const campaign = await stage.draft({ table, storage });
    await stage.bring(campaign, 'backfill');
    await stage.work();
    await scatter(table, campaign);
    t.true((await columnsHolding(stage.db.pool, CANARY)).length >= 5);

    const erased = await sql(`SELECT place, rows::int FROM reembed.erase('${table}', '{"id": "7"}') WHERE rows > 0 ORDER BY place`);
    t.deepEqual(
      erased.rows.map(({ place, rows }) => `${place} ${rows}`),
      [
        'cached_vector 2',
        'failed_row 1',
        'known_item 1',
        'provider_batch_row 1',
        'query_log 2',
        'repeated_text 1',
        'shadow_read 1',
        'truth_audit 1',
        'validation_query 2',
        'validation_query, among its results 2',
        'words 1',
        'written_vector 1',
      ],
    );
    t.deepEqual(await columnsHolding(stage.db.pool, CANARY), []);
    t.deepEqual(await columnsHolding(stage.db.pool, CANARY.toLowerCase()), []);
    t.deepEqual(await columnsHolding(stage.db.pool, '{"id": 7}'), []);
    const kept = await sql(
      'SELECT query, results_before, scores_before, results_after, scores_after, relevant_results FROM reembed.validation_query',
    );
    for (const row of kept.rows)
      t.deepEqual(row, {
        query: '8',
        results_before: ['5', '9'],
        scores_before: [0.5, 0.9],
        results_after: [],
        scores_after: [],
        relevant_results: ['9'],
      });
    t.deepEqual(
      (
        await sql(
          'SELECT (SELECT count(*) FROM reembed.query_log) || (SELECT count(*) FROM reembed.repeated_text)::text || (SELECT count(*) FROM reembed.provider_batch_row) AS left',
        )
      ).rows,
      [{ left: '111' }],
      'what is of others stays',
    );

    // The row is gone, and its text is only known to who asks.
    await sql(
      `UPDATE ${table} SET content = 'x' WHERE id = 9; ALTER TABLE ${table} DISABLE TRIGGER USER; DELETE FROM ${table} WHERE id = 7`,
    );
    await scatter(table, campaign);
    const again = await sql(`SELECT place, rows::int FROM reembed.erase('${table}', '{"id": 7}', $1) WHERE rows > 0`, [TEXT]);
    t.deepEqual(await columnsHolding(stage.db.pool, CANARY), []);
    if (storage === 'side-table') {
      t.true(
        again.rows.some(({ place, rows }) => /persons/.test(place) && rows === 1),
        'the vector beside the table',
      );
      t.deepEqual(
        (await sql("SELECT table_name FROM information_schema.columns WHERE column_name = 'text_hash' AND table_schema = 'public'")).rows
          .length,
        1,
      );
    }
    await sql(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  });
}

test.serial('an invalid key is refused, and no other role may erase', async (t) => {
  for (const key of ['7', '{"number": 7}', '{"id": 7, "other": 1}', '[]', 'null']) {
    await t.throwsAsync(sql("SELECT reembed.erase('people', $1)", [key]), {
      code: 'RE004',
      message: 'the key of a row of public.people.embedding must be a JSON object with the keys id',
    });
  }
  const { rows } = await sql(
    "SELECT p.proname::text AS name FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS g WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname ~ '^(erase|locate)' AND g.grantee <> p.proowner",
  );
  t.deepEqual(rows, []);
});

test.serial('the backfill goes on after an erase in its middle', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'middle' });
  const campaign = await stage.draft({ table: 'middle' });
  await stage.bring(campaign, 'backfill');
  await sql("SELECT reembed.erase('middle', '{\"id\": 3}')");
  await stage.work();
  t.is((await sql('SELECT FROM middle WHERE embedding_v2 IS NULL')).rowCount, 0);
});

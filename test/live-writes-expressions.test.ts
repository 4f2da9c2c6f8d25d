import test from 'ava';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { BOTH, createTable, wrongAfterWrites } from './harness/live-writes.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);

test.serial('the text may be an expression', async (t) => {
  const text = "upper(meta ->> 'title')";
  await createTable(
    stage.db.pool,
    'items',
    'meta jsonb, stock integer DEFAULT 0',
    `(meta) SELECT jsonb_build_object('title', 'item ' || i, 'views', 0) FROM generate_series(1, 40) AS i`,
    text,
  );
  const wrong = await wrongAfterWrites(stage, 'items', { textSql: text }, text, (round) => [
    `UPDATE items SET meta = meta || '{"title": "renamed ${round}"}' WHERE id = 1`,
    `UPDATE items SET meta = meta - 'title' WHERE id = 2`,
    `UPDATE items SET meta = '{"title": "item 3", "views": ${round}}' WHERE id = 3`,
    `INSERT INTO items (meta) VALUES ('{"title": "fresh"}'), ('{}'), (NULL)`,
  ]);
  t.deepEqual(wrong, []);
  await sql(`UPDATE items SET stock = stock + 1, meta = jsonb_set(meta, '{views}', '7') WHERE id BETWEEN 3 AND 40`);
  t.is(
    (await sql('SELECT FROM reembed.change')).rowCount,
    38,
    'a column that the expression reads has changed, and no write calls the expression to see more',
  );
  await stage.work();
});

test.serial('an expression that fails on a row fails no write of the application', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'fractions' });
  await sql('ALTER TABLE fractions ADD COLUMN part integer NOT NULL DEFAULT 1');
  const campaign = await stage.draft({ table: 'fractions', textSql: "content || ' ' || (12 / part)" });
  await stage.bring(campaign, 'backfill');
  await sql('UPDATE fractions SET part = 0 WHERE id = 3');
  await sql("INSERT INTO fractions (content, part) VALUES ('none', 0)");
  t.is((await sql('SELECT FROM fractions WHERE part = 0')).rowCount, 2);
  await sql('UPDATE fractions SET part = 2 WHERE part = 0');
  await stage.work();
  t.is((await sql('SELECT FROM fractions WHERE embedding_v2 IS NULL')).rowCount, 0);
});

test.serial('an expression that fails on some rows sets those rows aside and keeps no other waiting', async (t) => {
  await createDocuments(stage.db.pool, 300, { table: 'shares' });
  await sql('ALTER TABLE shares ADD COLUMN part integer NOT NULL DEFAULT 1');
  const campaign = await stage.draft({ table: 'shares', textSql: "content || ' ' || (12 / part)" });
  await sql('UPDATE shares SET part = 0 WHERE id IN (7, 200)');
  await stage.bring(campaign, 'backfill');
  await sql("UPDATE shares SET content = 'changed' WHERE id IN (7, 8)");
  await stage.work();
  const without = () => sql('SELECT id::int FROM shares WHERE embedding_v2 IS NULL ORDER BY id');
  t.deepEqual((await without()).rows, [{ id: 7 }, { id: 200 }]);
  const failed = await sql(
    "SELECT key ->> 'id' AS id, class, message FROM reembed.failed_row WHERE target LIKE '%shares%' AND model = 'new-model' ORDER BY 1",
  );
  const message = 'the text expression fails on this row (SQLSTATE 22012)';
  t.deepEqual(failed.rows, [
    { id: '200', class: 'text_expression_fails', message },
    { id: '7', class: 'text_expression_fails', message },
  ]);
  const gate = await sql(`SELECT condition FROM reembed.index_gate('${campaign}')`);
  t.deepEqual(gate.rows, [{ condition: '2 rows could not be embedded, 0 are allowed' }]);
  await sql('UPDATE shares SET part = 3 WHERE part = 0');
  await stage.work();
  t.deepEqual((await without()).rows, []);
  t.is((await sql("SELECT FROM reembed.failed_row WHERE target LIKE '%shares%'")).rowCount, 0);
});

test.serial('what a failing expression says of a row is not put on record', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'prices' });
  await sql("ALTER TABLE prices ADD COLUMN price text NOT NULL DEFAULT '1'");
  const campaign = await stage.draft({ table: 'prices', textSql: "content || ' ' || price::integer" });
  await sql("UPDATE prices SET price = 'a secret' WHERE id = 4");
  await stage.bring(campaign, 'backfill');
  await stage.work();
  const { rows } = await sql("SELECT message, words FROM reembed.failed_row WHERE target LIKE '%prices%'");
  t.deepEqual(rows, [
    { message: 'the text expression fails on this row (SQLSTATE 22P02)', words: 'invalid input syntax for type integer: "…"' },
  ]);
});

test.serial('a text expression whose function was dropped marks no row as failed', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'notes' });
  await sql('CREATE FUNCTION public.polish(p_text text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(p_text) $$');
  const campaign = await stage.draft({ table: 'notes', textSql: 'public.polish(content)' });
  await stage.bring(campaign, 'backfill');
  await t.throwsAsync(sql('DROP FUNCTION public.polish(text)'), { code: '2BP01' });
  await sql('SET client_min_messages = warning; DROP FUNCTION public.polish(text) CASCADE; RESET client_min_messages');
  await t.notThrowsAsync(sql("UPDATE notes SET content = 'written' WHERE id = 1"));
  await t.throwsAsync(stage.work());
  t.regex(
    (
      await sql(
        "SELECT reason FROM reembed.health WHERE target = 'public.notes.embedding' AND reason LIKE 'an object that the text expression uses%'",
      )
    ).rows[0].reason,
    /SELECT reembed\.rehook/,
  );
  t.is((await sql("SELECT FROM reembed.failed_row WHERE target LIKE '%notes%'")).rowCount, 0);
  await sql('CREATE FUNCTION public.polish(p_text text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(p_text) $$');
  await sql("SELECT reembed.rehook('public.notes.embedding')");
  await stage.work();
  t.is((await sql('SELECT FROM notes WHERE embedding_v2 IS NULL')).rowCount, 0);
});

test.serial('a change of the text while what the expression calls is gone is not lost', async (t) => {
  await createTable(
    stage.db.pool,
    'recased',
    'content text',
    "(content) SELECT 'Row ' || i FROM generate_series(1, 40) AS i",
    'upper(content)',
  );
  await sql("CREATE FUNCTION public.loud(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'");
  const campaign = await stage.draft({ table: 'recased', textSql: 'public.loud(content)' });
  await stage.bring(campaign, 'index');
  await sql('ALTER FUNCTION public.loud(text) RENAME TO loud_away');
  await sql("UPDATE recased SET content = 'changed meanwhile' WHERE id = 5");
  await sql('ALTER FUNCTION public.loud_away(text) RENAME TO loud');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { ...BOTH, table: 'recased', text: 'upper(content)' }), []);
});

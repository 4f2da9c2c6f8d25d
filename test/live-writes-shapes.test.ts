import test from 'ava';
import { createDocuments, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { BOTH, createTable, wrongAfterWrites } from './harness/live-writes.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);

test.serial('the text may be several columns', async (t) => {
  const text = "concat_ws(E'\\n', title, body)";
  await createTable(
    stage.db.pool,
    'papers',
    'title text, body text, other text',
    "(title, body) SELECT 'title ' || i, 'body ' || i FROM generate_series(1, 40) AS i",
    text,
  );
  const wrong = await wrongAfterWrites(stage, 'papers', { text: ['title', 'body'] }, text, (round) => [
    `UPDATE papers SET title = 'another title ${round}' WHERE id = 1`,
    `UPDATE papers SET body = NULL WHERE id = 2`,
    `UPDATE papers SET title = NULL, body = NULL WHERE id = 3`,
    `INSERT INTO papers (title) VALUES ('only a title')`,
    `UPDATE papers SET other = 'of no matter' WHERE id = 4`,
  ]);
  t.deepEqual(wrong, []);
});

for (const [kind, table] of [
  ['stored', 'kept'],
  ['virtual', 'shown'],
] as const) {
  test.serial(`the text may be a ${kind} generated column, alone or in an expression`, async (t) => {
    const { rows } = await sql("SELECT current_setting('server_version_num')::integer >= 180000 AS virtual");
    if (kind === 'virtual' && !rows[0].virtual) return t.pass('PostgreSQL 18 is the first that has them');
    const expression = "content || '!'";
    for (const [name, source, text] of [
      [table, { text: ['content'] }, 'content'],
      [`${table}_more`, { textSql: expression }, expression],
    ] as const) {
      await createTable(
        stage.db.pool,
        name,
        `title text, body text, views integer DEFAULT 0, content text GENERATED ALWAYS AS (title || ' ' || body) ${kind}`,
        "(title, body) SELECT 'title ' || i, 'body ' || i FROM generate_series(1, 40) AS i",
        text,
      );
      const wrong = await wrongAfterWrites(stage, name, source, text, (round) => [
        `UPDATE ${name} SET body = 'another body ${round}' WHERE id = 1`,
        `UPDATE ${name} SET title = NULL WHERE id = 2`,
        `INSERT INTO ${name} (title, body) VALUES ('fresh', 'row')`,
        `UPDATE ${name} SET views = views + 1`,
      ]);
      t.deepEqual(wrong, [], name);
      await sql(`UPDATE ${name} SET views = views + 1`);
      t.is((await sql('SELECT FROM reembed.change')).rowCount, 0, 'another column is no change of the text');
    }
  });
}

test.serial('the key may be of several columns of any type', async (t) => {
  await sql(
    `CREATE TABLE mixed (tenant uuid, "Sent at" timestamptz, "no ""1" text, content text, embedding vector(${OLD_DIMENSIONS}), PRIMARY KEY ("no ""1", tenant, "Sent at"))`,
  );
  await sql(
    `INSERT INTO mixed SELECT md5(i::text)::uuid, timestamptz '2026-10-25 00:30:00.123456Z' + i * interval '20 minutes', 'it''s {' || i || '}', 'content ' || i FROM generate_series(1, 30) AS i`,
  );
  const campaign = await stage.draft({ table: 'mixed' });
  await stage.bring(campaign, 'backfill');
  await stage.work();
  const client = await stage.db.pool.connect();
  await client.query(
    `BEGIN; SET LOCAL TimeZone = 'America/New_York'; SET LOCAL DateStyle = 'German, DMY'; SET LOCAL extra_float_digits = 0`,
  );
  await client.query(`UPDATE mixed SET content = 'changed elsewhere' WHERE content IN ('content 3', 'content 4')`);
  await client.query(
    `UPDATE mixed SET "Sent at" = "Sent at" + interval '1 microsecond' WHERE content IN ('content 5', 'changed elsewhere')`,
  );
  await client.query('COMMIT');
  client.release();
  await stage.work();
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: `(SELECT *, "no ""1" AS id FROM mixed) AS mixed`, newColumn: 'embedding_v2' }), []);
});

test.serial('an old column that is NOT NULL keeps an outdated vector until the new one comes, and comes back nullable', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'strict' });
  await sql('ALTER TABLE strict ALTER COLUMN embedding SET NOT NULL');
  const campaign = await stage.createUsual('strict');
  for (const phase of ['index', 'switch'] as const) {
    await stage.bring(campaign, phase);
    await sql(`UPDATE strict SET content = 'changed in ${phase}' WHERE id = 1; UPDATE strict SET content = NULL WHERE id = 2`);
    await sql(`INSERT INTO strict (content, embedding) VALUES ('${phase}', '${vectorText(vectorOf(OLD_MODEL, phase, OLD_DIMENSIONS))}')`);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, { ...BOTH, table: 'strict' }), ['2 old'], 'only what cannot be NULL is left');
  }
  await stage.bring(campaign, 'contract');
  await sql("INSERT INTO strict (content) VALUES ('after contract')");
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { ...BOTH, table: 'strict' }), ['2 old'], 'as it was');
});

test.serial("the application's own trigger that changes the text is seen", async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'edited' });
  await sql(
    `CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.content := 'tidied ' || NEW.content; RETURN NEW; END $$`,
  );
  await sql('CREATE TRIGGER tidy BEFORE INSERT OR UPDATE OF content ON edited FOR EACH ROW EXECUTE FUNCTION tidy()');
  const wrong = await wrongAfterWrites(stage, 'edited', { text: ['content'] }, 'content', (round) => [
    `UPDATE edited SET content = 'one ${round}' WHERE id = 1`,
    "INSERT INTO edited (content) VALUES ('two')",
  ]);
  t.deepEqual(wrong, []);
});

test.serial('a queue that is broken fails no write, and the work waits in the ledger', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'queued' });
  const campaign = await stage.createUsual('queued');
  await stage.bring(campaign, 'index');
  await sql('ALTER TABLE reembed_queue.job RENAME TO job_away');
  await sql("UPDATE queued SET content = 'changed' WHERE id = 1");
  await sql('ALTER TABLE reembed_queue.job_away RENAME TO job');
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 1);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { ...BOTH, table: 'queued' }), []);
});

test.serial('texts that differ only in trailing spaces, Unicode normalization or case are different texts', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'exact' });
  const wrong = await wrongAfterWrites(stage, 'exact', { text: ['content'] }, 'content', (round) => [
    `UPDATE exact SET content = content || ' ' WHERE id = 1`,
    `UPDATE exact SET content = E'e\\u0301 ${round}' WHERE id = 2`,
    `UPDATE exact SET content = E'\\u00e9 ${round}' WHERE id = 2`,
    `UPDATE exact SET content = '${textOf(3).toUpperCase()}' WHERE id = 3`,
  ]);
  t.deepEqual(wrong, []);
});

test.serial('a row whose old vector is of a former text is known to be so under another key too', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'rekeyed' });
  const campaign = await stage.createUsual('rekeyed');
  await stage.bring(campaign, 'index');
  await sql("UPDATE reembed.setting SET keep_old_current = false WHERE target = 'public.rekeyed.embedding'");
  await sql("UPDATE rekeyed SET content = 'changed' WHERE id = 7");
  await stage.work();
  await sql('UPDATE rekeyed SET id = 1007 WHERE id = 7');
  await stage.work();
  const { rows } = await sql("SELECT key, class FROM reembed.failed_row WHERE target = 'public.rekeyed.embedding'");
  t.deepEqual(rows, [{ key: { id: 1007 }, class: 'old_model_unavailable' }]);
  t.is((await sql(`SELECT reembed.rows_lacking_old_vector('${campaign}')::int AS lacking`)).rows[0].lacking, 1);
});

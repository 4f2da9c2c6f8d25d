import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { compareCatalogs, digestRows, dumpCatalog } from './harness/catalog.ts';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };
const ROWS = 1100;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, ROWS);
  // Everything a column can have besides its vectors has to come back too.
  await sql(`COMMENT ON COLUMN documents.embedding IS 'It''s the search''s.';
    ALTER TABLE documents ALTER COLUMN embedding SET STORAGE MAIN, ALTER COLUMN embedding SET DEFAULT NULL;
    CREATE INDEX documents_half_idx ON documents USING hnsw ((embedding::halfvec(16)) halfvec_l2_ops) WITH (m = 8);
    COMMENT ON INDEX documents_half_idx IS 'Half as large.';
    CREATE INDEX documents_some_idx ON documents USING ivfflat (embedding vector_ip_ops) WITH (lists = 3) WHERE id < 1000`);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);
const archive = async () =>
  (await sql(`SELECT format('reembed.%I', archive) AS name FROM reembed.campaign WHERE name = '${campaign}'`)).rows[0].name as string;

test.serial('the archive holds exactly the old vectors, with the hash of their text', async (t) => {
  await stage.bring(campaign, 'switch');
  await sql('UPDATE documents SET embedding = NULL WHERE id = 5');
  await sql('CREATE TABLE expected AS SELECT id, embedding, reembed.text_hash(content) AS hash FROM documents WHERE embedding IS NOT NULL');
  await stage.bring(campaign, 'contract');
  const difference = await sql(
    `(TABLE expected EXCEPT TABLE ${await archive()}) UNION ALL (TABLE ${await archive()} EXCEPT TABLE expected)`,
  );
  t.deepEqual(difference.rows, []);
  t.is((await sql(`TABLE ${await archive()}`)).rowCount, ROWS - 1);
  await sql('DROP TABLE expected');
});

test.serial(
  'health says that the log of changes grows after contract while no worker runs, and the setting that it names ends the capture',
  async (t) => {
    await stage.bring(campaign, 'contract');
    await stage.work();
    const reasons = async () =>
      (await sql('SELECT reason FROM reembed.health')).rows
        .map(({ reason }) => reason as string)
        .filter((reason) => /no worker/.test(reason));
    t.deepEqual(await reasons(), []);
    await sql("UPDATE documents SET content = 'changed after contract' WHERE id = 6");
    const [reason] = await reasons();
    const setting =
      /^no worker is running; after contract.*npm run setting -- (maintained_by=application)/.exec(reason ?? '')?.[1] ?? reason;
    await stage.work();
    t.deepEqual(await reasons(), []);
    const { code, stderr } = await stage.workplace.run(['setting', String(setting)]);
    t.is(code, 0, stderr);
    const captured = async () => {
      await sql("UPDATE documents SET content = content || '.' WHERE id = 7");
      return (await sql('SELECT FROM reembed.change')).rowCount;
    };
    t.is(await captured(), 0);
    t.is((await sql("SELECT FROM pg_trigger WHERE tgrelid = 'documents'::regclass AND NOT tgisinternal")).rowCount, 0);
    t.is((await stage.workplace.run(['setting', 'maintained_by=workers'])).code, 0);
    t.is(await captured(), 1);
    await stage.work();
  },
);

test.serial('down brings back column, type, vectors, indexes, storage, default and comments', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  const before = await dumpCatalog(stage.db.pool);
  const rows = await digestRows(stage.db.pool, 'documents', ['id', 'content', 'embedding', 'embedding_v2']);
  t.is(
    before.filter((line) =>
      /^(index documents_(embedding|half|some)_idx|comment documents_half_idx|comment documents.embedding):/.test(line),
    ).length,
    5,
  );
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'switch');
  t.deepEqual(compareCatalogs(before, await dumpCatalog(stage.db.pool)), []);
  t.is(await digestRows(stage.db.pool, 'documents', ['id', 'content', 'embedding', 'embedding_v2']), rows);
});

test.serial(
  'of rows written since contract only those whose text is the same get their vector from the archive, the others from a worker',
  async (t) => {
    await stage.bring(campaign, 'contract');
    await sql(`UPDATE documents SET content = 'changed after contract' WHERE id = 10;
    UPDATE documents SET content = 'changed' WHERE id = 11; UPDATE documents SET content = '${textOf(11)}' WHERE id = 11;
    DELETE FROM documents WHERE id = 12; UPDATE documents SET id = 90013 WHERE id = 13; UPDATE documents SET content = NULL WHERE id = 14;
    INSERT INTO documents (content) VALUES ('inserted after contract')`);
    await stage.bring(campaign, 'switch');
    const { rows } = await sql('SELECT content FROM documents WHERE embedding IS NULL AND content IS NOT NULL ORDER BY content');
    t.deepEqual(
      rows.map(({ content }) => content),
      ['changed after contract', 'inserted after contract', textOf(13)].sort(),
    );
    const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
    t.is(code, 3, stderr);
    t.regex(stderr, /searches would not find 3 rows/);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  },
);

test.serial('an old vector that still waits to be renewed at contract does not come back with the text it is not of', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  // Read again for a moment, the old model keeps its vectors of former texts until a worker comes.
  await sql(`SELECT reembed.switch_to('documents', '${OLD_MODEL}')`);
  await sql("UPDATE documents SET content = 'renewed too late' WHERE id = 20");
  await sql(`SELECT reembed.switch_to('documents', '${NEW_MODEL}')`);
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'switch');
  t.deepEqual((await sql('SELECT embedding FROM documents WHERE id = 20')).rows, [{ embedding: null }]);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a restore that was interrupted goes on where it stopped', async (t) => {
  const rows = await digestRows(stage.db.pool, 'documents', ['id', 'content', 'embedding', 'embedding_v2']);
  await stage.bring(campaign, 'contract');
  await sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON documents FOR EACH ROW WHEN (NEW.id = ${ROWS}) EXECUTE FUNCTION refuse()`);
  const failed = await stage.workplace.run(['migrate', 'down']);
  t.is(failed.code, 1, failed.stderr);
  t.regex(failed.stderr, /not now/);
  const left = (await sql(`TABLE ${await archive()}`)).rowCount ?? 0;
  t.true(left > 0 && left < ROWS - 10, `${left} rows left`);
  t.is((await stage.workplace.run(['migrate', 'up', '1'])).code, 0, 'the live view goes on meanwhile');
  await sql('DROP TRIGGER refuse ON documents');
  const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
  t.is(code, 0, stderr);
  t.is(await digestRows(stage.db.pool, 'documents', ['id', 'content', 'embedding', 'embedding_v2']), rows);
  t.is((await sql("SELECT FROM pg_class WHERE relnamespace = 'reembed'::regnamespace AND relname LIKE 'archive%'")).rowCount, 0);
});

test.serial('an old index that an interrupted way back left INVALID is dropped and built again', async (t) => {
  await stage.bring(campaign, 'contract');
  // As after a restore that stopped in the middle of its last index.
  await sql(`CREATE FUNCTION late() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() LIKE '%documents_half_idx%' THEN RAISE 'stopped'; END IF; END $$;
    CREATE EVENT TRIGGER late ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION late()`);
  const failed = await stage.workplace.run(['migrate', 'down']);
  t.is(failed.code, 1, failed.stderr);
  await sql('DROP EVENT TRIGGER late');
  await sql('CREATE INDEX documents_half_idx ON documents USING hnsw ((embedding::halfvec(16)) halfvec_l2_ops) WITH (m = 8)');
  await sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'documents_half_idx'::regclass");
  const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
  t.is(code, 0, stderr);
  t.regex(stderr, /index documents_half_idx was left INVALID/);
  const { rows } = await sql(
    "SELECT indisvalid AS valid, obj_description(indexrelid, 'pg_class') AS comment FROM pg_index WHERE indexrelid = 'documents_half_idx'::regclass",
  );
  t.deepEqual(rows, [{ valid: true, comment: 'Half as large.' }]);
});

test.serial('where the old model cannot be called, a changed row stays without an old vector rather than with a wrong one', async (t) => {
  await stage.work();
  await sql("UPDATE reembed.setting SET keep_old_current = false; UPDATE documents SET content = 'changed before contract' WHERE id = 20");
  await stage.bring(campaign, 'contract');
  await sql("UPDATE documents SET content = 'changed after contract' WHERE id = 21");
  await stage.bring(campaign, 'switch');
  await stage.work();
  const { rows } = await sql('SELECT id::text FROM documents WHERE embedding IS NULL AND content IS NOT NULL ORDER BY id');
  t.deepEqual(rows, [{ id: '20' }, { id: '21' }]);
  const { code, stderr } = await stage.workplace.run(['migrate', 'down']);
  t.is(code, 3);
  t.regex(stderr, /searches would not find 2 rows/);
  await sql('UPDATE reembed.setting SET keep_old_current = true');
  t.is((await stage.workplace.run(['migrate', 'down'])).code, 3);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('rows that change while the archive is being copied are in it as they are in the end', async (t) => {
    await stage.bring(campaign, 'index');
    await stage.bring(campaign, 'switch');
    await sql("UPDATE reembed.setting SET soak = '0'");
    const own = (text: string) => `'${vectorText(vectorOf(OLD_MODEL, text, OLD_DIMENSIONS))}'`;
    const reader = new pg.Client({ connectionString: stage.db.url });
    await reader.connect();
    t.teardown(() => reader.end());
    // The copy is made; then contract waits for the lock that the reader is in the way of.
    await reader.query('BEGIN; SELECT FROM documents LIMIT 1');
    const contracting = stage.workplace.run(['migrate', 'up', '1']);
    for (let waiting = false; !waiting; await sleep(20)) {
      const { rows } = await sql(
        "SELECT count(*) > 0 AS waiting FROM pg_locks WHERE relation = 'documents'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted",
      );
      waiting = rows[0].waiting;
    }
    const writer = stage.db.pool;
    await writer.query(`UPDATE documents SET content = 'late text', embedding = ${own('late text')} WHERE id = 30`);
    await writer.query(`INSERT INTO documents (id, content, embedding) VALUES (95000, 'late row', ${own('late row')})`);
    await writer.query(
      "UPDATE documents SET id = 95001 WHERE id = 31; DELETE FROM documents WHERE id = 32; UPDATE documents SET content = 'not yet embedded' WHERE id = 33",
    );
    await reader.query('COMMIT');
    const { code, stderr } = await contracting;
    t.is(code, 0, stderr);
    const { rows } =
      await sql(`SELECT key_1::text AS id, vector = CASE key_1 WHEN 30 THEN ${own('late text')} WHEN 95000 THEN ${own('late row')} ELSE ${own(textOf(31))} END::vector AS right
      FROM ${await archive()} WHERE key_1 IN (30, 95000, 95001) ORDER BY key_1`);
    t.deepEqual(
      rows,
      // Under its new key a row is embedded anew.
      ['30', '95000'].map((id) => ({ id, right: true })),
    );
    await stage.bring(campaign, 'switch');
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });

  test.serial('a restore leaves rows that the application holds locked for later and waits for none of them', async (t) => {
    await stage.bring(campaign, 'contract');
    const writer = new pg.Client({ connectionString: stage.db.url });
    await writer.connect();
    t.teardown(() => writer.end());
    const { rows: last } = await sql(`SELECT key_1 AS id FROM ${await archive()} ORDER BY ctid DESC LIMIT 2`);
    const ids = last.map(({ id }) => id).join();
    await sql(`CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$;
      CREATE TRIGGER slowly BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION slowly()`);
    const going = stage.workplace.run(['migrate', 'down']);
    for (let phase = 'contract'; phase === 'contract'; await sleep(20)) {
      ({ phase } = (await sql(`SELECT phase FROM reembed.campaign WHERE name = '${campaign}'`)).rows[0]);
    }
    await writer.query(`BEGIN; SELECT FROM documents WHERE id IN (${ids}) FOR UPDATE`);
    for (let left = 0; left !== 2; await sleep(50)) {
      const { rows } = await sql(`SELECT count(*)::integer AS left FROM ${await archive()}`);
      left = rows[0].left;
    }
    await writer.query(`UPDATE documents SET content = 'changed under its lock' WHERE id IN (${ids})`);
    await writer.query('COMMIT');
    const { code, stderr } = await going;
    t.is(code, 0, stderr);
    await sql('DROP TRIGGER slowly ON documents');
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });
}

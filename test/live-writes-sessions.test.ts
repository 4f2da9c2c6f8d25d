import test from 'ava';
import pg from 'pg';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const BOTH = { oldColumn: 'embedding', newColumn: 'embedding_v2' };
const ROLE = `app_${process.pid}`;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 200);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
});
test.after.always(async () => {
  await stage.db.pool.query(`DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`).catch(() => {});
  await stage.close();
});

const sql = (text: string) => stage.db.pool.query(text);

test.serial('a role without any right on schema reembed writes as before, and its writes are captured', async (t) => {
  await sql(
    `CREATE ROLE ${ROLE}; GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO ${ROLE}; GRANT USAGE ON SEQUENCE documents_id_seq TO ${ROLE}`,
  );
  const client = await stage.db.pool.connect();
  await client.query(`BEGIN; SET LOCAL ROLE ${ROLE}`);
  await client.query("UPDATE documents SET content = 'by the application' WHERE id = 1");
  await client.query("INSERT INTO documents (content) VALUES ('by the application')");
  await client.query('UPDATE documents SET id = 5001 WHERE id = 2');
  await client.query('DELETE FROM documents WHERE id = 3');
  await client.query('COMMIT');
  for (const table of ['change', 'setting', 'target', 'event']) {
    await client.query(`BEGIN; SET LOCAL ROLE ${ROLE}`);
    await t.throwsAsync(client.query(`SELECT FROM reembed.${table}`), { code: '42501' });
    await client.query('ROLLBACK');
  }
  client.release();
  // A changed key is logged twice: as gone, and as come.
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 4);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a hostile search_path of the session changes nothing', async (t) => {
  await sql(`CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.btrim(text, text) RETURNS text LANGUAGE sql AS $$ SELECT ''::text $$;
    CREATE FUNCTION elsewhere.hashtextextended(text, bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT 0::bigint $$;
    CREATE FUNCTION elsewhere.nextval(regclass) RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$`);
  const client = await stage.db.pool.connect();
  await client.query('BEGIN; SET LOCAL search_path = elsewhere, pg_catalog');
  await client.query("UPDATE public.documents SET content = 'from a strange path' WHERE id = 4");
  await client.query("SELECT reembed.switch_to('documents', 'old-model')");
  await client.query('COMMIT');
  client.release();
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('rows that arrive by logical replication are captured like any other', async (t) => {
  const client = await stage.db.pool.connect();
  await client.query('BEGIN; SET LOCAL session_replication_role = replica');
  await client.query("UPDATE documents SET content = 'replicated' WHERE id = 5");
  await client.query("INSERT INTO documents (content) VALUES ('replicated too')");
  await client.query('COMMIT');
  client.release();
  t.is((await sql('SELECT FROM reembed.change')).rowCount, 2);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a text that changes while it is being embedded never gets the vector of what it was', async (t) => {
  // Not even for a moment: the captured change would soon bring the right one.
  await sql(`CREATE TABLE stored AS SELECT * FROM documents WHERE false;
    CREATE FUNCTION record_stored() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stored SELECT NEW.*; RETURN NULL; END $$;
    CREATE TRIGGER record_stored AFTER UPDATE ON documents FOR EACH ROW WHEN (NEW.embedding_v2 IS DISTINCT FROM OLD.embedding_v2) EXECUTE FUNCTION record_stored()`);
  let changed = 0;
  stage.provider.script = async ({ input }) => {
    if (input.includes('asked about') && changed++ < 2)
      await sql(`UPDATE documents SET content = 'changed meanwhile ${changed}' WHERE id = 6`);
    return undefined;
  };
  await sql("UPDATE documents SET content = 'asked about' WHERE id IN (6, 7)");
  await stage.work();
  stage.provider.script = () => undefined;
  t.true(changed > 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'stored', newColumn: 'embedding_v2' }), [], 'stored for a moment');
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  await sql('DROP TABLE stored; DROP FUNCTION record_stored() CASCADE');
});

test.serial('a backfill meets rows that change, move, go and come while it runs', async (t) => {
  await stage.bring(campaign, 'none');
  await stage.bring(campaign, 'backfill');
  let requests = 0;
  stage.provider.script = async () => {
    const i = 20 + 7 * requests++;
    if (requests > 8) return undefined;
    await sql(`UPDATE documents SET content = 'backfilled meanwhile ${i}' WHERE id IN (${i}, ${i + 100}); DELETE FROM documents WHERE id = ${i + 1};
      UPDATE documents SET id = ${6000 + i} WHERE id = ${i + 2}; INSERT INTO documents (content) VALUES ('come meanwhile ${i}');
      UPDATE documents SET content = NULL WHERE id = ${i + 3}`);
    return undefined;
  };
  await stage.work();
  stage.provider.script = () => undefined;
  t.true(requests > 1);
  await stage.bring(campaign, 'index');
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('a row that the application holds locked is neither waited for nor lost', async (t) => {
    const client = new pg.Client({ connectionString: stage.db.url });
    await client.connect();
    await sql("UPDATE documents SET content = 'to be embedded' WHERE id IN (8, 9, 10)");
    await client.query('BEGIN; SELECT FROM documents WHERE id = 9 FOR UPDATE');
    const startedAt = Date.now();
    await stage.work();
    t.true(Date.now() - startedAt < 3000);
    t.deepEqual((await sql('SELECT key AS id FROM reembed.change')).rows, [{ id: '9' }]);
    await client.query("UPDATE documents SET content = 'changed under the lock' WHERE id = 9");
    await client.query('COMMIT');
    await client.end();
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });

  test.serial('COPY is captured row by row', async (t) => {
    await sql(`COPY documents (content) FROM PROGRAM 'seq -f "copied %g" 1 500'`);
    t.is((await sql('SELECT FROM reembed.change')).rowCount, 500);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });

  test.serial('two texts that a collation calls equal are still two texts', async (t) => {
    await sql(`CREATE COLLATION same_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
    await createDocuments(stage.db.pool, 20, { table: 'insensitive' });
    await sql('ALTER TABLE insensitive ALTER COLUMN content TYPE text COLLATE same_case');
    const insensitive = await stage.createUsual('insensitive');
    await stage.bring(insensitive, 'index');
    await sql('UPDATE insensitive SET content = upper(content) WHERE id < 5');
    t.is((await sql('SELECT FROM reembed.change')).rowCount, 4);
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, { ...BOTH, table: 'insensitive' }), []);
  });

  test.serial('many writers at once, on the same rows and with deadlocks of their own making, leave every vector right', async (t) => {
    const writers = Array.from({ length: 5 }, async (_, who) => {
      const client = new pg.Client({ connectionString: stage.db.url });
      await client.connect();
      let lost = 0;
      for (let i = 0; i < 40; i++) {
        const ids = [50 + ((i * 7 + who) % 20), 50 + ((i * 3 + 2 * who) % 20)];
        try {
          await client.query('BEGIN');
          for (const id of ids) await client.query(`UPDATE documents SET content = 'writer ${who} round ${i}' WHERE id = ${id}`);
          await client.query(i % 5 === 0 ? 'ROLLBACK' : 'COMMIT');
        } catch (error) {
          if ((error as { code?: string }).code !== '40P01') throw error;
          lost += 1;
          await client.query('ROLLBACK');
        }
      }
      await client.end();
      return lost;
    });
    let writing = true;
    const worker = (async () => {
      while (writing) await stage.work();
    })();
    await Promise.all(writers);
    writing = false;
    await worker;
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  });
}

test.serial('under an older snapshot a key may move to that of a deleted row whose vector came meanwhile', async (t) => {
  if (!stage.db.real) return t.pass('one session: nothing comes meanwhile');
  await createDocuments(stage.db.pool, 20, { table: 'moved' });
  const beside = await stage.draft({ table: 'moved', storage: 'side-table' });
  await stage.bring(beside, 'index');
  // Else the worker would change the row too, and the application would have to retry.
  await sql("UPDATE reembed.setting SET keep_old_current = false WHERE target = 'public.moved.embedding'");
  await sql("UPDATE moved SET content = 'changed' WHERE id = 2");
  const client = await stage.db.pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM moved');
  await stage.work();
  await client.query('DELETE FROM moved WHERE id = 2; UPDATE moved SET id = 2 WHERE id = 3; COMMIT');
  client.release();
  await stage.work();
  const side = '(SELECT side.embedding FROM moved_new_model_vectors AS side WHERE side.id = moved.id)';
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'moved', newColumn: side }), []);
});

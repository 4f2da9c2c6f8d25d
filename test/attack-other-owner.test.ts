import test from 'ava';
import { openStage } from './harness/attacking-owner.ts';
import { createArguments, PUBLIC_FUNCTIONS } from './harness/roles.ts';
import { plantTripwire } from './harness/tripwire.ts';

// Roles are distinguished on a real server only.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

onServer('the owner of one table reaches neither the table of another owner nor the functions for it', async (t) => {
  const stage = await openStage(t, { superuserInstaller: false });
  const { admin, installer, owner, worker } = stage;
  const other = await stage.addRole('other_owner');
  await admin.query(`CREATE SCHEMA other AUTHORIZATION ${other.name}; GRANT ${other.name} TO ${installer.name}`);
  await other.pool.query(`
    CREATE TABLE other.documents (id bigint PRIMARY KEY, content text, embedding vector(16));
    INSERT INTO other.documents
      SELECT i, 'secret ' || i, ARRAY(SELECT sin(i * 7 + j)::real FROM generate_series(1, 16) AS j)::vector FROM generate_series(1, 20) AS i`);
  await owner.pool.query(`
    CREATE TABLE app.loot (content text);
    CREATE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE sql IMMUTABLE RETURN p_text`);
  const tripwire = await plantTripwire(
    stage,
    owner,
    'app',
    [installer, worker, other],
    ['INSERT INTO app.loot SELECT content FROM other.documents', "UPDATE other.documents SET content = 'overwritten'"],
  );

  t.is((await installer.run(createArguments(['--text-sql', 'app.norm(content)']))).code, 0);
  t.is(
    (
      await installer.run(
        createArguments(['--text', 'content', '--accept', 'old-model-disagrees', '--reason', 'made-up vectors'], 'other.documents'),
      )
    ).code,
    0,
  );
  t.is((await installer.run(['migrate', 'up'])).code, 3);
  await owner.pool.query(`
    CREATE OR REPLACE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      PERFORM ${tripwire.call('the text expression')};
      RETURN p_text;
    END $$;
    UPDATE app.documents SET content = content || ' again' WHERE id = 1`);
  t.is((await installer.run(['worker', '--drain'])).code, 0);
  t.is((await installer.run(['migrate', 'up'])).code, 3);

  t.deepEqual(await tripwire.gained([owner]), []);
  t.deepEqual((await admin.query('SELECT content FROM app.loot')).rows, []);
  t.deepEqual((await admin.query("SELECT content FROM other.documents WHERE content = 'overwritten'")).rows, []);

  const { rows: callable } = await admin.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
      WHERE p.pronamespace = 'reembed'::regnamespace AND p.prosecdef AND p.proowner <> $1::regrole AND p.proname <> ALL ($2)
        AND has_function_privilege($1, p.oid, 'EXECUTE') ORDER BY 1`,
    [owner.name, PUBLIC_FUNCTIONS],
  );
  t.deepEqual(callable, [], 'functions that run with the rights of others');
  const { rows: writable } = await admin.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class AS c
      WHERE c.relnamespace IN ('reembed'::regnamespace, 'reembed_queue'::regnamespace) AND c.relkind IN ('r', 'p')
        AND (has_table_privilege($1, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
             OR has_table_privilege($1, c.oid, 'INSERT') AND has_table_privilege($2, c.oid, 'INSERT')) ORDER BY 1`,
    [owner.name, other.name],
  );
  t.deepEqual(writable, [], 'tables of the toolkit that an owner may change, or that several owners may write to');
});

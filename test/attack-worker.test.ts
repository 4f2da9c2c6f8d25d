import anyTest, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { until } from './harness/campaign.ts';
import { wrongRows } from './harness/documents.ts';
import { createArguments, createRoleStage, FORBIDDEN_TO_WORKERS, FORGED_VALIDATION, type Role, type RoleStage } from './harness/roles.ts';
import { plantTripwire } from './harness/tripwire.ts';

// A worker embeds, and its role must be of no use for anything else.
const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;

/** A campaign whose first gate is reached, with a worker that has its grants. */
async function openCampaign(t: ExecutionContext, storage = 'column'): Promise<RoleStage> {
  const stage = await createRoleStage({ superuserInstaller: true });
  t.teardown(stage.close);
  await stage.owner.pool.query("CREATE TABLE app.secrets AS SELECT 'nobody else may read this' AS secret");
  t.is((await stage.installer.run(createArguments(['--text', 'content', '--storage', storage]))).code, 0);
  t.is((await stage.installer.run(['migrate', 'up'])).code, 3);
  await stage.grantWorker();
  return stage;
}

/** Statements that a role is allowed, of those given. */
async function allowed(role: Role, statements: string[]): Promise<string[]> {
  const possible: string[] = [];
  for (const statement of statements) {
    const code = await attempt(role.pool, statement);
    if (code !== '42501') possible.push(`${statement} -- ${code ?? 'done'}`);
  }
  return possible;
}

/** Runs a statement and takes it back; the SQLSTATE it ends with, undefined when it succeeds. */
async function attempt(pool: pg.Pool, statement: string, values: unknown[] = []): Promise<string | undefined> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement, values);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

for (const storage of ['column', 'side-table'] as const) {
  test(`a worker embeds the whole table and what is written meanwhile, and has no right on the table or on its vectors: ${storage}`, async (t) => {
    const stage = await openCampaign(t, storage);
    const { admin, application, worker } = stage;
    const newVector =
      storage === 'column'
        ? 'embedding_v2'
        : '(SELECT side.embedding FROM app.documents_new_model_vectors AS side WHERE side.id = documents.id)';
    const oracle = () => wrongRows(admin, { table: 'app.documents', oldColumn: 'embedding', newColumn: newVector });
    const { code, stderr } = await worker.run(['worker', '--drain']);
    t.is(code, 0, stderr);
    t.deepEqual(await oracle(), []);
    await application.pool.query(`
      UPDATE documents SET content = 'changed ' || id WHERE id IN (1, 2, 3);
      UPDATE documents SET id = 1000 WHERE id = 4;
      DELETE FROM documents WHERE id = 5;
      INSERT INTO documents (id, content) VALUES (1001, 'new'), (1002, NULL)`);
    t.is((await worker.run(['worker', '--drain'])).code, 0);
    t.deepEqual(await oracle(), []);

    const { rows: rights } = await admin.query<{ right: string }>(
      `SELECT c.relname || ': ' || p AS right FROM pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p
        WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
          AND (has_table_privilege($1, c.oid, p) OR has_any_column_privilege($1, c.oid, p)) ORDER BY 1`,
      [worker.name],
    );
    t.deepEqual(rights, []);
  });
}

test('a worker may touch no table of the application, and create nothing', async (t) => {
  const { installer, owner, worker } = await openCampaign(t);
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  t.deepEqual(
    await allowed(worker, [
      "UPDATE app.documents SET content = 'the worker was here' WHERE id = 1",
      'UPDATE app.documents SET embedding = NULL WHERE id = 1',
      'UPDATE app.documents SET embedding_v2 = NULL WHERE id = 1',
      'SELECT content FROM app.documents',
      "INSERT INTO app.documents (content) VALUES ('the worker was here')",
      'DELETE FROM app.documents',
      'TRUNCATE app.documents',
      'SELECT secret FROM app.secrets',
      'SELECT content FROM app.documents_live',
      ...['reembed', 'reembed_queue', 'app', 'public'].flatMap((schema) => [
        `CREATE TABLE ${schema}.mine (id integer)`,
        `CREATE VIEW ${schema}.mine AS SELECT 1 AS one`,
        `CREATE FUNCTION ${schema}.mine() RETURNS integer LANGUAGE sql RETURN 1`,
      ]),
      'CREATE SCHEMA mine',
      `SET ROLE ${owner.name}`,
      `SET ROLE ${installer.name}`,
    ]),
    [],
  );
});

test('a worker may not steer a campaign', async (t) => {
  const { worker } = await openCampaign(t);
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await allowed(worker, FORBIDDEN_TO_WORKERS), []);
});

test('a validation that a worker invents opens no gate', async (t) => {
  const { admin, installer, worker } = await openCampaign(t);
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  t.is((await installer.run(['migrate', 'up'])).code, 3);
  const { rows } = await admin.query<{ name: string }>('SELECT name FROM reembed.campaign');
  t.is(await attempt(admin, FORGED_VALIDATION, [rows[0]?.name]), undefined, 'the forgery is good enough for a superuser');

  const refusal = await worker.pool.query(FORGED_VALIDATION, [rows[0]?.name]).then(
    () => 'none',
    (error) => error.code,
  );
  await worker.pool.query("UPDATE reembed.validation SET verdict = 'pass', reasons = '{}', doubts = '{}'").catch(() => {});
  const { code, stderr } = await installer.run(['migrate', 'up']);
  const reads = await admin.query<{ model: string }>('SELECT read_model AS model FROM reembed.setting');
  t.is(reads.rows[0]?.model, 'old-model', 'it was not switched');
  t.is(code, 3);
  t.regex(stderr, /npm run validate|reembed validate/);
  t.is(refusal, '42501');
});

test('a worker puts no SQL into the queue that later workers and runners run', async (t) => {
  const stage = await openCampaign(t);
  const { admin, installer, worker } = stage;
  // pg-boss puts the name of a queue's table into statements as it is.
  const queue = (tableName: string) => `
    INSERT INTO reembed_queue.queue
    SELECT (jsonb_populate_record(q, jsonb_build_object('name', 'attack', 'table_name', $sql$${tableName}$sql$::text))).* FROM reembed_queue.queue AS q LIMIT 1`;
  const injected = queue(`job_table_run('ALTER ROLE ${worker.name} SUPERUSER') AS x, reembed_queue.job_common`);
  t.is(await attempt(admin, queue('job_common')), undefined, 'a queue with an ordinary name of a table can be made');

  const refusals = [
    await attempt(worker.pool, injected),
    await attempt(worker.pool, "UPDATE reembed_queue.queue SET table_name = 'job_common'"),
    // Commands that pg-boss runs when it migrates itself.
    await attempt(
      worker.pool,
      "INSERT INTO reembed_queue.bam (name, version, status, command) VALUES ('attack', 1, 'pending', 'SELECT 1')",
    ),
    await attempt(worker.pool, "SELECT reembed_queue.job_table_run('SELECT 1')"),
    await attempt(admin, injected),
    await attempt(admin, "UPDATE reembed_queue.queue SET table_name = 'job_common AS x'"),
  ];
  await worker.pool.query(injected).catch(() => {});
  await worker.pool.query("INSERT INTO reembed_queue.job_common (name) VALUES ('attack')").catch(() => {});
  const isSuperuser = async () => (await admin.query('SELECT FROM pg_roles WHERE rolname = $1 AND rolsuper', [worker.name])).rowCount === 1;
  const running = stage.workplace.start(['worker'], { DATABASE_URL: installer.url });
  running.stdout?.resume();
  running.stderr?.resume();
  // The queue is supervised every five seconds.
  await until(isSuperuser, 'the attack works', 15).catch(() => {});
  running.kill('SIGKILL');
  t.false(await isSuperuser(), 'the worker is a superuser');
  t.deepEqual(refusals, ['42501', '42501', '42501', '42501', '23514', '23514']);
});

test("functions and operators on a worker's own search_path are never used with the rights of others", async (t) => {
  const stage = await openCampaign(t);
  const { admin, installer, owner, worker } = stage;
  await admin.query(`CREATE SCHEMA home AUTHORIZATION ${worker.name}`);
  const tripwire = await plantTripwire(stage, worker, 'home', [installer, owner]);
  await worker.pool.query(`
    CREATE FUNCTION home.same(a bigint, b bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM home.trip('= of bigint'); RETURN int8eq(a, b); END $$;
    CREATE FUNCTION home.same(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM home.trip('= of text'); RETURN texteq(a, b); END $$;
    CREATE OPERATOR home.= (FUNCTION = home.same, LEFTARG = bigint, RIGHTARG = bigint);
    CREATE OPERATOR home.= (FUNCTION = home.same, LEFTARG = text, RIGHTARG = text);
    CREATE FUNCTION home.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM home.trip('clock_timestamp'); RETURN pg_catalog.clock_timestamp(); END $$;
    CREATE FUNCTION home.hashtextextended(t text, s bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN PERFORM ${tripwire.call('hashtextextended')}; RETURN pg_catalog.hashtextextended(t, s); END $$;
    CREATE FUNCTION home.btrim(t text, c text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM ${tripwire.call('btrim')}; RETURN pg_catalog.btrim(t, c); END $$`);
  await admin.query(`ALTER ROLE ${worker.name} SET search_path = home, pg_catalog, extensions`);
  // Old sessions of the pool have the old path; commands open their own.
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  await stage.application.pool.query("UPDATE documents SET content = 'changed ' || id WHERE id < 5");
  t.is((await worker.run(['worker', '--drain'])).code, 0);
  await worker.run(['alerts', '--check']);
  await worker.run(['status']);
  t.deepEqual(await tripwire.gained([worker]), []);
});

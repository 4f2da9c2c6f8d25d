import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type pg from 'pg';
import { applicationWrites } from './harness/application-writes.ts';
import { until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createArguments, createRoleStage, type Role, type RoleStage } from './harness/roles.ts';
import { ACCEPTING_UP } from './harness/roles-campaign.ts';

// Nobody is a superuser: one role migrates, one owns the table, one works, one is the application.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

for (const storage of ['column', 'side-table'] as const) {
  onServer(`without any superuser a campaign goes forward, back and forward again while the application writes: ${storage}`, async (t) => {
    const stage = await createRoleStage({ rows: 400 });
    t.teardown(stage.close);
    const { admin, installer, worker, application } = stage;
    await addTriggers(stage);
    const before = await ownership(stage);
    const run = async (role: Role, args: string[], expected: number) => {
      const { code, stdout, stderr } = await role.run(args);
      t.is(code, expected, `${args.join(' ')}: ${stdout}${stderr}`);
    };
    await run(installer, createArguments(['--text', 'content', '--storage', storage, '--batch-rows', '50']), 0);
    await run(installer, ACCEPTING_UP, 3);
    // What it wrote before the triggers were there would keep the old vectors it had.
    const writing = startWriting(application.pool);
    t.teardown(writing.stop);
    /** Lets the worker finish while nobody writes, then compares every row with its text. */
    const check = async (live: string, columns: { oldColumn?: string; newColumn?: string }) => {
      await writing.pause();
      await run(worker, ['worker', '--drain'], 0);
      t.deepEqual(await wrongRows(admin, { table: 'app.documents', ...columns }), []);
      t.deepEqual(await liveModels(application), [live]);
      writing.resume();
    };
    /** On a busy machine changes may wait for more than ten seconds, which keeps a gate closed: then `up` is run again. */
    const upTo = async (phase: string) => {
      const standsAt = async () => (await admin.query<{ phase: string }>('SELECT phase FROM reembed.campaign')).rows[0]?.phase;
      for (let tries = 0; tries < 20 && (await standsAt()) !== phase; tries++) await run(installer, ACCEPTING_UP, 3);
      t.is(await standsAt(), phase);
    };
    const beside = '(SELECT side.embedding FROM app.documents_new_model_vectors AS side WHERE side.id = documents.id)';
    const both = { oldColumn: 'embedding', newColumn: storage === 'column' ? 'embedding_v2' : beside };

    await stage.grantWorker();
    const working = stage.workplace.start(['worker'], { DATABASE_URL: worker.url });
    let words = '';
    // A pipe that nobody empties would stop the worker as soon as it is full.
    for (const output of [working.stdout, working.stderr]) {
      output?.on('data', (chunk) => {
        words = (words + chunk).slice(-2000);
      });
    }
    await check(OLD_MODEL, both);
    await upTo('index');
    await run(installer, ['validate'], 5);
    await check(OLD_MODEL, both);

    await upTo('switch');
    await check(NEW_MODEL, both);
    await run(installer, ['migrate', 'down'], 0);
    await check(OLD_MODEL, both);
    await upTo('switch');
    await check(NEW_MODEL, both);

    await run(installer, ['setting', 'soak=0'], 0);
    await writing.pause();
    await run(worker, ['worker', '--drain'], 0);
    await run(installer, ['migrate', 'up'], 0);
    writing.resume();
    await check(NEW_MODEL, { newColumn: storage === 'column' ? 'embedding' : beside });

    await run(installer, ['migrate', 'down'], 0);
    await check(NEW_MODEL, both);
    working.kill('SIGTERM');
    await until(() => working.exitCode !== null || working.signalCode !== null, 'the worker ends', 45).catch(() =>
      t.fail(`it does not end: ${words}`),
    );
    t.is(working.exitCode, 0, words);
    await run(installer, ['migrate', 'down', '--all', '--discard-vectors'], 0);
    await writing.stop();
    t.deepEqual(writing.failures, []);
    t.true(writing.rounds() > 3, `${writing.rounds()} rounds of writes`);
    t.deepEqual(await ownership(stage), before, 'schema app has the same relations, owners and grants as before');
  });
}

onServer('after every step only the installer may create in schemas of the toolkit', async (t) => {
  const stage = await createRoleStage();
  t.teardown(stage.close);
  const { admin, installer, worker } = stage;
  const creators = async () =>
    (
      await admin.query<{ role: string; schema: string }>(
        `SELECT n.nspname AS schema, r.rolname AS role FROM pg_namespace AS n, pg_roles AS r
          WHERE n.nspname ~ '^reembed' AND NOT r.rolsuper AND r.rolname ~ $1 AND has_schema_privilege(r.oid, n.oid, 'CREATE') AND r.rolname <> $2`,
        [`_${installer.name.split('_').pop()}$`, installer.name],
      )
    ).rows;
  for (const [role, args] of [
    [installer, createArguments()],
    [installer, ['migrate', 'up']],
    [worker, ['worker', '--drain']],
    [installer, ['migrate', 'up']],
    [installer, ['validate']],
    [installer, ACCEPTING_UP],
    [installer, ['migrate', 'down']],
    [installer, ACCEPTING_UP],
    [installer, ['setting', 'soak=0']],
    [installer, ['migrate', 'up']],
    [installer, ['migrate', 'down']],
  ] as const) {
    if (role === worker) await stage.grantWorker();
    const { code, stderr } = await role.run([...args]);
    t.true(code === 0 || code === 3 || code === 5, `${args.join(' ')}: ${stderr}`);
    t.deepEqual(await creators(), [], args.join(' '));
  }
});

/** The application's own triggers name their tables as it does itself: without a schema. */
async function addTriggers({ owner, application }: RoleStage): Promise<void> {
  await owner.pool.query(`
    CREATE TABLE audit_log (at timestamptz DEFAULT now(), by text DEFAULT current_user, id bigint);
    GRANT INSERT ON audit_log TO ${application.name};
    CREATE FUNCTION note_in_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log (id) VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER note_in_audit AFTER UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION note_in_audit()`);
}

/** Every relation of the application's schema with its owner. */
async function ownership({ admin }: RoleStage): Promise<unknown[]> {
  const { rows } = await admin.query(
    `SELECT c.relname AS name, c.relkind AS kind, c.relowner::regrole::text AS owner, c.relacl::text AS grants
       FROM pg_class AS c WHERE c.relnamespace = 'app'::regnamespace ORDER BY 1`,
  );
  return rows;
}

/** Models that the application finds in the live view. */
async function liveModels({ pool }: Role): Promise<string[]> {
  const { rows } = await pool.query<{ model: string }>('SELECT DISTINCT embedding_model AS model FROM documents_live');
  return rows.map(({ model }) => model);
}

/** Goes on writing, as the application, whatever an application may write, until it is stopped. */
function startWriting(pool: pg.Pool) {
  const failures: string[] = [];
  let isOver = false;
  let isPaused = false;
  let isIdle = false;
  let rounds = 0;
  const over = (async () => {
    for (let at = 10_000; !isOver; at += 2000) {
      for (const [what, statement] of Object.entries(applicationWrites(at).any)) {
        // So that the table stays small however long the campaign takes.
        if (what === 'bulk insert' && rounds >= 3) continue;
        isIdle = true;
        while (isPaused && !isOver) await sleep(20);
        isIdle = false;
        if (isOver) break;
        // A client of its own for each: some open a transaction.
        await pool.query(statement).catch((error) => failures.push(`${what}: ${error.message}`));
        await sleep(100);
      }
      rounds += 1;
    }
    isIdle = true;
  })();
  return {
    failures,
    rounds: () => rounds,
    async pause() {
      isPaused = true;
      while (!isIdle) await sleep(10);
    },
    resume() {
      isPaused = false;
    },
    async stop() {
      isOver = true;
      await over;
    },
  };
}

import test, { type ExecutionContext } from 'ava';
import {
  createArguments,
  createRoleStage,
  PUBLIC_FUNCTIONS,
  type Role,
  type RoleStage,
  type RoleStageOptions,
  runCampaign,
} from './harness/roles.ts';
import { plantTripwire, type Tripwire } from './harness/tripwire.ts';

// The owner of a table decides what runs when it is read or written. That code must never run with more rights than the owner has.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;
const STORAGES = ['column', 'side-table'] as const;

async function openStage(t: ExecutionContext, options: RoleStageOptions = {}): Promise<RoleStage> {
  const stage = await createRoleStage({ superuserInstaller: true, ...options });
  t.teardown(stage.close);
  return stage;
}

/** The attacker is the owner, and the rights to gain are the installer's and the worker's. */
function plant(stage: RoleStage): Promise<Tripwire> {
  return plantTripwire(stage, stage.owner, 'app', [stage.installer, stage.worker]);
}

/** Roles as which the owner's code may run: the owner, and the application where it writes. */
const rightful = ({ owner, application }: RoleStage) => [owner, application];

/** Runs commands that may or may not be possible on what the attacker left of the table. */
async function attempt(role: Role, commands: string[][]): Promise<void> {
  for (const args of commands) await role.run(args);
}

for (const [what, exchange] of [
  ['dropped and added again', 'DROP COLUMN id CASCADE'],
  [
    'renamed away and added again',
    'DROP CONSTRAINT documents_pkey CASCADE, ALTER COLUMN id SET DEFAULT 0; ALTER TABLE app.documents RENAME id TO former_id',
  ],
] as const) {
  for (const storage of STORAGES) {
    onServer(`a key column ${what}, of a type with casts of the owner's, gives no rights: ${storage}`, async (t) => {
      const stage = await openStage(t);
      const { installer, owner } = stage;
      const tripwire = await plant(stage);
      await installer.run(createArguments(['--text', 'content', '--storage', storage]));
      t.is((await installer.run(['migrate', 'up'])).code, 3);
      await plantCasts(owner, 'app.kind', tripwire);
      await owner.pool.query(`
        ALTER TABLE app.documents ALTER COLUMN id DROP IDENTITY IF EXISTS;
        ALTER TABLE app.documents ${exchange};
        TRUNCATE app.documents;
        ALTER TABLE app.documents ADD COLUMN id app.kind PRIMARY KEY`);
      // Whether these succeed does not matter here.
      for (const statement of [
        "INSERT INTO app.documents (id, content) VALUES ('one', 'first'), ('two', 'second')",
        "UPDATE app.documents SET content = 'changed'",
        "UPDATE app.documents SET id = 'three' WHERE id = 'two'",
        "DELETE FROM app.documents WHERE id = 'three'",
      ]) {
        await owner.pool.query(statement).catch(() => {});
      }
      await attempt(installer, [
        ['migrate', 'up'],
        ['worker', '--drain'],
        ['validate'],
        ['status'],
        ['doctor'],
        ['migrate', 'down', '--all', '--discard-vectors'],
      ]);
      t.deepEqual(await tripwire.gained(rightful(stage)), []);
    });
  }
}

onServer("a text column added again, of a type with casts of the owner's, gives no rights", async (t) => {
  const stage = await openStage(t);
  const { installer, owner } = stage;
  const tripwire = await plant(stage);
  await installer.run(createArguments());
  t.is((await installer.run(['migrate', 'up'])).code, 3);
  await plantCasts(owner, 'app.kind', tripwire);
  await owner.pool.query(`
    ALTER TABLE app.documents DROP COLUMN content CASCADE;
    ALTER TABLE app.documents ADD COLUMN content app.kind DEFAULT 'one';`);
  for (const statement of ["INSERT INTO app.documents (content) VALUES ('two')", "UPDATE app.documents SET content = 'three'"]) {
    await owner.pool.query(statement).catch(() => {});
  }
  await attempt(installer, [
    ['migrate', 'up'],
    ['worker', '--drain'],
    ['validate'],
    ['doctor'],
    createArguments(),
    ['migrate', 'down', '--all', '--discard-vectors'],
  ]);
  t.deepEqual(await tripwire.gained(rightful(stage)), []);
});

/** An enum with a cast to each type that a key or a text may be turned into. */
async function plantCasts(owner: Role, type: string, tripwire: Tripwire): Promise<void> {
  await owner.pool.query(`CREATE TYPE ${type} AS ENUM ('one', 'two', 'three')`);
  for (const target of ['json', 'jsonb', 'text', 'varchar', 'bytea', 'bigint']) {
    const value = { json: `'"x"'`, jsonb: `'"x"'`, text: `'x'`, varchar: `'x'`, bytea: `'x'`, bigint: '1' }[target];
    await owner.pool.query(`
      CREATE FUNCTION app.kind_to_${target}(${type}) RETURNS ${target} LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN
        PERFORM ${tripwire.call(`the cast to ${target}`)};
        RETURN ${value};
      END $$;
      CREATE CAST (${type} AS ${target}) WITH FUNCTION app.kind_to_${target}(${type})`);
  }
}

for (const storage of STORAGES) {
  onServer(`a function of the text expression that its owner replaces runs with the owner's rights only: ${storage}`, async (t) => {
    const stage = await openStage(t);
    const { owner, application } = stage;
    const tripwire = await plant(stage);
    await owner.pool.query('CREATE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE sql IMMUTABLE RETURN p_text');
    const change = async (by: Role, id: number) => {
      await by.pool.query(`UPDATE app.documents SET content = content || ' again' WHERE id = $1`, [id]);
    };
    const wrong = await runCampaign(stage, {
      create: ['--text-sql', 'app.norm(content)', '--storage', storage],
      before: {
        'watch searches': async () => {
          await owner.pool.query(`
            CREATE OR REPLACE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
            BEGIN
              PERFORM ${tripwire.call('the text expression')};
              RETURN p_text;
            END $$`);
          await change(owner, 1);
          await change(application, 2);
        },
        watch: () => change(application, 3),
        'drain again': () => change(owner, 4),
        'drain as installer': () => change(application, 5),
      },
    });
    t.deepEqual(await tripwire.gained(rightful(stage)), []);
    t.true(
      (await tripwire.ran()).some(({ role }) => role === owner.name),
      'it did run, as the owner',
    );
    // Where it ended a worker's session, a row may wait at a gate.
    t.deepEqual(
      wrong.filter((line) => !line.includes('[gate_closed]')),
      [],
    );
  });
}

for (const storage of STORAGES) {
  onServer(`triggers, constraints, policies, domains and defaults of the owner run with the owner's rights only: ${storage}`, async (t) => {
    const stage = await openStage(t, { rows: 0 });
    const { owner, application } = stage;
    const tripwire = await plant(stage);
    await createTrappedTable(stage, tripwire);
    // A side table shows what policies would hide, so it is refused where there are any.
    if (storage === 'column') {
      await owner.pool.query(`
        ALTER TABLE app.documents ENABLE ROW LEVEL SECURITY;
        CREATE POLICY trapped ON app.documents USING (${tripwire.call('a policy')})`);
    }
    const write = async (id: number) => {
      await application.pool.query('INSERT INTO app.documents (id, content) VALUES ($1, $2)', [id, `more ${id}`]);
      await application.pool.query("UPDATE app.documents SET content = content || ' again' WHERE id = $1", [id - 1]);
      await application.pool.query('UPDATE app.documents SET id = id + 500 WHERE id = $1', [id - 50]);
      await application.pool.query('DELETE FROM app.documents WHERE id = $1', [id - 40]);
      await trapEverything(stage, tripwire);
    };
    const wrong = await runCampaign(stage, {
      create: ['--text', 'content', '--storage', storage],
      before: {
        'drain as worker': () => write(61),
        index: () => trapEverything(stage, tripwire),
        watch: () => write(62),
        'drain again': () => write(63),
        'drain as installer': () => write(64),
        'roll contract back': () => write(65),
        'take everything down': () => write(66),
      },
    });
    t.deepEqual(await tripwire.gained(rightful(stage)), []);
    // A rule of the owner's on the owner's own archive closes the owner's way back, and gives nobody a right.
    t.deepEqual(
      wrong.filter((line) => !line.includes('DO ALSO rules')),
      [],
    );
  });
}

/** app.documents with code of the owner in every place where PostgreSQL runs it. */
async function createTrappedTable({ owner, application }: RoleStage, tripwire: Tripwire): Promise<void> {
  await owner.pool.query(`
    CREATE DOMAIN app.document_id AS bigint CHECK (${tripwire.call('the CHECK of a domain')});
    CREATE FUNCTION app.length_of(p_text text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      PERFORM ${tripwire.call('a generated column')};
      RETURN length(p_text);
    END $$;
    CREATE TABLE app.documents (
      id app.document_id PRIMARY KEY,
      content text CHECK (${tripwire.call('a CHECK')}),
      embedding vector(16),
      length integer GENERATED ALWAYS AS (app.length_of(content)) STORED,
      noted boolean DEFAULT ${tripwire.call('a default')}
    );
    CREATE FUNCTION app.trap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM app.trip('a trigger ' || TG_WHEN || ' ' || TG_OP || ' on ' || TG_TABLE_NAME);
      RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER aa_before BEFORE INSERT OR UPDATE OR DELETE ON app.documents FOR EACH ROW EXECUTE FUNCTION app.trap();
    CREATE TRIGGER zzz_after AFTER INSERT OR UPDATE OR DELETE ON app.documents FOR EACH ROW EXECUTE FUNCTION app.trap();
    CREATE TRIGGER zzz_statement AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.documents EXECUTE FUNCTION app.trap();
    INSERT INTO app.documents (id, content, embedding)
      SELECT i, 'text number ' || i, ARRAY(SELECT sin(i * 7 + j)::real FROM generate_series(1, 16) AS j)::vector FROM generate_series(1, 60) AS i;
    CREATE INDEX documents_embedding_idx ON app.documents USING hnsw (embedding vector_cosine_ops);
    GRANT SELECT, INSERT, UPDATE, DELETE ON app.documents TO ${application.name}`);
}

/** Puts the owner's code wherever the owner is allowed to: side tables, change logs, archives. */
async function trapEverything({ admin, owner }: RoleStage, tripwire: Tripwire): Promise<void> {
  // A superuser may put it anywhere, which would show nothing.
  if ((await admin.query('SELECT FROM pg_roles WHERE rolname = $1 AND rolsuper', [owner.name])).rowCount) return;
  const { rows } = await admin.query<{ name: string; isOurs: boolean }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname <> 'app' AS "isOurs"
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('app', 'reembed', 'reembed_queue') AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('documents', 'tripped', 'watched')`,
  );
  for (const { name, isOurs } of rows) {
    for (const statement of [
      `CREATE TRIGGER aa_before BEFORE INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION app.trap()`,
      `CREATE TRIGGER zzz_after AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION app.trap()`,
      `ALTER TABLE ${name} ADD CONSTRAINT trapped CHECK (${tripwire.call('a CHECK of a table of ours')})`,
      // With a rule on it a side table could not be written any more.
      ...(isOurs ? [`CREATE RULE trapped AS ON DELETE TO ${name} DO ALSO SELECT app.trip('a rule')`] : []),
    ]) {
      await owner.pool.query(statement).catch(() => {});
    }
  }
}

for (const storage of STORAGES) {
  onServer(`a view that the owner puts in the place of ours runs with the owner's rights only: ${storage}`, async (t) => {
    const stage = await openStage(t);
    const { application, installer } = stage;
    const tripwire = await plant(stage);
    const wrong = await runCampaign(stage, {
      create: ['--text', 'content', '--storage', storage],
      before: {
        'drain as worker': async () => {
          await replaceViews(stage);
          await application.pool.query("UPDATE app.documents SET content = content || ' again' WHERE id = 1");
        },
        validate: async () => {
          await replaceViews(stage);
          await attempt(installer, [
            ['validate', '--filter', 'id > 0'],
            ['validate', '--queries-from', 'generated', '--filter', 'id > 0'],
            ['status'],
            ['doctor'],
          ]);
        },
        watch: () => replaceViews(stage),
        'roll contract back': () => replaceViews(stage),
      },
    });
    t.deepEqual(await tripwire.gained(rightful(stage)), []);
    t.deepEqual(wrong, []);
  });
}

/** The owner of a schema may drop what others have in it and put something else in its place. */
async function replaceViews({ admin, owner }: RoleStage): Promise<void> {
  const { rows } = await admin.query<{ name: string; definition: string }>(
    `SELECT c.oid::regclass::text AS name, rtrim(pg_get_viewdef(c.oid), ';') AS definition
       FROM pg_class AS c WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'v' AND pg_get_viewdef(c.oid) !~ 'trip'`,
  );
  for (const { name, definition } of rows) {
    await owner.pool.query(
      `DROP VIEW ${name}; CREATE VIEW ${name} AS SELECT shown.* FROM (${definition}) AS shown WHERE app.trip(${`'${name}'`})`,
    );
  }
}

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

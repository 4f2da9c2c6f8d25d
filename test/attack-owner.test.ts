import test from 'ava';
import { attempt, openStage, plant, rightful, STORAGES } from './harness/attacking-owner.ts';
import type { Role, RoleStage } from './harness/roles.ts';
import { runCampaign } from './harness/roles-campaign.ts';
import type { Tripwire } from './harness/tripwire.ts';

// The owner of a table decides what runs when it is read or written. That code must never run with more rights than the owner has.
// Whole campaigns, one after the other: six at once finish so late on a busy machine that the suite takes them for hanging.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

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

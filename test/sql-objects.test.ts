import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import { applySqlObjects } from '../src/database/sql-objects.ts';
import { SQL_OBJECTS } from '../src/paths.ts';
import { counted, formatBytes, formatSeconds } from '../src/wording.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const FILES = readdirSync(SQL_OBJECTS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.sql') && !path.startsWith('target'))
  .map((path) => ({ name: basename(path, '.sql'), text: readFileSync(join(SQL_OBJECTS, path), 'utf8') }));

// The embedded database has one role.
const onServer = process.env.TEST_DATABASE_URL ? test : { serial: test.serial.skip };

let stage: Stage;

// With a campaign on either side of contract, so that trigger functions and an archive are there as well.
test.before(async () => {
  stage = await createStage();
  for (const [table, standing] of [
    ['documents', 'contract'],
    ['books', 'expand'],
  ] as const) {
    await createDocuments(stage.db.pool, 10, { table });
    await stage.bring(await stage.createUsual(table), standing);
  }
});
test.after.always(() => stage.close());

/** The first column of a query's rows. */
async function names(query: string): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}

for (const { name, text } of FILES) {
  test(`sql: ${name}.sql makes ${name}, only that, and comments on it`, (t) => {
    // A trigger stands in the file of its function and has its name.
    const made = [...text.matchAll(/^CREATE OR REPLACE (?:FUNCTION|PROCEDURE|VIEW|TRIGGER) (?:reembed\.)?(\w+)/gm)].map(
      (match) => match[1],
    );
    t.true(made.length > 0 && made.every((object) => object === name), made.join());
    t.is([...text.matchAll(/^CREATE /gm)].length, made.length);
    t.regex(text, new RegExp(`^COMMENT ON (FUNCTION|PROCEDURE|VIEW) reembed\\.${name} IS '.+[.;]';$`, 'm'));
  });
}

test('schema reembed has exactly the functions and views of sql/, beside what is compiled for each target', async (t) => {
  const made = await names(`SELECT proname AS name FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname !~ '_[0-9a-f]{6}$'
    UNION SELECT relname FROM pg_class WHERE relnamespace = 'reembed'::regnamespace AND relkind = 'v' AND relname !~ '_[0-9a-f]{6}$' ORDER BY 1`);
  t.deepEqual(made.toSorted(), FILES.map(({ name }) => name).toSorted());
});

test.serial('up leaves the objects alone when they are in place, and puts back what was changed by hand', async (t) => {
  const { pool } = stage.db;
  const versions = () =>
    names(
      "SELECT oid || ' ' || xmin AS name FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace UNION ALL SELECT oid || ' ' || xmin FROM pg_class WHERE relname = 'books_live' ORDER BY 1",
    );
  await applySqlObjects(stage.database);
  const before = await versions();
  await applySqlObjects(stage.database);
  t.deepEqual(await versions(), before);

  await pool.query('ALTER TABLE books ADD COLUMN shelf integer');
  await applySqlObjects(stage.database);
  t.true((await names("SELECT attname AS name FROM pg_attribute WHERE attrelid = 'books_live'::regclass")).includes('shelf'));

  await pool.query('DROP FUNCTION reembed.retry_failed');
  const capture = () =>
    names("SELECT tgname AS name FROM pg_trigger WHERE tgrelid = 'books'::regclass AND tgname LIKE 'zz_reembed%' ORDER BY 1");
  const triggers = await capture();
  t.is(triggers.length, 3);
  await pool.query(`DROP TRIGGER ${triggers[0]} ON books`);
  await pool.query('CREATE OR REPLACE FUNCTION reembed.has_text(p_text text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true');
  await applySqlObjects(stage.database);
  t.deepEqual(await names("SELECT to_regproc('reembed.retry_failed')::text AS name"), ['reembed.retry_failed']);
  t.deepEqual(await capture(), triggers);
  t.deepEqual(await names("SELECT reembed.has_text('  ')::text AS name"), ['false']);
});

onServer.serial(
  'up touches no table and no view of the application after a grant to a worker, and only the target that DDL damaged',
  async (t) => {
    const { pool } = stage.db;
    const versions = (relation: string) =>
      names(`SELECT 'view ' || c.xmin AS name FROM pg_class AS c WHERE c.relname = '${relation}_live'
      UNION ALL SELECT 'trigger ' || g.oid FROM pg_trigger AS g WHERE g.tgrelid = '${relation}'::regclass AND NOT g.tgisinternal
      UNION ALL SELECT 'function ' || p.oid FROM pg_proc AS p WHERE p.oid = 'reembed.switch_to'::regproc AND '${relation}' = 'books' ORDER BY 1`);
    await applySqlObjects(stage.database);
    const [books, documents] = [await versions('books'), await versions('documents')];
    const role = `reembed_grantee_${randomBytes(4).toString('hex')}`;
    await pool.query(`CREATE ROLE ${role}`);
    t.teardown(() => pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    await pool.query('SELECT reembed.grant_worker($1)', [role]);
    await applySqlObjects(stage.database);
    t.deepEqual(await versions('books'), books, 'a grant replaced objects');
    await pool.query('ALTER TABLE documents ADD COLUMN room integer');
    await applySqlObjects(stage.database);
    t.notDeepEqual(await versions('documents'), documents);
    t.deepEqual(await versions('books'), books, 'DDL on one table replaced the objects of another');
    await pool.query('GRANT EXECUTE ON FUNCTION reembed.switch_to TO PUBLIC');
    await applySqlObjects(stage.database);
    t.deepEqual(
      await names("SELECT proname AS name FROM pg_proc WHERE proname = 'switch_to' AND has_function_privilege('public', oid, 'EXECUTE')"),
      [],
    );
  },
);

test('every schema, table, view, column, sequence, function and trigger of ours has a comment', async (t) => {
  const bare = await names(`
    SELECT 'schema ' || nspname AS name FROM pg_namespace WHERE nspname LIKE 'reembed%' AND obj_description(oid, 'pg_namespace') IS NULL
    UNION ALL
    SELECT 'relation ' || c.relname FROM pg_class AS c
     WHERE c.relnamespace = 'reembed'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND obj_description(c.oid, 'pg_class') IS NULL
       AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype IN ('i', 'a'))
    UNION ALL
    SELECT format('column %s.%s', c.relname, a.attname) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'reembed'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
       AND col_description(c.oid, a.attnum) IS NULL
       -- Columns of what is compiled for a target are named in sql/target, and the keys are the user's.
       AND c.relname !~ '_[0-9a-f]{6}$'
       -- node-pg-migrate makes these three.
       AND (c.relname, a.attname) NOT IN (('schema_migration', 'id'), ('schema_migration', 'name'), ('schema_migration', 'run_on'))
    UNION ALL
    SELECT 'routine ' || proname FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
    UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger
     WHERE NOT tgisinternal AND (tgrelid = 'reembed.setting'::regclass OR tgname LIKE 'zz_reembed%') AND obj_description(oid, 'pg_trigger') IS NULL`);
  t.deepEqual(bare, []);
});

test('every function fixes its search_path, but those whose body is bound when they are made and the one that commits', async (t) => {
  const loose =
    await names(`SELECT proname AS name FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND prosqlbody IS NULL AND prokind = 'f'
    AND proname !~ '_[0-9a-f]{6}$' AND NOT coalesce(array_to_string(proconfig, ' ') LIKE 'search_path=pg_catalog, pg_temp%' OR array_to_string(proconfig, ' ') LIKE '% search_path=pg_catalog, pg_temp%', false)`);
  t.deepEqual(loose, []);
});

test('PUBLIC may call nothing of ours but what a search needs and what only computes, and read no table', async (t) => {
  const callable = await names(
    `SELECT proname AS name FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1`,
  );
  t.deepEqual(callable, [
    'active_model',
    'admit_owners',
    'bridge_map',
    'bridge_statement',
    'capture_triggers',
    'change_lane',
    'count_text',
    'counted',
    'has_text',
    'join_damage',
    'key_hash',
    'key_text',
    'log_query',
    'model_view_name',
    'query_vector',
    'read_bridge',
    'reading',
    'reads_for',
    'record_shadow_read',
    'report_wanted',
    'served_model',
    'serves',
    'text_digest',
    'text_failure',
    'text_hash',
    'view_schema',
    'works_for',
  ]);
  const readable = await names(
    `SELECT c.relname AS name FROM pg_class AS c, aclexplode(c.relacl) AS g WHERE c.relnamespace = 'reembed'::regnamespace AND g.grantee = 0`,
  );
  t.deepEqual(readable, []);
});

test('figures are written in SQL as in TypeScript', async (t) => {
  const counts = [0, 1, 999, 1000, 10_972, 1_234_567_890];
  const bytes = [0, 1023, 1024, 1536, 2 ** 20, 1.5 * 2 ** 30, 2 ** 40, 2 ** 52];
  const seconds = [10, 89, 90, 5399, 5400, 172_799, 172_800, 1_000_000];
  const { rows } = await stage.db.pool.query(
    `SELECT ARRAY(SELECT reembed.counted(n, 'row') FROM unnest($1::numeric[]) AS n) AS counts, ARRAY(SELECT reembed.bytes_text(n) FROM unnest($2::numeric[]) AS n) AS bytes,
            ARRAY(SELECT reembed.seconds_text(n) FROM unnest($3::double precision[]) AS n) AS seconds`,
    [counts, bytes, seconds],
  );
  t.deepEqual(rows, [{ counts: counts.map((n) => counted(n, 'row')), bytes: bytes.map(formatBytes), seconds: seconds.map(formatSeconds) }]);
});

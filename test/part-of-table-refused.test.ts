import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { createCollections } from './harness/parts.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Roles belong to the whole server, and the embedded one has a single role.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;
const extender = `reembed_part_extender_${randomBytes(4).toString('hex')}`;

let stage: Stage;

test.before(async () => {
  stage = await createStage({ 'other-model': 8 });
  const { pool } = stage.db;
  await createCollections(pool, 'items', 80);
  await pool.query(`
    CREATE TABLE allowed (collection text);
    CREATE TABLE parted (id bigint PRIMARY KEY, collection text, content text, embedding vector) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
    INSERT INTO parted SELECT * FROM items;
    CREATE FUNCTION public.is_a(p_text text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN p_text = 'a';
    CREATE FUNCTION public.runs(p integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM set_config('test.ran', 'yes', false); RETURN true; END $$`);
});
test.after.always(() => stage.close());

const create = (where: string, part: string | undefined = 'a', table = 'items') => stage.draft({ table, where, part });

const REFUSED: [what: string, where: string, code: string][] = [
  ['a clause whose truth changes with time', "collection = 'a' AND now() > '2000-01-01'", 'part_not_immutable'],
  ['a clause that depends on the role', 'collection = current_user::text', 'part_not_immutable'],
  ['a volatile clause', 'random() < 0.5', 'part_not_immutable'],
  ['a subquery', 'collection IN (SELECT collection FROM public.allowed)', 'part_reads_table'],
  ['a function of the user', 'public.is_a(collection)', 'part_calls_function'],
  ['the row as a whole', "t IS NOT NULL AND collection = 'a'", 'part_reads_row'],
  ['a clause that is not boolean', 'collection', 'bad_part'],
  ['two expressions', "collection = 'a') OR (true", 'bad_part'],
  ['two statements', "collection = 'a'; DROP TABLE items", 'bad_part'],
  ['a column that does not exist', "nothing = 'a'", 'bad_part'],
  ['an aggregate', 'count(*) > 1', 'bad_part'],
  ['a clause that no row satisfies', "collection = 'z'", 'empty_part'],
];

for (const [what, where, code] of REFUSED) {
  test.serial(`refused: ${what}`, async (t) => {
    await t.throwsAsync(create(where), { code }, 'the clause was admitted');
    t.is((await stage.db.pool.query('SELECT FROM items')).rowCount, 80);
  });
}

test.serial('refused: --where without --part, a name that is none, a partitioned table', async (t) => {
  await t.throwsAsync(stage.draft({ table: 'items', where: "collection = 'a'" }), { message: /belong together/ });
  await t.throwsAsync(create("collection = 'a'", 'No Name'), { message: /cannot be the name/ });
  await t.throwsAsync(create("collection = 'a'", 'a', 'parted'), { code: 'part_of_partitions' });
});

test.serial('a comment at the end of the clause takes nothing along', async (t) => {
  const campaign = await create("collection = 'a' -- the first");
  await stage.bring(campaign, 'switch');
  t.is((await stage.db.pool.query('SELECT FROM items_a_live')).rowCount, 40);
  await stage.bring(campaign, 'none');
});

test.serial('parts of one column are admitted only if PostgreSQL proves that they share no row', async (t) => {
  const campaign = await create("collection = 'a'");
  await stage.bring(campaign, 'expand');
  await t.throwsAsync(create("collection <> 'b'", 'b'), { code: 'parts_overlap' }, 'parts that share rows were admitted');
  await t.throwsAsync(create('id > 10', 'b'), { code: 'parts_overlap' });
  await t.throwsAsync(stage.draft({ table: 'items' }), { code: 'whole_or_parts' });
  const draft = stage.draft({ table: 'items', part: 'b', where: "collection = 'b'", from: 'other-model' });
  await t.notThrowsAsync(draft);
  await stage.bring(await draft, 'expand');
  // A file may have been edited, or written before another part was registered.
  await t.throwsAsync(stage.db.pool.query(`SELECT reembed.require_part('items', 'embedding', 'c', 'id > 10')`), {
    code: 'RE004',
    message: /may belong to both parts/,
  });
  await t.throwsAsync(
    stage.db.pool.query(`SELECT reembed.require_part('items', 'embedding', 'c', 'collection = ''c'' AND now() > ''2000-01-01''')`),
    {
      code: 'RE004',
      message: /now\(\)/,
    },
  );
  // The planner evaluates an immutable function of constants, and here with the rights of the role that migrates.
  const client = await stage.db.pool.connect();
  try {
    await t.throwsAsync(client.query(`SELECT reembed.require_part('items', 'embedding', 'c', 'public.runs(1)')`), {
      code: 'RE004',
      message: /runs\(integer\)/,
    });
    t.not((await client.query("SELECT current_setting('test.ran', true) AS ran")).rows[0].ran, 'yes');
  } finally {
    client.release();
  }
  await stage.bring(await draft, 'none');
  await stage.bring(campaign, 'none');
});

onServer('refused: a function that the owner of an extension has added to it', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    `CREATE ROLE ${extender}; ALTER FUNCTION public.is_a OWNER TO ${extender}; ALTER EXTENSION vector ADD FUNCTION public.is_a(text)`,
  );
  try {
    await t.throwsAsync(create('public.is_a(collection)'), { code: 'part_calls_function' }, 'the clause was admitted');
  } finally {
    await pool.query(
      `ALTER EXTENSION vector DROP FUNCTION public.is_a(text); ALTER FUNCTION public.is_a OWNER TO CURRENT_USER; DROP ROLE ${extender}`,
    );
  }
});

test.serial('the plan of a part names its rows, what contract writes, and the indexes that it replaces', async (t) => {
  await stage.db.pool.query(
    "CREATE INDEX items_of_a ON items USING hnsw ((embedding::vector(16)) vector_cosine_ops) WHERE collection = 'a'; CREATE INDEX items_of_b ON items USING hnsw ((embedding::vector(8)) vector_cosine_ops) WHERE collection = 'b'",
  );
  const { code, stderr } = await stage.workplace.run([
    ...['migrate', 'create', '--dry-run', '--no-probe', '--table', 'items', '--text', 'content', '--from', 'old-model'],
    ...['--to', 'new-model', '--dimensions', '24', '--part', 'z', '--where', "collection = 'a'"],
  ]);
  t.is(code, 0, stderr);
  t.regex(stderr, /public\.items\.embedding\.z: old-model \(16\)/);
  t.regex(stderr, /part +z, where collection = 'a'; live view items_z_live/);
  t.regex(stderr, /40 with a text, of 40/);
  t.regex(stderr, /contract writes 40 rows of the part once more/);
  t.regex(stderr, /it drops items_of_a before, and builds one like the new index/);
  t.notRegex(stderr, /reembed_live|items_of_b/);
  await stage.db.pool.query('DROP INDEX items_of_a, items_of_b');
});

test.serial('create names the way out for a column with several dimensions', async (t) => {
  const { code, stderr } = await stage.workplace.run([
    ...['migrate', 'create', '--dry-run', '--no-probe', '--table', 'items', '--text', 'content'],
    ...['--to', 'new-model', '--dimensions', '24', '--from', 'old-model'],
  ]);
  t.not(code, 0);
  t.regex(stderr, /16 \(40 rows\) and 8 \(40 rows\) dimensions/);
  t.regex(
    stderr,
    /--part NAME and --where "collection = 'a'" \(40 rows of 16 dimensions\) or .*--where "collection = 'b'" \(20 rows of 8 dimensions\)/,
  );
});

test.serial('refused: a virtual column, which triggers do not see', async (t) => {
  const { pool } = stage.db;
  const version = Number((await pool.query('SHOW server_version_num')).rows[0].server_version_num);
  if (version < 180000) return t.pass('PostgreSQL 18 has virtual columns');
  await pool.query('ALTER TABLE items ADD COLUMN kind text GENERATED ALWAYS AS (upper(collection)) VIRTUAL');
  await t.throwsAsync(create("kind = 'A'"), { code: 'part_reads_virtual' });
  await pool.query('ALTER TABLE items DROP COLUMN kind');
});

test.serial('a clause that fails on a row makes no write fail', async (t) => {
  const { pool } = stage.db;
  const campaign = await create("collection = 'a' AND 10 / (id + 5) < 100");
  await stage.bring(campaign, 'backfill');
  await t.notThrowsAsync(pool.query("INSERT INTO items VALUES (-5, 'a', 'divides by zero', NULL)"), 'the write failed');
  await t.notThrowsAsync(pool.query("UPDATE items SET content = 'again' WHERE id = -5"));
  await t.notThrowsAsync(pool.query('DELETE FROM items WHERE id = -5'));
  await stage.work();
  await stage.bring(campaign, 'none');
});

test('docs/parts-of-a-table.md has every refusal', (t) => {
  const page = readFileSync(new URL('../docs/parts-of-a-table.md', import.meta.url), 'utf8');
  const codes = [...REFUSED.map(([, , code]) => code), 'part_reads_virtual', 'parts_overlap', 'whole_or_parts', 'part_of_partitions'];
  t.deepEqual(
    codes.filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});

import test from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

/** A table that is hard to write about. Names are as they are in the catalog, unquoted. */
interface OddTable {
  about: string;
  schema?: string;
  table: string;
  /** key columns and their types */
  keys: Record<string, string>;
  /** SQL for the key columns of row g.i */
  keySql: string;
  text: string;
  vector: string;
}

const QUOTES = `Qu"o'te.d \`na me\` \${x} %I \\ $$`;

const tables: OddTable[] = [
  { about: 'reserved words', table: 'select', keys: { order: 'bigint' }, keySql: 'g.i', text: 'user', vector: 'table' },
  {
    about: 'quotes, dots, blanks, backticks and braces',
    schema: `S.${QUOTES}`,
    table: `T ${QUOTES}`,
    keys: { [`K ${QUOTES}`]: 'bigint' },
    keySql: 'g.i',
    text: `C ${QUOTES}`,
    vector: `V ${QUOTES}`,
  },
  {
    about: 'one name in two schemas',
    schema: `S.${QUOTES}`,
    table: 'select',
    keys: { id: 'int' },
    keySql: 'g.i',
    text: 'content',
    vector: 'embedding',
  },
  {
    about: 'a key of two columns',
    table: 'two_keys',
    keys: { tenant: 'text', number: 'int' },
    keySql: "'tenant ' || g.i % 3, g.i",
    text: 'content',
    vector: 'embedding',
  },
  {
    about: 'a uuid for a key',
    table: 'by_uuid',
    keys: { id: 'uuid' },
    keySql: 'md5(g.i::text)::uuid',
    text: 'content',
    vector: 'embedding',
  },
  {
    about: 'a text for a key',
    table: 'by_text',
    keys: { id: 'text' },
    keySql: `E'a "key", {with} \\\\ all that''s odd \\n ' || g.i`,
    text: 'content',
    vector: 'embedding',
  },
  {
    about: 'a point in time for a key',
    table: 'by_time',
    keys: { id: 'timestamptz' },
    keySql: "timestamptz '2024-03-31 00:30:00.123456+00' + g.i * interval '7 minutes'",
    text: 'content',
    vector: 'embedding',
  },
  {
    about: 'a decimal number for a key',
    table: 'by_number',
    keys: { id: 'numeric' },
    keySql: '12345678901234567890.10 + g.i',
    text: 'content',
    vector: 'embedding',
  },
];

let stage: Stage;

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const qualified = ({ schema = 'public', table }: OddTable) => `${quote(schema)}.${quote(table)}`;
const target = ({ schema = 'public', table, vector }: OddTable) => `${schema}.${table}.${vector}`;

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await pool.query(`CREATE SCHEMA ${quote(`S.${QUOTES}`)}`);
  for (const odd of tables) {
    const keys = Object.entries(odd.keys).map(([name, type]) => `${quote(name)} ${type}`);
    await pool.query(
      `CREATE TABLE ${qualified(odd)} (${keys.join(', ')}, ${quote(odd.text)} text, ${quote(odd.vector)} vector(${OLD_DIMENSIONS}),
         PRIMARY KEY (${Object.keys(odd.keys).map(quote).join(', ')}))`,
    );
    await insert(odd, 60);
    await pool.query(`CREATE INDEX ON ${qualified(odd)} USING hnsw (${quote(odd.vector)} vector_cosine_ops)`);
  }
});
test.after.always(() => stage?.close());

async function insert(odd: OddTable, rows: number): Promise<void> {
  const numbers = Array.from({ length: rows }, (_, i) => i + 1);
  await stage.db.pool.query(
    `INSERT INTO ${qualified(odd)} SELECT ${odd.keySql}, g.content, g.embedding FROM unnest($1::int[], $2::text[], $3::vector[]) AS g(i, content, embedding)`,
    [numbers, numbers.map(textOf), numbers.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS)))],
  );
}

/** Rows whose vectors are wrong, of a table whose names are odd. */
function wrong(odd: OddTable, columns: { old?: string; new?: string }): Promise<string[]> {
  const names = Object.values(columns).map((name, i) => `${quote(name)} AS v${i}`);
  const key = `concat_ws('/', ${Object.keys(odd.keys).map(quote).join(', ')})`;
  return wrongRows(stage.db.pool, {
    table: `(SELECT ${key} AS id, ${quote(odd.text)} AS content, ${names.join(', ')} FROM ${qualified(odd)}) AS odd`,
    ...(columns.old ? { oldColumn: 'v0' } : {}),
    ...(columns.new ? { newColumn: columns.old ? 'v1' : 'v0' } : {}),
  });
}

/** Writes as an application of another time zone would. */
async function write(odd: OddTable, tag: string): Promise<void> {
  const text = quote(odd.text);
  const client = await stage.db.pool.connect();
  try {
    await client.query("SET TimeZone = 'Asia/Kathmandu'; SET bytea_output = 'escape'");
    await client.query(
      `UPDATE ${qualified(odd)} SET ${text} = '${tag} ' || ${text} WHERE ${text} LIKE '%number 7' OR ${text} LIKE '%number 8'`,
    );
    await client.query(`UPDATE ${qualified(odd)} SET ${text} = NULL WHERE ${text} LIKE '%number 9'`);
    await client.query(`DELETE FROM ${qualified(odd)} WHERE ${text} LIKE '%number 10'`);
  } finally {
    await client.query('RESET ALL');
    client.release();
  }
}

async function columnsOf(odd: OddTable): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1',
    [qualified(odd)],
  );
  return rows.map(({ name }) => name);
}

/** Runs a command for every odd table at once, as far as it can go. */
async function run(t: { is(actual: unknown, expected: unknown, message?: string): boolean }, args: string[], code: number): Promise<void> {
  const result = await stage.workplace.run(args);
  t.is(result.code, code, `${args.join(' ')}: ${result.stderr}`);
}

for (const odd of tables) {
  test.serial(`create takes ${odd.about}`, async (t) => {
    const name = odd.schema ? qualified(odd) : odd.table;
    const campaign = await stage.create([
      '--table',
      name,
      '--text',
      odd.text,
      '--column',
      odd.vector,
      '--to',
      NEW_MODEL,
      '--dimensions',
      String(NEW_DIMENSIONS),
      '--from',
      OLD_MODEL,
    ]);
    t.regex(campaign, /^\d{17}_/);
  });
}

test.serial('up --wait embeds tables of every kind of name and key, and their live writes', async (t) => {
  await run(t, ['migrate', 'up'], 3);
  for (const odd of tables) await write(odd, 'changed');
  await run(t, ['migrate', 'up', '--wait'], 3);
  for (const odd of tables) t.deepEqual(await wrong(odd, { new: `${odd.vector}_v2` }), [], odd.about);
});

test.serial('the switch, writes after it, contract and the whole way back work for each of them', async (t) => {
  const { pool } = stage.db;
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM reembed.campaign');
  for (const { name } of rows) await stage.pass(name);
  await pool.query("UPDATE reembed.setting SET canary_percent = 100, known_items = 10, alert_after = '0'");
  for (const odd of tables) {
    const side = (
      await pool.query(
        'SELECT r.name, r.view, quote_ident(t.live_model_column) AS model FROM reembed.reads_for($1, $2) AS r JOIN reembed.target AS t ON t.name = r.target',
        [target(odd), 'anybody'],
      )
    ).rows[0];
    const vector = vectorText(vectorOf(NEW_MODEL, textOf(20), NEW_DIMENSIONS));
    const found = await pool.query(
      `SELECT ${quote(odd.text)} AS content FROM ${side.view} ORDER BY ${quote(odd.vector)} <=> reembed.query_vector(${side.model}, $1, $2::vector) LIMIT 1`,
      [side.name, vector],
    );
    t.deepEqual([side.name, found.rows[0].content], [NEW_MODEL, textOf(20)], odd.about);
  }
  const watch = createWatch(stage);
  t.deepEqual(await watch.check(), []);
  t.deepEqual(await watch.kinds(), []);
  const { rows: known } = await pool.query(
    'SELECT count(*)::int, count(DISTINCT target)::int AS targets, bool_and(found) AS found FROM reembed.known_item',
  );
  t.deepEqual(known, [{ count: tables.length * 20, targets: tables.length, found: true }]);
  await run(t, ['migrate', 'up'], 3);
  for (const odd of tables)
    t.is((await pool.query('SELECT reembed.active_model($1) AS model', [target(odd)])).rows[0]?.model, NEW_MODEL, odd.about);

  for (const odd of tables) await write(odd, 'again');
  await run(t, ['worker', '--drain'], 0);
  for (const odd of tables) t.deepEqual(await wrong(odd, { old: odd.vector, new: `${odd.vector}_v2` }), [], odd.about);

  await pool.query("UPDATE reembed.setting SET soak = '0'");
  await run(t, ['migrate', 'up'], 0);
  for (const odd of tables) t.deepEqual(await wrong(odd, { new: odd.vector }), [], odd.about);
  await run(t, ['migrate', 'down', '--all', '--accept-missing', '--discard-vectors'], 0);
  for (const odd of tables) {
    t.deepEqual(await columnsOf(odd), [...Object.keys(odd.keys), odd.text, odd.vector].sort(), odd.about);
  }
});

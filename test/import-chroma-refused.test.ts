import test from 'ava';
import { type ChromaServer, fillCollection, importedRows, importInto, makeRecords, startChroma, startProxy } from './harness/chroma.ts';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// As all imports, against a real Chroma server.
const command = process.env.TEST_DATABASE_URL ? process.env.TEST_CHROMA : undefined;
const onServer = command ? test.serial : test.serial.skip;

let chroma: ChromaServer;
let stage: Stage;
test.before(async () => {
  if (!command) return;
  [chroma, stage] = await Promise.all([startChroma(command), createBareStage()]);
});
test.after.always(async () => {
  await Promise.all([chroma?.close(), stage?.close()]);
});

const TOKEN = 'a-token-of-the-chroma-server';

onServer(
  'a table whose rows have the ids of records and another content is refused unchanged, and overwritten with --replace',
  async (t) => {
    await fillCollection(chroma, 'repeated', makeRecords(1500));
    await stage.db.pool.query(
      `CREATE TABLE repeated (id varchar UNIQUE, document text, metadata jsonb, embedding vector(16), note text DEFAULT 'mine')`,
    );
    await stage.db.pool.query(`INSERT INTO repeated (id, document) VALUES ('chunk-1400', 'mine'), ('other', 'mine')`);
    const before = await fingerprint(stage.db.pool);
    assertRefused(t, await importInto(stage, 'repeated', chroma.address('repeated')), {
      code: 'ids_taken',
      says: /1 row of public\.repeated has .*chunk-1400/,
      remedy: /--replace/,
    });
    t.deepEqual(await fingerprint(stage.db.pool), before);
    const { code, json, stderr } = await importInto(stage, 'repeated', chroma.address('repeated'), '--replace');
    t.is(code, 0, stderr);
    t.like(json, { written: 1500, after: { equal: 1500 } });
    const stored = await importedRows(stage, '(SELECT * FROM repeated WHERE embedding IS NOT NULL) AS r');
    t.is(stored.get('chunk-1400')?.document, 'text of chunk 1400');
    t.is((await stage.db.pool.query("SELECT document FROM repeated WHERE id = 'other'")).rows[0].document, 'mine');
  },
);

onServer('a record that PostgreSQL cannot store is left out and named, and the others are stored', async (t) => {
  const [first, second, third, ...others] = makeRecords(300);
  if (!first || !second || !third) throw new Error('no records');
  await fillCollection(chroma, 'unfit', [
    { ...first, document: 'a\0b' },
    { ...second, metadata: { number: 2 ** 60 } },
    { ...third, id: 'x'.repeat(20_000).replaceAll(/x/g, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))) },
    ...others,
  ]);
  for (const _ of ['the first run', 'a second one']) {
    const result = await importInto(stage, 'unfit', chroma.address('unfit'));
    assertRefused(t, result, {
      code: 'records_left_out',
      says: /3 records could not be stored; the first is chunk-0: it contains the character U\+0000/,
    });
    t.deepEqual(
      result.json?.leftOut.map(({ reason }) => /U\+0000|2\^53|index row/.exec(reason)?.[0]),
      ['U+0000', '2^53', 'index row'],
    );
    t.is(result.json?.after?.equal, 297);
  }
});

onServer('a token is sent from the environment or the address, and never shown', async (t) => {
  await fillCollection(chroma, 'secured', makeRecords(20));
  const proxy = await startProxy(chroma.port, { token: TOKEN });
  t.teardown(() => proxy.close());
  const args = ['import', proxy.address('secured'), '--table', 'secured'];
  assertRefused(t, await stage.workplace.run(args), { code: 'chroma_login_refused', remedy: /CHROMA_API_KEY/ });
  assertRefused(t, await stage.workplace.run(args, { CHROMA_API_KEY: `${TOKEN}-wrong` }), { code: 'chroma_login_refused' }, [TOKEN]);
  const allowed = await stage.workplace.run([...args, '--dry-run'], { CHROMA_API_KEY: TOKEN });
  t.is(allowed.code, 0, allowed.stderr);
  const inAddress = await stage.workplace.run(['import', proxy.address('secured').replace('://', `://${TOKEN}@`), '--table', 'secured']);
  t.is(inAddress.code, 0, inAddress.stderr);
  t.false(`${inAddress.stdout}${inAddress.stderr}${allowed.stderr}`.includes(TOKEN));
});

onServer('bad input is refused with one line and changes nothing', async (t) => {
  const { pool } = stage.db;
  await fillCollection(chroma, 'usual', makeRecords(30));
  await fillCollection(
    chroma,
    'vectors-only',
    makeRecords(1100).map((record) => ({ ...record, document: null })),
  );
  await chroma.client.createCollection({ name: 'empty', embeddingFunction: null });
  await pool.query('CREATE TABLE other_dimensions (id text PRIMARY KEY, document text, metadata jsonb, embedding vector(24))');
  await pool.query('CREATE TABLE no_metadata (id text PRIMARY KEY, document text, embedding vector(16))');
  await pool.query('CREATE TABLE numbered (id bigint PRIMARY KEY, document text, metadata jsonb, embedding vector(16))');
  await pool.query('CREATE TABLE needy (id text PRIMARY KEY, document text, metadata jsonb, embedding vector(16), tenant text NOT NULL)');
  await pool.query('CREATE TABLE no_key (id text, document text, metadata jsonb, embedding vector(16))');
  await pool.query('CREATE VIEW a_view AS SELECT * FROM no_key');
  const before = await fingerprint(pool);
  const usual = chroma.address('usual');
  const refused = async (source: string, table: string, code: string, says: RegExp, remedy = /\w/, exit: 'failed' | 'usage' = 'failed') =>
    assertRefused(t, await importInto(stage, table, source), { code, says, remedy, exit });
  await refused(chroma.address('usually'), 'chunks_2', 'no_such_collection', /no collection usually in database default_database/, /usual/);
  await refused(`${usual}?tenant=nobody`, 'chunks_2', 'no_such_collection', /tenant nobody/);
  await refused(chroma.address('vectors-only'), 'chunks_2', 'no_documents', /no record of collection vectors-only has a document/);
  await refused(chroma.address('empty'), 'chunks_2', 'empty_collection', /empty/);
  await refused(`chroma://127.0.0.1:1/usual`, 'chunks_2', 'chroma_unreachable', /127\.0\.0\.1:1/);
  await refused('http://127.0.0.1/usual', 'chunks_2', 'usage', /chroma:\/\//, /chroma:\/\/host/, 'usage');
  await refused(`${usual}?token=${TOKEN}`, 'chunks_2', 'usage', /tenant and database/, /\w/, 'usage');
  await refused(`chroma://127.0.0.1:${chroma.port}/`, 'chunks_2', 'usage', /names no collection/, /\w/, 'usage');
  await refused(usual, 'missing.chunks', 'no_such_schema', /no schema missing/);
  await refused(usual, 'other_dimensions', 'table_does_not_fit', /vector\(24\), and the vectors have 16/);
  await refused(usual, 'no_metadata', 'table_does_not_fit', /no column metadata/, /metadata jsonb/);
  await refused(usual, 'numbered', 'table_does_not_fit', /column id is bigint/);
  await refused(usual, 'needy', 'table_does_not_fit', /column tenant needs a value/);
  await refused(usual, 'no_key', 'table_does_not_fit', /neither the primary key nor unique/);
  await refused(usual, 'a_view', 'table_does_not_fit', /not a table/);
  t.deepEqual(await fingerprint(pool), before);
});

onServer('a table of another role is refused, because its triggers would run with the rights of the importer', async (t) => {
  const { pool } = stage.db;
  await fillCollection(chroma, 'foreign', makeRecords(10));
  await pool.query('CREATE TABLE foreign_rows (id text PRIMARY KEY, document text, metadata jsonb, embedding vector(16))');
  await pool.query('ALTER TABLE foreign_rows OWNER TO pg_monitor');
  assertRefused(t, await importInto(stage, 'foreign_rows', chroma.address('foreign')), {
    code: 'table_does_not_fit',
    says: /belongs to pg_monitor/,
    remedy: /connect as pg_monitor/,
  });
});

import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ImportResult } from '../src/import/import.ts';
import { until } from './harness/campaign.ts';
import { addRecords, type ChromaServer, fillCollection, startChroma, startProxy, type TestRecord } from './harness/chroma.ts';
import { exitOf } from './harness/command.ts';
import { vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// The embedded database has one session, in which an import that was killed could not be seen.
const command = process.env.TEST_DATABASE_URL ? process.env.TEST_CHROMA : undefined;
const DIMENSIONS = 16;
const TOKEN = 'a-token-of-the-chroma-server';

let chroma: ChromaServer;
let stage: Stage;

/** Records in more than one page. */
function makeRecords(count: number, dimensions = DIMENSIONS, model = 'chroma'): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `chunk-${i}`,
    document: `text of chunk ${i}`,
    metadata: { source: `page ${i % 7}`, place: i, weight: i / 4, draft: i % 2 === 0 },
    vector: vectorOf(model, `text of chunk ${i}`, dimensions),
  }));
}

async function readTable(table: string): Promise<Map<string, { document: string | null; metadata: unknown; vector: Float32Array }>> {
  const { rows } = await stage.db.pool.query<{ id: string; document: string | null; metadata: unknown; embedding: string }>(
    `SELECT id, document, metadata, embedding::text FROM ${table}`,
  );
  return new Map(
    rows.map(({ id, document, metadata, embedding }) => [
      id,
      { document, metadata, vector: Float32Array.from(JSON.parse(embedding) as number[]) },
    ]),
  );
}

async function importInto(table: string, source: string, ...options: string[]) {
  const result = await stage.workplace.run(['import', source, '--table', table, '--json', ...options]);
  return { ...result, json: result.stdout === '' ? undefined : (JSON.parse(result.stdout) as ImportResult) };
}

if (command) {
  test.before(async () => {
    [chroma, stage] = await Promise.all([
      startChroma(command),
      createBareStage({ 'all-MiniLM-L6-v2': 384, 'text-embedding-3-small': 1536 }),
    ]);
  });
  test.after.always(async () => {
    await Promise.all([chroma?.close(), stage?.close()]);
  });

  test.serial(
    'a collection of several pages becomes a table with the same ids, texts, metadata and vectors, bit by bit; a second run writes nothing',
    async (t) => {
      const odd: TestRecord[] = [
        {
          id: "o'clock; DROP TABLE",
          document: 'Größe 🙂\n\u2028"quoted"\\',
          metadata: { 'a key': 'ü"\\' },
          vector: new Float32Array(DIMENSIONS).fill(1e-40),
        },
        {
          id: '🙂',
          document: null,
          metadata: null,
          vector: Float32Array.from({ length: DIMENSIONS }, (_, i) => (i % 2 ? 3.4e38 : -1 / 3)),
        },
      ];
      const records = [...makeRecords(2100), ...odd];
      await fillCollection(chroma, 'articles', records);
      const plan = await importInto('chunks', chroma.address('articles'), '--dry-run');
      t.is(plan.code, 0, plan.stderr);
      t.like(plan.json, { records: 2102, exists: false, written: null, dimensions: DIMENSIONS });
      t.is((await stage.db.pool.query("SELECT to_regclass('chunks') AS it")).rows[0].it, null);

      const first = await importInto('chunks', chroma.address('articles'));
      t.is(first.code, 0, first.stderr);
      t.like(first.json, {
        written: 2102,
        leftOut: [],
        after: { records: 2102, equal: 2102, missing: 0, different: 0, withoutDocument: 1 },
      });
      t.is(first.json?.after?.checksum.collection, first.json?.after?.checksum.table);
      const stored = await readTable('chunks');
      t.is(stored.size, records.length);
      for (const { id, ...record } of records) t.deepEqual(stored.get(id), record, id);

      const again = await importInto('public.chunks', chroma.address('articles'));
      t.like(again.json, { exists: true, written: 0, before: { equal: 2102 }, after: { equal: 2102 } });
    },
  );

  test.serial('an import that was killed copies only what is missing when it is run again', async (t) => {
    const records = makeRecords(3000);
    await fillCollection(chroma, 'interrupted', records);
    const { pool } = stage.db;
    await pool.query(`CREATE TABLE interrupted (id text PRIMARY KEY, document text, metadata jsonb, embedding vector)`);
    await pool.query(
      `CREATE FUNCTION wait_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 'chunk-1500' THEN PERFORM pg_catalog.pg_sleep(60); END IF; RETURN NEW; END $$`,
    );
    await pool.query('CREATE TRIGGER wait_long BEFORE INSERT ON interrupted FOR EACH ROW EXECUTE FUNCTION wait_long()');
    const rows = async () => (await pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM interrupted')).rows[0]?.n ?? 0;
    const child = stage.workplace.start(['import', chroma.address('interrupted'), '--table', 'interrupted']);
    await until(async () => (await rows()) === 1000, 'the first page is stored');
    child.kill('SIGKILL');
    await exitOf(child);
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO%interrupted%' AND pid <> pg_backend_pid()",
    );
    await pool.query('DROP TRIGGER wait_long ON interrupted');
    const { code, json, stderr } = await importInto('interrupted', chroma.address('interrupted'));
    t.is(code, 0, stderr);
    t.like(json, { written: 2000, before: { equal: 1000, missing: 2000 }, after: { equal: 3000, missing: 0 } });
  });

  test.serial(
    'a table whose rows have the ids of records and another content is refused unchanged, and overwritten with --replace',
    async (t) => {
      await fillCollection(chroma, 'repeated', makeRecords(1500));
      await stage.db.pool.query(
        `CREATE TABLE repeated (id varchar UNIQUE, document text, metadata jsonb, embedding vector(16), note text DEFAULT 'mine')`,
      );
      await stage.db.pool.query(`INSERT INTO repeated (id, document) VALUES ('chunk-1400', 'mine'), ('other', 'mine')`);
      const before = await fingerprint(stage.db.pool);
      assertRefused(t, await importInto('repeated', chroma.address('repeated')), {
        code: 'ids_taken',
        says: /1 row of public\.repeated has .*chunk-1400/,
        remedy: /--replace/,
      });
      t.deepEqual(await fingerprint(stage.db.pool), before);
      const { code, json, stderr } = await importInto('repeated', chroma.address('repeated'), '--replace');
      t.is(code, 0, stderr);
      t.like(json, { written: 1500, after: { equal: 1500 } });
      const stored = await readTable('(SELECT * FROM repeated WHERE embedding IS NOT NULL) AS r');
      t.is(stored.get('chunk-1400')?.document, 'text of chunk 1400');
      t.is((await stage.db.pool.query("SELECT document FROM repeated WHERE id = 'other'")).rows[0].document, 'mine');
    },
  );

  test.serial('a record that PostgreSQL cannot store is left out and named, and the others are stored', async (t) => {
    const [first, second, third, ...others] = makeRecords(300);
    if (!first || !second || !third) throw new Error('no records');
    await fillCollection(chroma, 'unfit', [
      { ...first, document: 'a\0b' },
      { ...second, metadata: { number: 2 ** 60 } },
      { ...third, id: 'x'.repeat(20_000).replaceAll(/x/g, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))) },
      ...others,
    ]);
    for (const _ of ['the first run', 'a second one']) {
      const result = await importInto('unfit', chroma.address('unfit'));
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

  test.serial('a record that changes during the import is found by the comparison afterwards', async (t) => {
    const records = makeRecords(1200);
    const add = await fillCollection(chroma, 'changing', records);
    // 1: dimensions, 2: documents, 3 to 5: the pages and the end, then the comparison.
    const proxy = await startProxy(chroma.port, {
      async before(number) {
        if (number !== 6) return;
        await add([
          { ...(records[7] as TestRecord), vector: vectorOf('chroma', 'another text', DIMENSIONS) },
          { ...(records[8] as TestRecord), id: 'new' },
        ]);
      },
    });
    t.teardown(() => proxy.close());
    const result = await importInto('changing', proxy.address('changing'));
    assertRefused(t, result, {
      code: 'import_differs',
      says: /1 record is missing in public\.changing and 1 differs/,
      remedy: /--replace/,
    });
    t.not(result.json?.after?.checksum.collection, result.json?.after?.checksum.table);
    const again = await importInto('changing', chroma.address('changing'), '--replace');
    t.is(again.code, 0, again.stderr);
    t.like(again.json, { after: { records: 1201, equal: 1201 } });
  });

  test.serial(
    'a collection with an embedding function, as the Python client creates it, is imported without loading that function',
    async (t) => {
      const answer = await fetch(`http://127.0.0.1:${chroma.port}/api/v2/tenants/default_tenant/databases/default_database/collections`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'of-python', configuration: { embedding_function: { type: 'known', name: 'default', config: {} } } }),
      });
      t.true(answer.ok, await answer.clone().text());
      const { id } = (await answer.json()) as { id: string };
      await addRecords(chroma.port, id, makeRecords(3));
      const { code, json, stderr } = await importInto('of_python', chroma.address('of-python'));
      t.is(code, 0, stderr);
      t.is(json?.after?.equal, 3);
      t.deepEqual(
        stderr.split('\n').filter((line) => !/^(\S+Z )?(database|checking|copying|comparing): /.test(line)),
        [''],
      );
    },
  );

  test.serial('a token is sent from the environment or the address, and never shown', async (t) => {
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

  test.serial('bad input is refused with one line and changes nothing', async (t) => {
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
      assertRefused(t, await importInto(table, source), { code, says, remedy, exit });
    await refused(
      chroma.address('usually'),
      'chunks_2',
      'no_such_collection',
      /no collection usually in database default_database/,
      /usual/,
    );
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

  test.serial('a table of another role is refused, because its triggers would run with the rights of the importer', async (t) => {
    const { pool } = stage.db;
    await fillCollection(chroma, 'foreign', makeRecords(10));
    await pool.query('CREATE TABLE foreign_rows (id text PRIMARY KEY, document text, metadata jsonb, embedding vector(16))');
    await pool.query('ALTER TABLE foreign_rows OWNER TO pg_monitor');
    assertRefused(t, await importInto('foreign_rows', chroma.address('foreign')), {
      code: 'table_does_not_fit',
      says: /belongs to pg_monitor/,
      remedy: /connect as pg_monitor/,
    });
  });

  test.serial(
    'the recipe leads from a collection to the new model: its commands run as they are written, forward, back and forward',
    async (t) => {
      t.timeout(300_000);
      const recipe = readFileSync(new URL('../docs/chroma.md', import.meta.url), 'utf8');
      const records = makeRecords(200, 384, 'all-MiniLM-L6-v2').map((record) => ({
        ...record,
        vector: vectorOf('all-MiniLM-L6-v2', record.document ?? '', 384),
      }));
      await stage.db.pool.query('DROP TABLE IF EXISTS chunks');
      await chroma.client.deleteCollection({ name: 'articles' });
      await fillCollection(chroma, 'articles', records);
      const lines = [...recipe.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
        block
          .replaceAll(/\\\n\s*/g, ' ')
          .trim()
          .split('\n'),
      );
      t.true(lines.length > 8, String(lines.length));
      for (const line of lines.map((text) => text.replace(/\s+#.*/, '')).filter((text) => text.startsWith('npm run '))) {
        const [, , script = '', ...words] = line.replace('localhost:8000', `127.0.0.1:${chroma.port}`).match(/"[^"]*"|\S+/g) ?? [];
        const args = words.filter((word) => word !== '--').map((word) => word.replaceAll('"', ''));
        const { code, stderr } = await stage.workplace.run([script, ...args], { REEMBED_MIGRATIONS: 'recipe' });
        t.true(code === 0 || (code === 3 && args[0] === 'up') || (code === 5 && script === 'validate'), `${line}: ${code} ${stderr}`);
      }
      t.deepEqual(await wrongRowsOf('chunks'), []);
      const { rows } = await stage.db.pool.query<{ phase: string }>('SELECT phase FROM reembed.campaign');
      t.deepEqual(rows, [{ phase: 'switch' }]);
    },
  );
} else {
  test('an import is tried on a real server, with a real Chroma server that TEST_CHROMA starts', (t) => {
    t.is(command, undefined);
  });
}

/** Ids of rows whose vectors are not those of their texts: the old one of the collection, the new one of the provider. */
async function wrongRowsOf(table: string): Promise<string[]> {
  const { rows } = await stage.db.pool.query<{ id: string; document: string; old: string; new: string }>(
    `SELECT id, document, embedding::text AS old, embedding_v2::text AS new FROM ${table}`,
  );
  const is = (stored: string, model: string, text: string, dimensions: number) =>
    vectorText(Float32Array.from(JSON.parse(stored) as number[])) === vectorText(vectorOf(model, text, dimensions));
  return rows
    .filter((row) => !is(row.old, 'all-MiniLM-L6-v2', row.document, 384) || !is(row.new, 'text-embedding-3-small', row.document, 1536))
    .map(({ id }) => id);
}

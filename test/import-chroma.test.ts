import { readFileSync } from 'node:fs';
import test from 'ava';
import { until } from './harness/campaign.ts';
import {
  addRecords,
  CHROMA_DIMENSIONS,
  type ChromaServer,
  fillCollection,
  importedRows,
  importInto,
  makeRecords,
  startChroma,
  startProxy,
  type TestRecord,
} from './harness/chroma.ts';
import { exitOf } from './harness/command.ts';
import { vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { assertRefused } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// The embedded database has one session, in which an import that was killed could not be seen.
const command = process.env.TEST_DATABASE_URL ? process.env.TEST_CHROMA : undefined;
const onServer = command ? test.serial : test.serial.skip;

let chroma: ChromaServer;
let stage: Stage;
test.before(async () => {
  if (!command) return;
  [chroma, stage] = await Promise.all([startChroma(command), createBareStage({ 'all-MiniLM-L6-v2': 384, 'text-embedding-3-small': 1536 })]);
});
test.after.always(async () => {
  await Promise.all([chroma?.close(), stage?.close()]);
});

onServer(
  'a collection of several pages becomes a table with the same ids, texts, metadata and vectors, bit by bit; a second run writes nothing',
  async (t) => {
    const odd: TestRecord[] = [
      {
        id: "o'clock; DROP TABLE",
        document: 'Größe 🙂\n\u2028"quoted"\\',
        metadata: { 'a key': 'ü"\\' },
        vector: new Float32Array(CHROMA_DIMENSIONS).fill(1e-40),
      },
      {
        id: '🙂',
        document: null,
        metadata: null,
        vector: Float32Array.from({ length: CHROMA_DIMENSIONS }, (_, i) => (i % 2 ? 3.4e38 : -1 / 3)),
      },
    ];
    const records = [...makeRecords(2100), ...odd];
    await fillCollection(chroma, 'articles', records);
    const plan = await importInto(stage, 'chunks', chroma.address('articles'), '--dry-run');
    t.is(plan.code, 0, plan.stderr);
    t.like(plan.json, { records: 2102, exists: false, written: null, dimensions: CHROMA_DIMENSIONS });
    t.is((await stage.db.pool.query("SELECT to_regclass('chunks') AS it")).rows[0].it, null);

    const first = await importInto(stage, 'chunks', chroma.address('articles'));
    t.is(first.code, 0, first.stderr);
    t.like(first.json, {
      written: 2102,
      leftOut: [],
      after: { records: 2102, equal: 2102, missing: 0, different: 0, withoutDocument: 1 },
    });
    t.is(first.json?.after?.checksum.collection, first.json?.after?.checksum.table);
    const stored = await importedRows(stage, 'chunks');
    t.is(stored.size, records.length);
    for (const { id, ...record } of records) t.deepEqual(stored.get(id), record, id);

    const again = await importInto(stage, 'public.chunks', chroma.address('articles'));
    t.like(again.json, { exists: true, written: 0, before: { equal: 2102 }, after: { equal: 2102 } });
  },
);

onServer('an import that was killed copies only what is missing when it is run again', async (t) => {
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
  const { code, json, stderr } = await importInto(stage, 'interrupted', chroma.address('interrupted'));
  t.is(code, 0, stderr);
  t.like(json, { written: 2000, before: { equal: 1000, missing: 2000 }, after: { equal: 3000, missing: 0 } });
});

onServer('a record that changes during the import is found by the comparison afterwards', async (t) => {
  const records = makeRecords(1200);
  const add = await fillCollection(chroma, 'changing', records);
  // 1: dimensions, 2: documents, 3 to 5: the pages and the end, then the comparison.
  const proxy = await startProxy(chroma.port, {
    async before(number) {
      if (number !== 6) return;
      await add([
        { ...(records[7] as TestRecord), vector: vectorOf('chroma', 'another text', CHROMA_DIMENSIONS) },
        { ...(records[8] as TestRecord), id: 'new' },
      ]);
    },
  });
  t.teardown(() => proxy.close());
  const result = await importInto(stage, 'changing', proxy.address('changing'));
  assertRefused(t, result, {
    code: 'import_differs',
    says: /1 record is missing in public\.changing and 1 differs/,
    remedy: /--replace/,
  });
  t.not(result.json?.after?.checksum.collection, result.json?.after?.checksum.table);
  const again = await importInto(stage, 'changing', chroma.address('changing'), '--replace');
  t.is(again.code, 0, again.stderr);
  t.like(again.json, { after: { records: 1201, equal: 1201 } });
});

onServer(
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
    const { code, json, stderr } = await importInto(stage, 'of_python', chroma.address('of-python'));
    t.is(code, 0, stderr);
    t.is(json?.after?.equal, 3);
    t.deepEqual(
      stderr.split('\n').filter((line) => !/^(\S+Z )?(database|checking|copying|comparing): /.test(line)),
      [''],
    );
  },
);

onServer(
  'the recipe leads from a collection to the new model: its commands run as they are written, forward, back and forward',
  async (t) => {
    t.timeout(300_000);
    const recipe = readFileSync(new URL('../docs/chroma.md', import.meta.url), 'utf8');
    await stage.db.pool.query('DROP TABLE IF EXISTS chunks');
    await chroma.client.deleteCollection({ name: 'articles' });
    await fillCollection(chroma, 'articles', makeRecords(200, 384, 'all-MiniLM-L6-v2'));
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

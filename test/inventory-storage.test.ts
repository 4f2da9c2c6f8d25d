import test from 'ava';
import { assertListed, createTwentyDocuments, createWithoutProbe, type InventoryCase } from './harness/inventory.ts';
import { createStage, type Stage } from './harness/stage.ts';

// What updates of every row and another column do, which a side table spares.

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);
const table = (name: string, columns?: string) => createTwentyDocuments(stage.db.pool, name, columns);

const cases: InventoryCase[] = [
  {
    table: 'fires',
    about: 'a trigger that fires for every row',
    prepare: async (name) => {
      await table(name);
      await sql(
        `CREATE FUNCTION ${name}_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER touch BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}_touch()`,
      );
    },
    code: 'triggers-fire',
    what: /1 trigger on UPDATE: touch \(public\.fires_touch\)/,
    consequence: /20 times, once a row/,
    avoid: /side-table/,
    severity: 'harm',
    storage: 'column',
    evidence: { triggers: ['touch public.fires_touch'] },
  },
  {
    table: 'generated',
    about: 'a generated column',
    prepare: (name) => table(name, 'size integer GENERATED ALWAYS AS (length(content)) STORED'),
    code: 'generated-columns',
    what: /size/,
    consequence: /computed again/,
    storage: 'column',
  },
  {
    table: 'published',
    about: 'a publication of the table without a subscriber',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE PUBLICATION ${name}_out FOR TABLE ${name}`);
    },
    code: 'publications',
    what: /published by published_out/,
    consequence: /sent as an update/,
    storage: 'column',
  },
  {
    table: 'all_published',
    about: 'a publication of all tables',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE PUBLICATION ${name}_out FOR ALL TABLES`);
    },
    code: 'publications',
    what: /all_published_out \(all tables\)/,
    consequence: /sent as an update/,
    storage: 'column',
  },
  {
    table: 'whole',
    about: 'REPLICA IDENTITY FULL',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE PUBLICATION ${name}_out FOR TABLE ${name}; ALTER TABLE ${name} REPLICA IDENTITY FULL`);
    },
    code: 'replica-identity-full',
    what: /REPLICA IDENTITY FULL/,
    consequence: /whole old row/,
    storage: 'column',
  },
  {
    table: 'nothing',
    about: 'a published table whose updates PostgreSQL refuses',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE PUBLICATION ${name}_out FOR TABLE ${name}; ALTER TABLE ${name} REPLICA IDENTITY NOTHING`);
    },
    code: 'no-replica-identity',
    what: /no replica identity/,
    consequence: /refuses every update/,
    severity: 'refusal',
    storage: 'column',
  },
  {
    table: 'grown',
    about: 'the disk that row versions take',
    prepare: (name) => table(name),
    code: 'disk',
    what: /grown has [\d.]+ k?B of rows, [\d.]+ kB with indexes/,
    consequence: /until VACUUM/,
    storage: 'column',
  },
  {
    table: 'prepared',
    about: 'prepared statements',
    prepare: (name) => table(name),
    code: 'prepared-statements',
    what: /SELECT \*/,
    consequence: /0A000/,
    storage: 'column',
  },
  {
    table: 'handbook',
    about: 'the table of a framework that reads all columns and writes back what it read',
    prepare: (name) => table(name, 'blob_data bytea, blob_meta jsonb, blob_mime_type varchar, meta jsonb'),
    code: 'framework-reads-all-columns',
    what: /handbook has the columns of Haystack's PgvectorDocumentStore/,
    consequence: /neither be written back nor be turned into JSON/,
    avoid: /haystack\.md/,
    storage: 'column',
  },
  {
    table: 'placed',
    about: 'INSERT by position',
    prepare: (name) => table(name),
    code: 'positional-insert',
    what: /INSERT INTO placed VALUES/,
    consequence: /last column but one/,
    storage: 'column',
  },
];

for (const one of cases) test.serial(`doctor lists ${one.about}`, (t) => assertListed(t, stage, one));

test.serial('doctor prints the list, and both storages as a table of promises', async (t) => {
  const { stdout } = await stage.workplace.run(['doctor', '--table', 'fires', '--text', 'content']);
  t.regex(stdout, /! triggers-fire \(column\): 1 trigger on UPDATE: touch/);
  t.regex(stdout, /before backfill: --accept triggers-fire --reason "why"/);
  t.regex(stdout, /column +side-table/);
  t.regex(stdout, /after contract +embedding holds the new vectors.*fires has no embedding: the application must not write it/);
});

test.serial('create lists what holds with the chosen storage, and takes a column unless told otherwise', async (t) => {
  const column = await createWithoutProbe(stage, 'fires', ['--dry-run']);
  t.is(column.code, 0, column.stderr);
  t.regex(column.stderr, /storage +column/);
  t.regex(column.stderr, /triggers-fire/);
  const side = await createWithoutProbe(stage, 'fires', ['--dry-run', '--storage', 'auto', '--only-read']);
  t.regex(side.stderr, /storage +side-table/);
  t.notRegex(side.stderr, /! triggers-fire/);
  t.regex((await createWithoutProbe(stage, 'fires', ['--dry-run', '--storage', 'auto'])).stderr, /storage +column/);
});

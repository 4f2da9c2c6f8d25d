import test from 'ava';
import pg from 'pg';
import { assertListed, createTwentyDocuments, type InventoryCase, inventoryOf } from './harness/inventory.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);
const table = (name: string) => createTwentyDocuments(stage.db.pool, name);

const cases: InventoryCase[] = [
  {
    table: 'ruled',
    about: 'a rule',
    prepare: async (name) => {
      await table(name);
      await sql(
        `CREATE TABLE ${name}_log (id integer); CREATE RULE keep AS ON DELETE TO ${name} DO ALSO INSERT INTO ${name}_log VALUES (OLD.id)`,
      );
    },
    code: 'rules',
    what: /rule keep on DELETE/,
    consequence: /not embedded/,
  },
  {
    table: 'partial',
    about: 'a partial index beside the main one',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE INDEX ${name}_all ON ${name} USING hnsw (embedding vector_cosine_ops)`);
      await sql(`CREATE INDEX ${name}_some ON ${name} USING hnsw (embedding vector_l2_ops) WHERE id < 10`);
    },
    code: 'vector-index',
    what: /partial_some \(partial\)/,
    consequence: /phase index builds its successor/,
  },
  {
    table: 'converted',
    about: 'an index on an expression',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE INDEX ${name}_half ON ${name} USING hnsw ((embedding::halfvec(16)) halfvec_l2_ops)`);
    },
    code: 'vector-index',
    what: /converted_half \(on an expression\)/,
    consequence: /phase index builds its successor/,
    avoid: /--drop-index converted_half/,
  },
  {
    table: 'paired',
    about: 'an index that nothing replaces',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE INDEX ${name}_pair ON ${name} (id, embedding)`);
    },
    code: 'vector-index-dropped',
    what: /paired_pair \(on several columns\)/,
    consequence: /contract drops it, and nothing takes its place/,
  },
  {
    table: 'viewed',
    about: 'a view of the old column',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE VIEW ${name}_nearest AS SELECT id, embedding FROM ${name}`);
    },
    code: 'dependents',
    what: /view public\.viewed_nearest uses embedding/,
    consequence: /contract is refused/,
    avoid: /live view/,
  },
  {
    table: 'searched',
    about: 'a function that names the old column in its text',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE FUNCTION ${name}_of(integer) RETURNS vector LANGUAGE sql AS 'SELECT embedding FROM ${name} WHERE id = $1'`);
    },
    code: 'functions',
    what: /searched_of\(integer\)/,
    consequence: /old vectors after the switch/,
  },
  {
    table: 'guarded',
    about: 'a policy',
    prepare: async (name) => {
      await table(name);
      await sql(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON ${name} USING (embedding IS NOT NULL)`);
    },
    code: 'dependents',
    what: /policy own on table .*guarded uses embedding/,
    consequence: /contract is refused/,
  },
  {
    table: 'secured',
    about: 'row level security',
    prepare: async (name) => {
      await table(name);
      await sql(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON ${name} USING (true)`);
    },
    code: 'row-security',
    what: /with 1 policy$/,
    consequence: /policies/,
  },
  {
    table: 'referenced',
    about: 'foreign keys',
    prepare: async (name) => {
      await table(name);
      await sql(`CREATE TABLE ${name}_parts (id integer REFERENCES ${name})`);
    },
    code: 'foreign-keys',
    what: /referenced by .*referenced_parts/,
    consequence: /none is checked/,
  },
  {
    table: 'blocked',
    about: 'DDL that the views block',
    prepare: (name) => table(name),
    code: 'blocked-ddl',
    what: /views of every column/,
    consequence: /change its type/,
    avoid: /unhook/,
  },
];

for (const one of cases) test.serial(`doctor lists ${one.about}`, (t) => assertListed(t, stage, one));

// The embedded server has no tablespaces.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.skip;

onServer('doctor lists tablespaces, and says where the new indexes go', async (t) => {
  const name = `placed_${process.pid}`;
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await client.connect();
  await client.query('SET allow_in_place_tablespaces = on');
  await client.query(`CREATE TABLESPACE ${name} LOCATION ''`);
  try {
    await table(name);
    await sql(`CREATE INDEX ${name}_idx ON ${name} USING hnsw (embedding vector_cosine_ops) TABLESPACE ${name}`);
    const found = (await inventoryOf(stage, name)).find(({ code }) => code === 'tablespaces');
    t.regex(found?.what ?? '', new RegExp(`indexes in tablespaces: ${name}_idx \\(${name}\\)`));
    t.regex(found?.consequence ?? '', /each new index in that of the index it succeeds/);
  } finally {
    await sql(`DROP TABLE ${name}`);
    await client.query(`DROP TABLESPACE ${name}`);
    await client.end();
  }
});

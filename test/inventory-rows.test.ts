import test from 'ava';
import { borrowOwner } from '../src/database/owners-connection.ts';
import { inspectTable } from '../src/plan/inspect.ts';
import { takeInventory } from '../src/plan/inventory/inventory.ts';
import { inPlanningTransaction } from '../src/plan/planning-transaction.ts';
import { assertListed, createTwentyDocuments, createWithoutProbe, type InventoryCase, inventoryOf } from './harness/inventory.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await createStage();
});
test.after.always(() => stage?.close());

const sql = (text: string) => stage.db.pool.query(text);
const table = (name: string, columns?: string, vector?: string) => createTwentyDocuments(stage.db.pool, name, columns, vector);

const cases: InventoryCase[] = [
  {
    table: 'violating',
    about: 'a constraint that rows violate already',
    prepare: async (name) => {
      await table(name);
      await sql(`ALTER TABLE ${name} ADD CONSTRAINT not_many CHECK (id > 3) NOT VALID, ADD CONSTRAINT any_text CHECK (content <> '')`);
    },
    code: 'violated-constraints',
    what: /3 rows violate not_many \(3\)/,
    consequence: /no new vector/,
    severity: 'harm',
    storage: 'column',
    evidence: { constraints: ['not_many'], rows: 3 },
  },
  {
    table: 'textless',
    about: 'rows with a vector and no text',
    prepare: async (name) => {
      await table(name);
      await sql(`UPDATE ${name} SET content = NULL WHERE id < 5; UPDATE ${name} SET content = ' ' WHERE id = 5`);
    },
    code: 'rows-without-text',
    what: /15 of 20 rows have a text; 5 rows without a text have a vector/,
    consequence: /archive/,
    severity: 'harm',
    evidence: { rows: 5 },
  },
  {
    table: 'vectorless',
    about: 'rows without an old vector',
    prepare: async (name) => {
      await table(name);
      await sql(`UPDATE ${name} SET embedding = NULL WHERE id < 4`);
    },
    code: 'missing-old-vectors',
    what: /3 rows with a text have no old vector/,
    consequence: /rollback/,
    evidence: { rows: 3 },
  },
  {
    table: 'mixed',
    about: 'several dimensions in one column',
    prepare: async (name) => {
      await table(name, '', 'vector');
      await sql(`INSERT INTO ${name} (content, embedding) VALUES ('other', '[1,2,3]')`);
    },
    code: 'several-dimensions',
    what: /16 \(20 rows\) and 3 \(1 row\) dimensions/,
    consequence: /different models/,
    severity: 'refusal',
    evidence: { dimensions: [3, 16] },
  },
  {
    table: 'filled',
    about: 'NOT NULL on the old column',
    prepare: (name) => table(name, '', 'vector(16) NOT NULL'),
    code: 'not-null',
    what: /NOT NULL/,
    consequence: /contract makes it NOT NULL if every row has a vector/,
  },
  {
    table: 'keyed',
    about: 'a key of an enumeration',
    prepare: async (name) => {
      await sql(
        `CREATE TYPE ${name}_kind AS ENUM ('a', 'b'); CREATE TABLE ${name} (kind ${name}_kind PRIMARY KEY, content text, embedding vector(16))`,
      );
      await sql(`INSERT INTO ${name} VALUES ('a', 'text', ARRAY(SELECT j FROM generate_series(1, 16) AS j)::real[]::vector)`);
    },
    code: 'key-type',
    what: /keyed_kind/,
    consequence: /DROP TYPE .*keyed_kind is refused/,
  },
];

for (const one of cases) test.serial(`doctor lists ${one.about}`, (t) => assertListed(t, stage, one));

test.serial('create refuses several dimensions in one column unless they are accepted by name', async (t) => {
  const refused = await createWithoutProbe(stage, 'mixed', ['--dry-run']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /\[several_dimensions\]/);
  t.regex((await createWithoutProbe(stage, 'mixed', ['--dry-run', '--accept', 'several-dimensions'])).stderr, /needs a reason/);
  t.is(
    (await createWithoutProbe(stage, 'mixed', ['--dry-run', '--accept', 'several-dimensions', '--reason', 'all are of one model'])).code,
    0,
  );
  t.regex(
    (await createWithoutProbe(stage, 'vectorless', ['--accept', 'violated-constraints', '--reason', 'x'])).stderr,
    /there is no violated-constraints to accept/,
  );
});

test.serial('a constraint that cannot be evaluated does not end the inventory', async (t) => {
  await table('failing');
  await sql(`CREATE FUNCTION fails(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF $1 = 'text 7' THEN RAISE EXCEPTION 'secret of %', $1; END IF; RETURN true; END $$;
    ALTER TABLE failing ADD CONSTRAINT checked CHECK (public.fails(content)) NOT VALID`);
  const [failing] = (await inventoryOf(stage, 'failing')).filter(({ code }) => code === 'violated-constraints');
  t.regex(failing?.what ?? '', /not counted \(SQLSTATE P0001\)/);
  t.notRegex(JSON.stringify(failing), /secret/);
});

// The embedded server has no timers.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.skip;

onServer('a count that takes too long does not end the inventory', async (t) => {
  await table('slow');
  await sql(`CREATE FUNCTION slow(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN true; END $$;
    ALTER TABLE slow ADD CONSTRAINT checked CHECK (public.slow(content)) NOT VALID`);
  const findings = await inPlanningTransaction(stage.database, async (db) => {
    const facts = await inspectTable(db, 'slow', 'embedding');
    return takeInventory({ db, owner: await borrowOwner(db, facts.oid), facts, text: { textSql: 'content' }, seconds: 0.2 });
  });
  t.regex(findings.find(({ code }) => code === 'violated-constraints')?.what ?? '', /not counted within 0\.2 s/);
  t.true(
    findings.some(({ code }) => code === 'blocked-ddl'),
    'the other subjects are there',
  );
});

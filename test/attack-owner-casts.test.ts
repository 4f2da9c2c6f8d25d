import test from 'ava';
import { attempt, openStage, plant, rightful, STORAGES } from './harness/attacking-owner.ts';
import { createArguments, type Role } from './harness/roles.ts';
import type { Tripwire } from './harness/tripwire.ts';

// PostgreSQL calls the casts of a type wherever a column of it is read as another type. That code must never run with more rights than the owner has.
// One after the other, as in attack-owner.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

for (const [what, exchange] of [
  ['dropped and added again', 'DROP COLUMN id CASCADE'],
  [
    'renamed away and added again',
    'DROP CONSTRAINT documents_pkey CASCADE, ALTER COLUMN id SET DEFAULT 0; ALTER TABLE app.documents RENAME id TO former_id',
  ],
] as const) {
  for (const storage of STORAGES) {
    onServer(`a key column ${what}, of a type with casts of the owner's, gives no rights: ${storage}`, async (t) => {
      const stage = await openStage(t);
      const { installer, owner } = stage;
      const tripwire = await plant(stage);
      await installer.run(createArguments(['--text', 'content', '--storage', storage]));
      t.is((await installer.run(['migrate', 'up'])).code, 3);
      await plantCasts(owner, 'app.kind', tripwire);
      await owner.pool.query(`
        ALTER TABLE app.documents ALTER COLUMN id DROP IDENTITY IF EXISTS;
        ALTER TABLE app.documents ${exchange};
        TRUNCATE app.documents;
        ALTER TABLE app.documents ADD COLUMN id app.kind PRIMARY KEY`);
      // Whether these succeed does not matter here.
      for (const statement of [
        "INSERT INTO app.documents (id, content) VALUES ('one', 'first'), ('two', 'second')",
        "UPDATE app.documents SET content = 'changed'",
        "UPDATE app.documents SET id = 'three' WHERE id = 'two'",
        "DELETE FROM app.documents WHERE id = 'three'",
      ]) {
        await owner.pool.query(statement).catch(() => {});
      }
      await attempt(installer, [
        ['migrate', 'up'],
        ['worker', '--drain'],
        ['validate'],
        ['status'],
        ['doctor'],
        ['migrate', 'down', '--all', '--discard-vectors'],
      ]);
      t.deepEqual(await tripwire.gained(rightful(stage)), []);
    });
  }
}

onServer("a text column added again, of a type with casts of the owner's, gives no rights", async (t) => {
  const stage = await openStage(t);
  const { installer, owner } = stage;
  const tripwire = await plant(stage);
  await installer.run(createArguments());
  t.is((await installer.run(['migrate', 'up'])).code, 3);
  await plantCasts(owner, 'app.kind', tripwire);
  await owner.pool.query(`
    ALTER TABLE app.documents DROP COLUMN content CASCADE;
    ALTER TABLE app.documents ADD COLUMN content app.kind DEFAULT 'one';`);
  for (const statement of ["INSERT INTO app.documents (content) VALUES ('two')", "UPDATE app.documents SET content = 'three'"]) {
    await owner.pool.query(statement).catch(() => {});
  }
  await attempt(installer, [
    ['migrate', 'up'],
    ['worker', '--drain'],
    ['validate'],
    ['doctor'],
    createArguments(),
    ['migrate', 'down', '--all', '--discard-vectors'],
  ]);
  t.deepEqual(await tripwire.gained(rightful(stage)), []);
});

/** An enum with a cast to each type that a key or a text may be turned into. */
async function plantCasts(owner: Role, type: string, tripwire: Tripwire): Promise<void> {
  await owner.pool.query(`CREATE TYPE ${type} AS ENUM ('one', 'two', 'three')`);
  for (const target of ['json', 'jsonb', 'text', 'varchar', 'bytea', 'bigint']) {
    const value = { json: `'"x"'`, jsonb: `'"x"'`, text: `'x'`, varchar: `'x'`, bytea: `'x'`, bigint: '1' }[target];
    await owner.pool.query(`
      CREATE FUNCTION app.kind_to_${target}(${type}) RETURNS ${target} LANGUAGE plpgsql IMMUTABLE AS $$
      BEGIN
        PERFORM ${tripwire.call(`the cast to ${target}`)};
        RETURN ${value};
      END $$;
      CREATE CAST (${type} AS ${target}) WITH FUNCTION app.kind_to_${target}(${type})`);
  }
}

import anyTest, { type ExecutionContext } from 'ava';
import { createArguments, createRoleStage, type RoleStage } from './harness/roles.ts';
import { plantTripwire, type Tripwire } from './harness/tripwire.ts';

// Before a table is registered, and before its index is built, it is measured: that, too, calls what its owner put there.
const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;

async function openStage(t: ExecutionContext): Promise<{ stage: RoleStage; tripwire: Tripwire }> {
  const stage = await createRoleStage({ superuserInstaller: true });
  t.teardown(stage.close);
  const tripwire = await plantTripwire(stage, stage.owner, 'app', [stage.installer]);
  return { stage, tripwire };
}

/** A type of the owner's with a cast that tells as whom it runs. */
const castTo = (type: string, target: string, value: string, tripwire: Tripwire, how = '') => `
  CREATE FUNCTION app.turn(${type}) RETURNS ${target} LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    PERFORM ${tripwire.call(`the cast from ${type}`)};
    RETURN ${value};
  END $$;
  CREATE CAST (${type} AS ${target}) WITH FUNCTION app.turn(${type}) ${how}`;

test('a function in --text-sql is measured as the owner of the table, whoever creates the campaign', async (t) => {
  const { stage, tripwire } = await openStage(t);
  const { installer, owner } = stage;
  await owner.pool.query(`CREATE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      PERFORM ${tripwire.call('the text expression')};
      RETURN p_text;
    END $$`);
  const { code, stderr } = await installer.run(createArguments(['--text-sql', 'app.norm(content)']));
  t.is(code, 0, stderr);
  t.deepEqual(await tripwire.gained([owner]), []);
  await owner.pool.query(`CREATE OR REPLACE FUNCTION app.norm(p_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      RAISE EXCEPTION 'runs as %', current_user USING ERRCODE = '22000';
    END $$`);
  const asked = await installer.run(createArguments(['--text-sql', 'app.norm(content)', '--to-name', 'another']));
  t.regex(asked.stderr, new RegExp(`runs as ${owner.name}`), 'it does run');
});

test('a cast of a text column is measured as the owner of the table', async (t) => {
  const { stage, tripwire } = await openStage(t);
  const { installer, owner } = stage;
  await owner.pool.query(`CREATE TYPE app.kind AS ENUM ('one'); ${castTo('app.kind', 'text', "'one'", tripwire)};
    ALTER TABLE app.documents ADD COLUMN kind app.kind DEFAULT 'one'`);
  const { code, stderr } = await installer.run(
    createArguments(['--text', 'kind', '--accept', 'old-model-disagrees', '--reason', 'the stored vectors are of another column']),
  );
  t.is(code, 0, stderr);
  t.deepEqual(await tripwire.gained([owner]), []);
});

test("a type of the owner's that is called vector is no vector, and none of its casts is called", async (t) => {
  const { stage, tripwire } = await openStage(t);
  const { installer, owner } = stage;
  await owner.pool.query(`CREATE TYPE app.vector AS ENUM ('one');
    ${castTo('app.vector', 'extensions.vector', "'[1,2]'", tripwire, 'AS IMPLICIT')};
    ALTER TABLE app.documents ADD COLUMN forged app.vector DEFAULT 'one'`);
  const { code, stderr } = await installer.run(createArguments(['--text', 'content', '--column', 'forged']));
  t.is(code, 1, stderr);
  t.regex(stderr, /column_not_a_vector/);
  t.deepEqual(await tripwire.gained([owner]), []);
});

for (const column of ['embedding', 'embedding_v2']) {
  test(`a vector column added again with a type of the owner's gives no rights where its index is predicted and built: ${column}`, async (t) => {
    const { stage, tripwire } = await openStage(t);
    const { installer, owner, worker } = stage;
    t.is((await installer.run(createArguments())).code, 0);
    t.is((await installer.run(['migrate', 'up'])).code, 3);
    await stage.grantWorker();
    t.is((await worker.run(['worker', '--drain'])).code, 0);
    await owner.pool.query(`CREATE TYPE app.vector AS ENUM ('one');
      ${castTo('app.vector', 'extensions.vector', 'array_fill(1, ARRAY[16])::extensions.vector', tripwire, 'AS IMPLICIT')};
      ALTER TABLE app.documents DROP COLUMN ${column} CASCADE;
      ALTER TABLE app.documents ADD COLUMN ${column} app.vector DEFAULT 'one'`);
    for (const args of [
      ['migrate', 'up'],
      ['worker', '--drain'],
      ['migrate', 'up'],
      ['validate'],
      ['status'],
      ['doctor'],
      ['alerts', '--check'],
      ['migrate', 'up'],
      ['migrate', 'down', '--all', '--discard-vectors'],
    ]) {
      await installer.run(args);
    }
    t.deepEqual(await tripwire.gained([owner]), []);
  });
}

import anyTest from 'ava';
import { createStage } from './harness/stage.ts';
import { openDeployments } from './recipes/model-deployments.ts';
import type { Deployment } from './recipes/program.ts';

const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;
const RECIPE = { name: 'any', table: 'documents', text: 'content' };
const IDLE: Deployment = { call: async () => undefined as never, stop: () => {} };

const EXISTING = 'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)';

test('a run of a recipe that fails while it starts its deployments leaves no role behind', async (t) => {
  const stage = await createStage();
  const roles: string[] = [];
  t.teardown(async () => {
    // Without the fix they are still there.
    for (const role of roles) await stage.db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`).catch(() => {});
    await stage.close();
  });
  const deploy = (_: unknown, { DATABASE_URL = '' }: Record<string, string>) => {
    roles.push(new URL(DATABASE_URL).username);
    if (roles.length === 2) throw new Error('the second one does not start');
    return IDLE;
  };
  await t.throwsAsync(openDeployments(stage, RECIPE, deploy, undefined), { message: 'the second one does not start' });
  t.is(roles.length, 2);
  t.deepEqual((await stage.db.pool.query(EXISTING, [roles])).rows, []);
});

test('the roles of deployments are gone when these are closed, also when that is asked for twice', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const roles: string[] = [];
  const deploy = (_: unknown, { DATABASE_URL = '' }: Record<string, string>) => {
    roles.push(new URL(DATABASE_URL).username);
    return IDLE;
  };
  const deployments = await openDeployments(stage, RECIPE, deploy, undefined);
  t.is((await stage.db.pool.query(EXISTING, [roles])).rowCount, 2);
  await deployments.close();
  await deployments.close();
  t.deepEqual((await stage.db.pool.query(EXISTING, [roles])).rows, []);
});

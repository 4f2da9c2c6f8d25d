import test from 'ava';
import { multiplyPlainly } from '../src/bridge/multiply.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from './harness/documents.ts';
import { randomRotation } from './harness/made-up-space.ts';
import { type SeenRequest, vectorOf } from './harness/provider.ts';
import { createArguments, createRoleStage } from './harness/roles.ts';

// Roles are distinguished on a real server only.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

onServer('an installer that is no superuser fits a bridge; a worker is refused before anything is paid', async (t) => {
  const stage = await createRoleStage({ rows: 150 });
  t.teardown(stage.close);
  const rotation = randomRotation(OLD_DIMENSIONS, NEW_DIMENSIONS, 1);
  const rotated = (text: string) =>
    multiplyPlainly({ rows: 1, columns: OLD_DIMENSIONS, values: vectorOf(OLD_MODEL, text, OLD_DIMENSIONS) }, rotation).values;
  stage.provider.script = ({ model, input }: SeenRequest) => (model === NEW_MODEL ? { vectors: input.map(rotated) } : undefined);
  t.is((await stage.installer.run(createArguments())).code, 0);
  t.is((await stage.installer.run(['migrate', 'up'])).code, 3);
  await stage.grantWorker();
  const before = stage.provider.requests.length;
  t.regex((await stage.worker.run(['bridge', 'fit', '--rows', '150'])).stderr, /\[missing_right\]/);
  t.is(stage.provider.requests.length, before);
  const fitted = await stage.installer.run(['bridge', 'fit', '--rows', '150']);
  t.is(fitted.code, 0, fitted.stderr);
  const { rows } = await stage.admin.query(
    'SELECT f.oid::text AS name FROM reembed.bridge AS b, reembed.bridge_function(b.campaign) AS f(oid)',
  );
  t.is(rows.length, 1);
});

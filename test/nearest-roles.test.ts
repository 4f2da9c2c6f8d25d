import test from 'ava';
import { createArguments, createRoleStage } from './harness/roles.ts';

// Roles are distinguished on a real server only.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

onServer(
  'an installer that is no superuser gets functions that search through an index on part of the dimensions, and takes them down',
  async (t) => {
    const stage = await createRoleStage({ rows: 20 });
    t.teardown(stage.close);
    const { installer, admin } = stage;
    const functions = async () =>
      (
        await admin.query<{ name: string }>("SELECT proname AS name FROM pg_proc WHERE proname LIKE 'nearest\\_documents%' ORDER BY 1")
      ).rows.map(({ name }) => name);
    const created = await installer.run(createArguments(['--text', 'content', '--index', 'subvector:8', '--matryoshka']));
    t.is(created.code, 0, created.stderr);
    for (let i = 0; i < 2; i++) {
      const up = await installer.run(['migrate', 'up']);
      t.is(up.code, 3, up.stderr);
      t.deepEqual(await functions(), ['nearest_documents', 'nearest_documents_new_model', 'nearest_documents_old_model']);
      const down = await installer.run(['migrate', 'down', '--all']);
      t.is(down.code, 0, down.stderr);
      t.deepEqual(await functions(), []);
    }
  },
);

import { once } from 'node:events';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { isProbe, until } from './harness/campaign.ts';
import { createWorkplace, type Workplace } from './harness/command.ts';
import { createTestDatabase } from './harness/database.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, usualOptions, wrongRows } from './harness/documents.ts';
import { startProvider, type TestProvider } from './harness/provider.ts';
import { assertRefused } from './harness/refusal.ts';

/** Starts `migrate up --wait`, and while it waits for the provider, the same once more. */
async function runTwoAtOnce(t: ExecutionContext, workplace: Workplace, provider: TestProvider, pool: pg.Pool): Promise<void> {
  const args = ['migrate', 'create', ...usualOptions()];
  const created = await workplace.run(args);
  t.is(created.code, 0, created.stderr);
  provider.requests.length = 0; // create compares stored rows with the old model
  let goOn: (answer: undefined) => void = () => {};
  const held = new Promise<undefined>((resolve) => {
    goOn = resolve;
  });
  provider.script = (request) => (isProbe(request) ? undefined : held);
  const first = workplace.run(['migrate', 'up', '--wait']);
  await until(() => provider.requests.some((request) => !isProbe(request)), 'a request with rows');
  for (const direction of ['up', 'down']) {
    assertRefused(t, await workplace.run(['migrate', direction]), {
      code: 'runner_busy',
      says: /process \d+/,
      remedy: /wait until it ends; nothing was changed/,
    });
  }
  goOn(undefined);
  t.is((await first).code, 3);
  t.deepEqual(await wrongRows(pool, { newColumn: 'embedding_v2' }), []);
  // The lock went with its process.
  t.is((await workplace.run(['migrate', 'up'])).code, 3);
}

const models = { [OLD_MODEL]: OLD_DIMENSIONS, [NEW_MODEL]: NEW_DIMENSIONS };

test.serial('of two `up` on the embedded database of one folder the second is refused and changes nothing', async (t) => {
  const provider = await startProvider(models);
  const workplace = createWorkplace({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
  const owner = workplace.start(['db'], { REEMBED_DIR: join(workplace.directory, '.reembed') });
  let url = '';
  owner.stdout?.on('data', (chunk) => {
    url += chunk;
  });
  await until(() => url.includes('\n'), 'the embedded database');
  const pool = new pg.Pool({ connectionString: url.trim(), max: 2 });
  pool.on('error', () => {});
  try {
    await pool.query('CREATE EXTENSION IF NOT EXISTS vector');
    await createDocuments(pool, 60, { index: false });
    await runTwoAtOnce(t, workplace, provider, pool);
  } finally {
    await pool.end();
    owner.kill('SIGINT');
    await once(owner, 'exit');
    workplace.remove();
    await provider.close();
  }
});

if (process.env.TEST_DATABASE_URL) {
  test.serial('of two `up` on one server the second is refused and changes nothing', async (t) => {
    const [db, provider] = await Promise.all([createTestDatabase(), startProvider(models)]);
    const workplace = createWorkplace({ ...db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: provider.url });
    try {
      await createDocuments(db.pool, 60, { index: false });
      await runTwoAtOnce(t, workplace, provider, db.pool);
    } finally {
      workplace.remove();
      await Promise.all([db.close(), provider.close()]);
    }
  });
}

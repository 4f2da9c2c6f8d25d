import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { NewerObjects, OBJECTS_VERSION } from '../src/database/objects-version.ts';
import { applySqlObjects } from '../src/database/sql-objects.ts';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { wrongRows } from './harness/documents.ts';
import { makeNewerToolkit } from './harness/newer-toolkit.ts';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(async () => {
  await setVersion(OBJECTS_VERSION);
  await removeCampaigns(stage);
});
test.after.always(() => stage?.close());

// A command and a worker that run side by side need a session each.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const setVersion = (version: number) => stage.db.pool.query('UPDATE reembed.installation SET objects_version = $1', [version]);

const versionOf = async () =>
  (await stage.db.pool.query<{ version: number }>('SELECT objects_version AS version FROM reembed.installation')).rows[0]?.version;

test.serial('every command refuses objects of a newer version and changes nothing', async (t) => {
  const campaign = await startCampaign(stage, 'refused', { rows: 60 });
  await setVersion(OBJECTS_VERSION + 1);
  const says = new RegExp(`version ${OBJECTS_VERSION + 1}, and .* works with ${OBJECTS_VERSION}`);
  const before = await fingerprint(stage.db.pool);
  for (const args of [
    ['migrate', 'up'],
    ['migrate', 'down'],
    ['migrate', 'create', '--table', 'refused', '--text', 'content', '--column', 'embedding', '--to', 'other', '--dimensions', '3'],
    ['worker'],
    ['worker', '--drain'],
    ['worker', '--limit', '5'],
    ['setting', 'paused=true'],
    ['validate'],
    ['retry'],
    ['purge', '--yes'],
    ['release', '--target', campaign.target, '--yes'],
    ['alerts'],
    ['status'],
    ['report'],
  ]) {
    const result = await stage.workplace.run(args);
    t.log(args.join(' '));
    assertRefused(t, result, { code: 'newer_objects', says, remedy: /update pg-reembed/ });
  }
  const doctor = await stage.workplace.run(['doctor']);
  t.regex(doctor.stdout, /database .*objects in schema reembed have version/);
  t.deepEqual(await fingerprint(stage.db.pool), before);
});

test.serial('up that connected before a newer version was installed does not overwrite its objects', async (t) => {
  const { pool } = stage.db;
  await pool.query("COMMENT ON FUNCTION reembed.enqueue_work IS 'of the newer version'");
  await pool.query("UPDATE reembed.installation SET objects_version = $1, files_digest = 'of the newer version'", [OBJECTS_VERSION + 1]);
  const before = await fingerprint(pool);
  await t.throwsAsync(applySqlObjects(stage.database), { instanceOf: NewerObjects });
  t.deepEqual(await fingerprint(pool), before);

  await setVersion(OBJECTS_VERSION);
  await applySqlObjects(stage.database);
  t.notDeepEqual(await fingerprint(pool), before);
});

test.serial('up records a new version of the objects even where no file in sql/ changed', async (t) => {
  await setVersion(OBJECTS_VERSION - 1);
  await stage.up();
  t.is(await versionOf(), OBJECTS_VERSION);
});

testOnServer?.serial(
  'a running worker finishes the batch it holds when a newer version is installed, takes no other, and ends',
  async (t) => {
    const campaign = await startCampaign(stage, 'overtaken', { rows: 300 });
    let answer: () => void = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    stage.provider.script = async (request) => {
      if (!isProbe(request)) await answered;
      return undefined;
    };
    const newer = makeNewerToolkit();
    t.teardown(newer.remove);
    const env = { ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url };
    const worker = stage.workplace.start(['worker', '--concurrency', '1']);
    let stderr = '';
    worker.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    await until(() => campaign.requests().length > 0, 'a request');
    const up = await newer.run(stage.workplace, ['migrate', 'up'], env);
    // The gate of the index is closed while batches are open.
    t.is(up.code, 3, up.stderr);
    t.is(await versionOf(), OBJECTS_VERSION + 1);
    // The worker checks twice a second.
    await sleep(2000);
    t.is(worker.exitCode, null, 'it waits for the batch it holds');
    answer();
    await until(() => worker.exitCode !== null, 'the end of the worker');
    assertRefused(t, { code: worker.exitCode, stdout: '', stderr }, { code: 'newer_objects' });

    const state = (wanted: string) =>
      campaign.ask<number>('SELECT count(*)::int FROM reembed.batch WHERE campaign = $1 AND state = $2', [campaign.name, wanted]);
    t.is(await state('done'), campaign.requests().length);
    t.true((await state('pending')) > 0);
    t.is(await campaign.ask('SELECT count(*)::int FROM reembed.worker'), 0);

    const rest = await newer.run(stage.workplace, ['worker', '--drain'], env);
    t.is(rest.code, 0, rest.stderr);
    t.deepEqual(await wrongRows(stage.db.pool, { table: 'overtaken', newColumn: 'embedding_v2' }), []);
  },
);

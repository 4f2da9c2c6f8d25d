import test from 'ava';
import { createDocuments, createOptions } from './harness/documents.ts';
import { INDEX, isValid, prepare, settingsElsewhere } from './harness/index-build.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

interface BuildEvent {
  predicted: number | null;
  actual: number | null;
  reason: string;
}

async function buildEvents({ db }: Stage): Promise<BuildEvent[]> {
  const { rows } = await db.pool.query<BuildEvent>(
    "SELECT from_value::double precision AS predicted, to_value::double precision AS actual, reason FROM reembed.event WHERE kind = 'index_build' ORDER BY id",
  );
  return rows;
}

test('up says what it chose and predicted for the index, and how long it then took; both are on record', async (t) => {
  const { stage } = await prepare(t);
  const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1']);
  t.is(code, 0, stderr);
  t.regex(stderr, new RegExp(`index ${INDEX} over 50 rows: [\\d.]+ .B of memory, (no|\\d+) parallel workers, predicted [\\d.]+ s`));
  t.regex(stderr, new RegExp(`index ${INDEX} built in [\\d.]+ s \\(predicted [\\d.]+ s\\)`));
  const [begun, built, ...more] = await buildEvents(stage);
  t.deepEqual(more, []);
  t.true(Number(begun?.predicted) > 0);
  t.is(begun?.actual, null);
  t.is(built?.predicted, begun?.predicted);
  t.true(Number(built?.actual) > 0);
  t.true(stderr.includes(built?.reason ?? 'no reason'));
});

test('an index is predicted and recorded again each time it is built, on the way back from contract too', async (t) => {
  const { stage, campaign } = await prepare(t);
  await stage.bring(campaign, 'index');
  await stage.bring(campaign, 'backfill');
  await stage.bring(campaign, 'contract');
  await stage.down();
  t.true(await isValid(stage, 'documents_embedding_idx'));
  const built = (await buildEvents(stage)).filter(({ actual }) => actual !== null);
  t.deepEqual(
    built.map(({ reason }) => /^index (\w+) built/.exec(reason)?.[1]),
    [INDEX, INDEX, 'documents_embedding_idx'],
  );
  t.true(built.every(({ predicted }) => predicted !== null));
});

test('a file that finds its index built says nothing of a build', async (t) => {
  const { stage, campaign } = await prepare(t);
  await stage.bring(campaign, 'index');
  const before = await buildEvents(stage);
  await stage.db.pool.query("UPDATE reembed.campaign SET phase = 'backfill'");
  await stage.db.pool.query("DELETE FROM reembed.schema_migration WHERE name LIKE '%3_index'");
  await stage.up(1);
  t.deepEqual(await buildEvents(stage), before);
});

/** More lists than rows: k-means takes about 75 MB, and more memory than that has to be given. */
const MANY_LISTS = { index: 'ivfflat', indexWith: 'lists = 4200' } as const;

/** New sessions find a server as it comes; the embedded database has no new sessions, and is one. */
async function setUsualMemory({ db }: Stage): Promise<void> {
  if (db.real) await db.pool.query(`ALTER DATABASE ${new URL(db.url).pathname.slice(1)} SET maintenance_work_mem = '64MB'`);
}

test('k-means that needs more memory than it may have ends with the amount and how to give it, and changes no settings', async (t) => {
  const { stage } = await prepare(t, MANY_LISTS);
  await setUsualMemory(stage);
  const before = await settingsElsewhere(stage);
  const result = await stage.workplace.run(['migrate', 'up', '1'], { REEMBED_INDEX_MEMORY: '65MB' });
  assertRefused(t, result, { code: 'index_memory_too_small', says: /needs \d\d MB/, remedy: /REEMBED_INDEX_MEMORY=\d\dMB/ });
  t.regex(result.stderr, /65\.0 MB of memory, .*, time not predicted/);
  t.deepEqual(await settingsElsewhere(stage), before);
});

test('the environment says how much memory and how many workers a build may use', async (t) => {
  const { stage } = await prepare(t, MANY_LISTS);
  await setUsualMemory(stage);
  const refused = await stage.workplace.run(['migrate', 'up', '1'], { REEMBED_INDEX_MEMORY: '8 gigabytes' });
  assertRefused(t, refused, { code: 'usage', exit: 'usage', says: /REEMBED_INDEX_MEMORY/ });
  const { code, stderr } = await stage.workplace.run(['migrate', 'up', '1'], { REEMBED_INDEX_MEMORY: '1GB', REEMBED_INDEX_WORKERS: '0' });
  t.is(code, 0, stderr);
  t.regex(stderr, /: [\d.]+ MB of memory, no parallel workers/);
});

test('the plan of a campaign says roughly how long its index takes', async (t) => {
  const stage = await createStage();
  t.teardown(() => stage.close());
  await createDocuments(stage.db.pool, 50);
  const create = ['migrate', 'create', ...createOptions('documents', 'm', 24), '--no-probe', '--dry-run'];
  const { stderr } = await stage.workplace.run(create);
  t.regex(stderr, /index {4}hnsw, cosine; roughly \d+ s of one processor to build/);
  const { stdout } = await stage.workplace.run([...create, '--index', 'ivfflat', '--json']);
  t.is((JSON.parse(stdout) as { estimate: { indexSeconds: number | null } }).estimate.indexSeconds, null);
});

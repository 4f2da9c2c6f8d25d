import test from 'ava';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(async () => {
  await removeCampaigns(stage);
});
test.after.always(() => stage?.close());

// A process that stands still while another session writes: the embedded database has only one session.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], env);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const right = (table: string) => wrongRows(stage.db.pool, { table, oldColumn: 'embedding', newColumn: 'embedding_v2' });

testOnServer?.serial('rows that a long transaction holds do not keep later ones waiting', async (t) => {
  await startCampaign(stage, 'held_up', { rows: 60 });
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE held_up SET content = 'changed ' || id WHERE id <= 40");
  const holder = await stage.db.pool.connect();
  const worker = stage.workplace.start(['worker'], { EMBED_REQUEST_INPUTS: '2' });
  try {
    await holder.query("BEGIN; UPDATE held_up SET content = 'held ' || id WHERE id <= 40");
    await stage.db.pool.query("UPDATE held_up SET content = 'changed later' WHERE id > 50");
    const waiting = async () => (await stage.db.pool.query('SELECT FROM reembed.change WHERE key::int > 50')).rowCount;
    await until(async () => (await waiting()) === 0, 'the later rows', 60);
  } finally {
    await holder.query('COMMIT');
    holder.release();
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.is((await drain()).code, 0);
  t.deepEqual(await right('held_up'), []);
});

test.serial('continuous writes delay the vectors of neither model', async (t) => {
  await startCampaign(stage, 'steady', { rows: 60 });
  t.is((await drain()).code, 0);
  // The model that is read is slow: whenever it has answered there are new changes for it.
  stage.provider.script = async (request) => {
    if (request.model === OLD_MODEL && !isProbe(request)) await pause(400);
    return undefined;
  };
  await stage.db.pool.query("UPDATE steady SET content = 'changed first' WHERE id = 1");
  const worker = stage.workplace.start(['worker']);
  try {
    let id = 1;
    await until(
      async () => {
        id = (id % 50) + 2;
        await stage.db.pool.query("UPDATE steady SET content = 'changed ' || clock_timestamp() WHERE id = $1", [id]);
        const { rowCount } = await stage.db.pool.query("SELECT FROM reembed.change WHERE key = '1'");
        return rowCount === 0;
      },
      'both vectors of the row that changed first',
      60,
    );
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await right('steady'), []);
});

test.serial('each lane of changed rows has a place in a worker, however long the others are at the provider', async (t) => {
  const campaign = await startCampaign(stage, 'lanes', { rows: 60 });
  t.is((await drain()).code, 0);
  const lanes = 'SELECT DISTINCT reembed.change_lane(seq) FROM reembed.change';
  // Rows of every lane.
  for (const lane of [1, 2, 3, 4]) {
    await stage.db.pool.query("SELECT setval(pg_get_serial_sequence('reembed.change_' || suffix, 'seq'), $1) FROM reembed.target", [
      256 * (lane + 4),
    ]);
    await stage.db.pool.query("UPDATE lanes SET content = 'changed ' || id WHERE id BETWEEN $1 AND $2", [10 * lane - 9, 10 * lane]);
  }
  t.is((await stage.db.pool.query(lanes)).rowCount, 4);
  let isHanging = true;
  stage.provider.script = async (request) => {
    while (isHanging && !isProbe(request)) await pause(50);
    return undefined;
  };
  stage.provider.requests.length = 0;
  const worker = stage.workplace.start(['worker']);
  try {
    await until(() => campaign.requests(OLD_MODEL).length === 4, 'a request of each lane at the same time', 20);
    isHanging = false;
    await until(async () => (await stage.db.pool.query(lanes)).rowCount === 0, 'all of them');
  } finally {
    isHanging = false;
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.deepEqual(await right('lanes'), []);
});

test.serial('a job of endless changes ends after some seconds and is queued again', async (t) => {
  await startCampaign(stage, 'never_ending', { rows: 20 });
  await stage.work();
  let isWriting = true;
  let asked = 0;
  // Whenever the provider has been asked there is another change, of another row than it was asked for.
  stage.provider.script = async () => {
    asked += 1;
    if (isWriting)
      await stage.db.pool.query("UPDATE never_ending SET content = 'changed ' || clock_timestamp() WHERE id = $1", [1 + (asked % 20)]);
    return undefined;
  };
  await stage.db.pool.query("UPDATE never_ending SET content = 'changed first' WHERE id = 1");
  const turn = stage.work().then(() => 'let go');
  t.is(await Promise.race([turn, pause(20_000).then(() => 'still at it')]), 'let go');
  isWriting = false;
  await turn;
  await stage.work();
  t.deepEqual(await right('never_ending'), []);
});

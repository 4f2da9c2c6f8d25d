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

/** Changes so many rows for each lane. */
async function spreadOverLanes(table: string, rows: number): Promise<void> {
  for (const lane of [1, 2, 3, 4]) {
    await stage.db.pool.query("SELECT setval(pg_get_serial_sequence('reembed.change_' || suffix, 'seq'), $1) FROM reembed.target", [
      256 * (lane + 4),
    ]);
    await stage.db.pool.query(`UPDATE ${table} SET content = 'changed ' || id WHERE id BETWEEN $1 AND $2`, [
      rows * (lane - 1) + 1,
      rows * lane,
    ]);
  }
}

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
  await spreadOverLanes('lanes', 10);
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

// Several statements at a time: the embedded database has only one session.
testOnServer?.serial('a worker runs one statement at a time that writes vectors of a table', async (t) => {
  await startCampaign(stage, 'in_turn', { rows: 200 });
  t.is((await drain()).code, 0);
  await spreadOverLanes('in_turn', 50);
  // Each row takes so long that statements of two lanes would meet.
  await stage.db.pool.query(`CREATE FUNCTION in_turn_slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END';
    CREATE TRIGGER slowly BEFORE UPDATE ON in_turn FOR EACH ROW EXECUTE FUNCTION in_turn_slowly()`);
  const worker = stage.workplace.start(['worker']);
  const seen: number[] = [];
  try {
    await until(async () => {
      const { rows } = await stage.db.pool.query<{ writing: number }>(
        `SELECT count(*)::int AS writing FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT w.written%' AND pid <> pg_backend_pid()`,
      );
      seen.push(rows[0]?.writing ?? 0);
      return (await stage.db.pool.query('SELECT FROM reembed.change')).rowCount === 0;
    }, 'all changes');
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.is(Math.max(...seen), 1);
  t.deepEqual(await right('in_turn'), []);
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

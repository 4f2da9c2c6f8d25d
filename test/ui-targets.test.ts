import test from 'ava';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL } from './harness/documents.ts';
import { openLink } from './harness/link.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { admitted, ask, startUi, stateOf, steer } from './harness/ui.ts';

// The page with several targets, one of them with an odd name, and with a network that goes away.

const USUAL = 'public.documents.embedding';
const ODD = 'public.my  odd\nnotes.embedding';
const ODD_TABLE = '"my  odd\nnotes"';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await createDocuments(pool, 20);
  await createDocuments(pool, 20, { table: 'others' });
  await pool.query(`ALTER TABLE others RENAME TO ${ODD_TABLE}`);
  await stage.bring(await stage.createUsual(), 'backfill');
  await stage.bring(await stage.draft({ table: ODD_TABLE }), 'backfill');
});
test.after.always(() => stage?.close());

// The embedded database has one session.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

test.serial('a target with many failed rows and alerts hides none of another target', async (t) => {
  const { pool } = stage.db;
  for (const [target, count, age] of [
    [USUAL, 1, '1 hour'],
    [ODD, 60, '1 minute'],
  ] as const) {
    await pool.query(
      `INSERT INTO reembed.failed_row (target, key, model, class, message, words, failed_at)
       SELECT $1, jsonb_build_object('id', i), $2, 'input_rejected', 'refused', 'quoted', now() - $4::interval FROM generate_series(1, $3::integer) AS i`,
      [target, NEW_MODEL, count, age],
    );
    await pool.query(
      `INSERT INTO reembed.alert (target, campaign, kind, severity, message, opened_at)
       SELECT $1, (SELECT name FROM reembed.campaign WHERE target = $1), 'kind ' || i, 'warning', 'a message', now() - $3::interval FROM generate_series(1, $2::integer) AS i`,
      [target, count, age],
    );
    await pool.query(
      `UPDATE reembed.batch SET failed_at = now() - $2::interval, error = 'refused', attempts = 1
        WHERE campaign = (SELECT name FROM reembed.campaign WHERE target = $1)`,
      [target, age],
    );
  }
  const ui = await startUi(stage.workplace);
  t.teardown(() => ui.child.kill('SIGKILL'));
  const cookie = await admitted(ui);
  const { panels } = await stateOf(ui, cookie);
  const messages: { target: string }[] = JSON.parse((await ask(ui.port, '/messages', cookie)).body);
  const count = (rows: { target: string }[] | null, name: string) => rows?.filter(({ target }) => target === name).length;
  for (const rows of [panels.failed_rows, panels.alerts, messages]) t.deepEqual([count(rows, USUAL), count(rows, ODD)], [1, 50]);
  t.is(count(panels.failed_batches, USUAL), 1);
});

onServer('the page says that the network is gone, and goes on over new connections when it is back', async (t) => {
  t.timeout(60_000);
  const link = await openLink(stage.db.url);
  t.teardown(() => link.cut());
  const ui = await startUi(stage.workplace, [], { DATABASE_URL: link.url });
  t.teardown(() => ui.child.kill('SIGKILL'));
  const cookie = await admitted(ui);
  t.truthy((await stateOf(ui, cookie)).status);
  link.freeze();
  const problem = async () => ((await stateOf(ui, cookie)) as unknown as { problem?: string }).problem;
  await until(async () => /no database answers at 127\.0\.0\.1/.test((await problem()) ?? ''), 'the problem', 40);
  link.thaw();
  await until(async () => (await problem()) === undefined, 'a state over a new connection', 20);
});

test.serial('a target is steered by its name as the page shows it, and a request that is no JSON is refused', async (t) => {
  const { pool } = stage.db;
  const ui = await startUi(stage.workplace, ['--allow-changes']);
  t.teardown(() => ui.child.kill('SIGKILL'));
  const { make, headers } = await steer(ui, ODD);
  t.is((await make('pause', { confirmation: 'public.my odd notes' })).status, 400);
  t.is((await make('pause', { confirmation: 'public.my odd notes.embedding' })).status, 200);
  t.deepEqual((await pool.query('SELECT target FROM reembed.setting WHERE paused')).rows, [{ target: ODD }]);
  for (const path of ['/changes/make', '/changes/gate'])
    for (const content of ['', '{', 'null', '7', '[]']) {
      const { status, body } = await ask(ui.port, path, headers, 'POST', content);
      t.true(status === 400 || (path === '/changes/gate' && status === 200), `${path} ${content}: ${status} ${body}`);
      t.notRegex(body, /destructure|undefined|JSON at/, content);
    }
});

import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createWorkerRole } from './harness/roles.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { ask, type Steering, startUi, stateOf, steer } from './harness/ui.ts';

const TARGET = 'public.documents.embedding';

let stage: Stage;
let campaign: string;
let steering: Steering;

// The embedded database has one role and one session.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  steering = await steer(await startUi(stage.workplace, ['--allow-changes']), TARGET);
});
test.after.always(() => stage?.close());

/** What a change could have changed, and the audit of it. */
async function stateOfDatabase() {
  const { rows } = await stage.db.pool.query(
    `SELECT s.paused, s.paused_by, s.paused_reason, s.read_model, s.canary_percent::float AS canary_percent,
            (SELECT count(*)::int FROM reembed.change) AS changes, (SELECT count(*)::int FROM reembed.event) AS events
       FROM reembed.setting AS s`,
  );
  return rows[0];
}

async function lastEvent() {
  const { rows } = await stage.db.pool.query(
    'SELECT kind, from_value, to_value, reason, actor FROM reembed.event ORDER BY id DESC LIMIT 1',
  );
  const { rows: roles } = await stage.db.pool.query('SELECT session_user::text AS name');
  const { actor, ...event } = rows[0];
  if (actor !== roles[0].name) throw new Error(`the audit names ${actor}`);
  return event;
}

/** That the page offers these changes, when it has read the state again. */
async function untilOffered(changes: string[]): Promise<void> {
  await until(
    async () => isDeepStrictEqual((await stateOf(steering.ui, steering.cookie)).changes?.[0]?.changes, changes),
    `only ${changes} are offered`,
    10,
  );
}

/** That a request is refused and changes nothing. */
async function assertUnchanged(
  t: ExecutionContext,
  status: number,
  request: () => Promise<{ status: number; problem?: string }>,
  about: string,
) {
  const before = await stateOfDatabase();
  t.is((await request()).status, status, about);
  t.deepEqual(await stateOfDatabase(), before, about);
}

test.serial('without --allow-changes there is nothing to change with, whoever asks', async (t) => {
  const reading = await steer(await startUi(stage.workplace), TARGET);
  t.is((await stateOf(reading.ui, reading.cookie)).changes, null);
  t.is((await ask(reading.ui.port, '/changes', reading.cookie)).status, 404);
  const headers = { ...reading.headers, 'X-Reembed-Token': steering.headers['X-Reembed-Token'] ?? '' };
  await assertUnchanged(t, 404, () => reading.make('pause', {}, headers), 'pause');
  reading.ui.child.kill('SIGINT');
});

test.serial('only the page itself can change something: cookie, Host, Origin, token and JSON are needed', async (t) => {
  const { headers, make, ui } = steering;
  const without = (name: string) => Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
  const refused: [number, string, Record<string, string>][] = [
    [401, 'no cookie', without('Cookie')],
    [403, 'no origin', without('Origin')],
    [403, 'another origin', { ...headers, Origin: 'http://evil.example' }],
    [403, 'another name of this machine', { ...headers, Origin: `http://localhost:${ui.port}` }],
    [403, 'a rebound name', { ...headers, Host: 'evil.example', Origin: 'http://evil.example' }],
    [403, 'no token', without('X-Reembed-Token')],
    [403, 'a wrong token', { ...headers, 'X-Reembed-Token': 'wrong' }],
    [403, 'what a form can send', { ...headers, 'Content-Type': 'text/plain' }],
  ];
  for (const [status, about, sent] of refused) await assertUnchanged(t, status, () => make('pause', {}, sent), about);
  await assertUnchanged(t, 413, () => make('pause', { reason: 'long '.repeat(10_000) }), 'a large request');
  for (const [path, method] of [
    ['/changes/make', 'GET'],
    ['/changes', 'POST'],
  ] as const)
    t.is((await ask(ui.port, path, headers, method)).status, 404, `${method} ${path}`);
});

test.serial('nothing is changed without the name of the target, a reason, and a change that is offered', async (t) => {
  const { make } = steering;
  for (const confirmation of ['', 'documents', `${TARGET}s`, undefined])
    await assertUnchanged(t, 400, () => make('pause', { confirmation }), `confirmed with ${confirmation}`);
  for (const reason of [undefined, ' ', 7]) await assertUnchanged(t, 400, () => make('pause', { reason }), `reason ${reason}`);
  await assertUnchanged(t, 400, () => make('drop'), 'an unknown change');
  await assertUnchanged(t, 409, () => make('pause', { target: 'public.others', confirmation: 'public.others' }), 'an unknown target');
  for (const change of ['resume', 'rollback', 'retry']) await assertUnchanged(t, 409, () => make(change), change);
  await untilOffered(['pause', 'canary', 'switch']);
  t.regex((await make('pause', { confirmation: 'documents' })).remedy ?? '', new RegExp(TARGET));
});

test.serial('pause and resume are those of SQL, with the reason in the audit', async (t) => {
  const { make } = steering;
  t.is((await make('pause', { reason: ' the disk is full ' })).status, 200);
  t.like(await stateOfDatabase(), { paused: true, paused_by: 'person', paused_reason: 'the disk is full' });
  t.deepEqual(await lastEvent(), { kind: 'paused', from_value: 'false', to_value: 'true', reason: 'the disk is full' });
  await untilOffered(['resume', 'canary', 'switch']);
  t.is((await make('resume')).status, 200);
  t.like(await stateOfDatabase(), { paused: false, paused_reason: null });
  t.deepEqual(await lastEvent(), { kind: 'paused', from_value: 'true', to_value: 'false', reason: 'why resume' });
});

test.serial('a closed gate is shown before, and refuses switch and canary with its reason and remedy', async (t) => {
  const { gate, make } = steering;
  t.like(await gate('switch'), { is_refused: true, conditions: [{ code: 'not_validated', remedy: 'npm run validate' }] });
  for (const request of [{ change: 'switch' }, { change: 'canary', percent: 5 }]) {
    await assertUnchanged(t, 409, () => make(request.change, request), request.change);
    const { problem, remedy } = await make(request.change, request);
    t.regex(problem ?? '', /have not been compared/);
    t.regex(remedy ?? '', /npm run validate/);
  }
});

test.serial('canary, switch, rollback and switch again go the way of the settings', async (t) => {
  const { gate, make } = steering;
  await stage.pass(campaign);
  for (const [status, percent] of [
    [400, undefined],
    [400, '5'],
    [409, 101],
    [409, -1],
  ])
    await assertUnchanged(t, Number(status), () => make('canary', { percent }), `percent ${percent}`);
  t.is((await make('canary', { percent: 5 })).status, 200);
  t.like(await stateOfDatabase(), { canary_percent: 5, read_model: OLD_MODEL });
  t.deepEqual(await lastEvent(), { kind: 'canary_percent', from_value: '0', to_value: '5', reason: 'why canary' });
  const readBy = async () => (await stage.db.pool.query("SELECT reembed.active_model('documents') AS model")).rows[0].model;
  for (const [change, model] of [
    ['switch', NEW_MODEL],
    ['rollback', OLD_MODEL],
    ['switch', NEW_MODEL],
  ] as const) {
    t.is((await make(change)).done, `the live view of ${TARGET} reads ${model}`);
    t.like(await stateOfDatabase(), { read_model: model, canary_percent: 0 });
    t.is(await readBy(), model);
    const { rows } = await stage.db.pool.query(
      "SELECT to_value, reason FROM reembed.event WHERE kind = 'read_model' ORDER BY id DESC LIMIT 1",
    );
    t.deepEqual(rows, [{ to_value: model, reason: `why ${change}` }]);
    await assertUnchanged(t, 409, () => make(change), `${change} twice`);
  }
  await untilOffered(['pause', 'rollback']);
  await stage.db.pool.query(
    'ALTER TABLE documents DISABLE TRIGGER USER; UPDATE documents SET embedding = NULL WHERE id = 7; ALTER TABLE documents ENABLE TRIGGER USER',
  );
  t.regex((await gate('rollback')).note ?? '', /would not find 1 row without a vector of old-model/);
});

test.serial('retry returns failed rows to the workers, with the reason in the audit', async (t) => {
  await stage.db.pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) VALUES ($1, '{"id": 3}', $2, 'input_rejected', 'refused')`,
    [TARGET, NEW_MODEL],
  );
  const before = await stateOfDatabase();
  t.is((await steering.make('retry')).done, '1 row waits for a worker again');
  t.like(await stateOfDatabase(), { changes: before.changes + 1 });
  t.deepEqual(await lastEvent(), { kind: 'retry', from_value: null, to_value: '1', reason: 'why retry' });
});

onServer('a role is offered only what it may do, and refused the rest', async (t) => {
  const role = await createWorkerRole(t, stage.db);
  const theirs = await steer(await startUi(stage.workplace, ['--allow-changes'], { DATABASE_URL: role.url }), TARGET);
  t.teardown(() => theirs.ui.child.kill('SIGKILL'));
  t.deepEqual((await stateOf(theirs.ui, theirs.cookie)).changes?.[0]?.changes, ['retry']);
  for (const change of ['pause', 'rollback']) await assertUnchanged(t, 409, () => theirs.make(change), change);
});

onServer('Ctrl-C ends it within a second while a statement hangs, and the change is not made', async (t) => {
  const { pool } = stage.db;
  await pool.query(`
    CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(4); RETURN NEW; END $$;
    CREATE TRIGGER hangs BEFORE UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION hang()`);
  const hangs = async () =>
    (await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")).rowCount === 1;
  const asked = steering.make('pause').catch(() => undefined);
  await until(hangs, 'a statement that hangs');
  const at = performance.now();
  steering.ui.child.kill('SIGINT');
  t.is(await exitOf(steering.ui.child), 0);
  t.true(performance.now() - at < 2000, 'with the time that a busy machine takes');
  await asked;
  await until(async () => !(await hangs()), 'the end of the statement');
  await pool.query('DROP TRIGGER hangs ON reembed.setting');
  t.like(await stateOfDatabase(), { paused: false });
});

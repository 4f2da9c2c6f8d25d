import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { inReadOnlyTransaction } from '../src/ui/read-only.ts';
import { createStateSource } from '../src/ui/state-source.ts';
import { exitOf } from './harness/command.ts';
import { createDocuments } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { admitted, ask, COMPARISON, POISON, type RunningUi, startUi, stateOf } from './harness/ui.ts';

let stage: Stage;
let ui: RunningUi;
let cookie: { Cookie: string };

const PATHS = ['/', '/page.js', '/style.css', '/state', '/history', '/messages', '/comparison', '/changes', '/no-such'];

// The embedded database has one role and one session.
const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 1200);
  await stage.bring(await stage.createUsual(), 'backfill');
  await stage.workHalf();
  await stage.db.pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message, words)
     SELECT target, jsonb_build_object('id', $1::text), to_model, 'input_rejected', 'the provider refuses it', $2 FROM reembed.campaign`,
    [`7\u202e${POISON}`, `secret text ${POISON}`],
  );
  await stage.db.pool.query("UPDATE reembed.setting SET soak = '2 days'");
  const file = join(stage.workplace.directory, 'comparison.json');
  writeFileSync(file, `> pg-reembed compare\n\n${JSON.stringify(COMPARISON)}`);
  ui = await startUi(stage.workplace, ['--comparison', file]);
});
test.after.always(() => stage.close());

test.serial('without the printed address nothing is served, and a wrong token opens nothing', async (t) => {
  for (const path of PATHS) t.is((await ask(ui.port, path)).status, 401, path);
  t.is((await ask(ui.port, '/?token=wrong')).status, 401);
  t.is((await ask(ui.port, '/', { Cookie: `reembed_ui_${ui.port}=wrong` })).status, 401);
});

test.serial('the address gives one browser a cookie that scripts and other sites cannot use, and works once', async (t) => {
  const { pathname, search } = new URL(ui.address);
  t.regex(search, /^\?token=[\w-]{43}$/);
  const first = await ask(ui.port, pathname + search);
  t.is(first.status, 303);
  t.is(first.headers.location, '/');
  const [given = ''] = first.headers['set-cookie'] ?? [];
  t.regex(given, /; HttpOnly/);
  t.regex(given, /; SameSite=Strict/);
  cookie = { Cookie: given.split(';')[0] ?? '' };
  t.false(given.includes(search.slice('?token='.length)));
  t.is((await ask(ui.port, '/', cookie)).status, 200);
  t.is((await ask(ui.port, pathname + search)).status, 401);
  t.is((await ask(ui.port, pathname + search, cookie)).status, 303);
});

test.serial('a name that was rebound to this machine and a page of another origin are refused, also with the cookie', async (t) => {
  for (const Host of ['evil.example', `evil.example:${ui.port}`, `127.0.0.1:${ui.port + 1}`, '127.0.0.1'])
    for (const path of PATHS) t.is((await ask(ui.port, path, { ...cookie, Host })).status, 403, `${Host}${path}`);
  for (const Origin of ['http://evil.example', `http://127.0.0.1:${ui.port + 1}`, 'null', `https://127.0.0.1:${ui.port}`])
    t.is((await ask(ui.port, '/messages', { ...cookie, Origin })).status, 403, Origin);
  const own = { Host: `localhost:${ui.port}`, Origin: `http://localhost:${ui.port}` };
  t.is((await ask(ui.port, '/', { ...cookie, ...own })).status, 200);
});

test.serial('no other address of this machine reaches the page', async (t) => {
  const refused = await new Promise((resolve) => {
    connect({ host: '127.0.0.2', port: ui.port })
      .on('connect', () => resolve(false))
      .on('error', () => resolve(true));
  });
  t.true(refused);
});

test.serial('every answer forbids scripts of others, frames, sniffing and caches', async (t) => {
  for (const [path, headers] of [
    ['/', cookie],
    ['/state', cookie],
    ['/messages', cookie],
    ['/', {}],
  ] as const) {
    const answer = await ask(ui.port, path, headers);
    const policy = String(answer.headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      t.true(policy.split(/; ?/).includes(rule), `${path}: ${rule} in ${policy}`);
    t.notRegex(policy, /unsafe|https?:|\*/);
    t.is(answer.headers['cache-control'], 'no-store', path);
    t.is(answer.headers['x-content-type-options'], 'nosniff');
    t.is(answer.headers['cross-origin-resource-policy'], 'same-origin');
    t.is(answer.headers['access-control-allow-origin'], undefined);
  }
  t.is((await ask(ui.port, '/', cookie, 'POST')).status, 404);
});

test.serial(
  'the state has progress, next command, failed rows and changed settings; messages about rows come only on demand',
  async (t) => {
    const { body } = await ask(ui.port, '/state', cookie);
    t.notRegex(body, /secret text/);
    const { status, panels, not_shown } = JSON.parse(body.replace(/^event: state\ndata: /, ''));
    t.deepEqual(not_shown, []);
    const [campaign] = status.campaigns;
    t.is(campaign.phase, 'backfill');
    t.true(campaign.done > 0 && campaign.done < campaign.total);
    t.is(campaign.next.command, 'npm run worker');
    // The mark that turns the direction of a text is written as what it is.
    t.deepEqual(
      panels.failed_rows.map((row: { key: object; class: string }) => [row.key, row.class]),
      [[{ id: `7\\u202e${POISON}` }, 'input_rejected']],
    );
    const changed = panels.settings.filter((one: { changed: boolean }) => one.changed);
    t.deepEqual(
      changed.map((one: { name: string; value: string }) => [one.name, one.value]),
      [['soak', '2 days']],
    );
    t.regex((await ask(ui.port, '/messages', cookie)).body, /secret text/);
    // By the minute, and the backfill may have run into another one.
    const stored: { rows: number }[] = JSON.parse((await ask(ui.port, '/history', cookie)).body);
    t.is(
      stored.reduce((sum, { rows }) => sum + rows, 0),
      campaign.done,
    );
  },
);

test.serial('the leaderboard of a comparison is shown, and another file is refused', async (t) => {
  const { column, quality, costs, outcomes } = JSON.parse((await ask(ui.port, '/comparison', cookie)).body);
  t.is(column, 'public.documents.embedding');
  t.deepEqual(
    quality.map(([model, ndcg, difference]: string[]) => [model, ndcg, difference]),
    [
      ['model', 'nDCG@10', 'difference'],
      ['better-model', '0.740', '+0.040 [+0.020, +0.060]'],
      ['old-model', '0.700', '–'],
    ],
  );
  t.is(costs[1][3], '$0.0100');
  t.deepEqual(
    outcomes.map(({ model, outcome }: { model: string; outcome: string }) => [model, outcome]),
    [['better-model', 'worth it']],
  );
  const refused = await stage.workplace.run(['ui', '--comparison', 'package.json']);
  assertRefused(t, refused, { code: 'comparison_unreadable', remedy: /compare -- --json/ });
});

onServer('what the role may not read is not shown, and the rest is', async (t) => {
  const role = `ui_reader_${randomBytes(4).toString('hex')}`;
  const { pool, url } = stage.db;
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'postgres'`);
  t.teardown(async () => {
    await pool.query(`DROP OWNED BY ${role}`);
    await pool.query(`DROP ROLE ${role}`);
  });
  await pool.query(`GRANT USAGE ON SCHEMA reembed TO ${role}; GRANT SELECT ON reembed.progress, reembed.health, reembed.alert TO ${role}`);
  const address = new URL(url);
  [address.username, address.password] = [role, 'postgres'];
  const theirs = await startUi(stage.workplace, [], { DATABASE_URL: address.href });
  const cookieOfRole = await admitted(theirs);
  const state = await stateOf(theirs, cookieOfRole);
  t.is(state.role, role);
  t.is(state.status.campaigns.length, 1);
  t.deepEqual(state.panels.alerts, []);
  t.is(state.panels.failed_rows, null);
  t.true(state.not_shown.some(({ panel, reason }: { panel: string; reason: string }) => panel === 'failed_rows' && /may not/.test(reason)));
  const messages = await ask(theirs.port, '/messages', cookieOfRole);
  t.is(messages.status, 500);
  t.notRegex(messages.body, /secret text/);
});

test.serial('the page can change nothing, and one refused query hides no other', async (t) => {
  await inReadOnlyTransaction(stage.db.pool, async (db) => {
    const [written, read] = await Promise.allSettled([db.query('DELETE FROM reembed.alert'), db.query('SELECT 1 AS one')]);
    t.is(written.status === 'rejected' && written.reason.code, '25006');
    t.deepEqual(read.status === 'fulfilled' && read.value.rows, [{ one: 1 }]);
  });
});

test('pages share readings, and nothing is read while no page waits', async (t) => {
  let readings = 0;
  const source = createStateSource(async () => String(++readings), 50);
  const [one, other] = await Promise.all([source.after(0), source.after(0)]);
  t.deepEqual([one, other], [{ number: 1, text: '1' }, one]);
  await sleep(200);
  t.is(readings, 1);
  t.is((await source.after(1)).text, '2');
  await sleep(200);
  // A page that opens later sees nothing old.
  t.is((await source.after(0)).text, '3');
});

test.serial('Ctrl-C ends it within a second while a page is open', async (t) => {
  const stream = (await fetch(`http://127.0.0.1:${ui.port}/state`, { headers: cookie })).body?.getReader();
  await stream?.read();
  const at = performance.now();
  ui.child.kill('SIGINT');
  t.is(await exitOf(ui.child), 0);
  t.true(performance.now() - at < 2000, 'with the time that a busy machine takes');
});

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { readStatus, type Status } from '../src/commands/read-status.ts';
import { statusText } from '../src/commands/show-status.ts';
import { readConfig } from '../src/config.ts';
import { listMigrationFiles } from '../src/database/migration-file.ts';
import { createWorkplace } from './harness/command.ts';
import { createDocuments, createOptions, NEW_MODEL } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createBareStage();
  await createDocuments(stage.db.pool, 60);
});
test.after.always(() => stage.close());

/** The status in this process. */
const check = (env: Record<string, string> = {}) =>
  readStatus(stage.database, readConfig({ REEMBED_MIGRATIONS: stage.database.directory, ...env }));

/** The status as a user's script gets it. */
async function command(args: string[] = []): Promise<Status> {
  const { code, stdout, stderr } = await stage.workplace.run(['status', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Status;
}

test.serial('status says what to type when nothing is installed', async (t) => {
  const { code, stdout } = await stage.workplace.run(['status']);
  t.is(code, 0);
  t.is(stdout, 'pg-reembed is not installed in this database yet.\nNext: npm run migrate create, then npm run migrate up\n');
  const status = await command();
  t.false(status.installed);
  t.deepEqual(status.campaigns, []);
  campaign = await stage.createUsual();
  t.is((await check()).command, 'npm run migrate up');
});

test('status makes no embedded database', async (t) => {
  const workplace = createWorkplace({});
  t.teardown(workplace.remove);
  const { code, stdout } = await workplace.run(['status', '--json']);
  t.is(code, 0);
  t.false((JSON.parse(stdout) as Status).installed);
  t.false(existsSync(join(workplace.directory, '.reembed')));
});

test.serial('status says that no campaign has been started after the tables of the toolkit were made', async (t) => {
  await stage.up(listMigrationFiles('no-campaigns').length);
  await stage.up(0);
  const status = await check();
  t.true(status.installed);
  t.is(status.command, 'npm run migrate up');
  t.regex(statusText(status), /No campaign has been started\.\n\nWaiting to be run: \S+1_expand and 4 more\nNext: npm run migrate up/);
});

test.serial('status names the next phase and what to type, in every phase and on the way back', async (t) => {
  const next = async () => {
    const { campaigns } = await check();
    const { phase, next: step } = campaigns[0] ?? {};
    return [phase, step?.phase, step?.open_conditions?.map(({ condition }) => condition).join('; '), step?.command];
  };
  await stage.bring(campaign, 'expand');
  t.deepEqual(await next(), ['expand', 'backfill', '', 'npm run migrate up']);
  await stage.bring(campaign, 'backfill');
  t.deepEqual(await next(), ['backfill', 'index', '60 of 60 rows are still to be embedded', 'npm run worker']);
  await stage.work();
  t.deepEqual(await next(), ['backfill', 'index', '', 'npm run migrate up']);
  await stage.bring(campaign, 'index');
  t.deepEqual(await next(), ['index', 'switch', 'old and new results have not been compared', 'npm run validate']);
  await stage.bring(campaign, 'switch');
  const contract = await next();
  t.deepEqual(contract.slice(0, 2), ['switch', 'contract']);
  t.regex(String(contract[2]), /^the new model has been live for .+ of the soak time of 7 days/);
  await stage.bring(campaign, 'contract');
  t.deepEqual(await next(), ['contract', undefined, undefined, undefined]);
  t.regex(statusText(await check()), new RegExp(`next +finished; to delete the archive of the old vectors: npm run purge -- ${campaign}`));
  await stage.bring(campaign, 'backfill');
  t.is((await next())[1], 'index');
});

test.serial('status gives machines one document with numbers, seconds and ISO times, and the same keys in every phase', async (t) => {
  const keys = new Set<string>();
  for (const phase of ['expand', 'index', 'backfill'] as const) {
    await stage.bring(campaign, phase);
    const { campaigns } = await command();
    keys.add(JSON.stringify(Object.keys(campaigns[0] ?? {})));
  }
  t.is(keys.size, 1);
  await stage.db.pool.query(
    `INSERT INTO reembed.batch (campaign, id, leaf, first_place, end_place, state, rows, embedded_rows, tokens, started_at, finished_at)
     SELECT name, 98, 'documents'::regclass, '(800,0)'::tid, '(802,0)'::tid, 'done', 60, 60, 100, now() - interval '10 s', now() FROM reembed.campaign
     UNION ALL SELECT name, 99, 'documents', '(900,0)', '(902,0)', 'pending', 40, 0, 0, NULL, NULL FROM reembed.campaign`,
  );
  const { at, campaigns } = await command();
  await stage.db.pool.query('DELETE FROM reembed.batch WHERE id >= 98');
  const row = campaigns[0];
  t.is(String(at), new Date(at).toISOString());
  t.is(String(row?.phase_entered_at), new Date(row?.phase_entered_at ?? 0).toISOString());
  t.is(row?.total, 100);
  t.is(row?.done, 60);
  t.is(row?.percent, 60);
  t.is(row?.rows_per_second, 6);
  t.is(row?.eta_seconds, 7);
  t.is(row?.tokens_expected, 167);
});

test.serial('status does not search the table', async (t) => {
  await stage.work();
  await stage.db.pool.query('UPDATE reembed.campaign SET swept_at = NULL');
  await command();
  const { rows } = await stage.db.pool.query<{ swept: boolean }>('SELECT swept_at IS NOT NULL AS swept FROM reembed.campaign');
  t.false(rows[0]?.swept);
});

test.serial('status shows what slows the workers, what waits and what failed', async (t) => {
  const { pool } = stage.db;
  await pool.query(`SELECT reembed.pause('documents', 'night shift'); UPDATE documents SET content = 'changed' WHERE id <= 2`);
  await pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) VALUES ('public.documents.embedding', '{"id": 9}', $1, 'input_refused', 'too long')`,
    [NEW_MODEL],
  );
  const status = await check();
  await pool.query(`SELECT reembed.resume('documents'); DELETE FROM reembed.failed_row`);
  t.is(status.campaigns[0]?.outdated, 2);
  t.deepEqual(
    status.campaigns[0]?.next?.open_conditions?.map(({ condition }) => condition),
    ['2 rows changed and wait for their new vector', '1 row could not be embedded, 0 are allowed'],
  );
  const text = statusText(status);
  t.regex(text, /slowed by +no worker is running; paused: night shift\n/);
  t.regex(text, /failed +1 row: select key, model, class, message from reembed\.failed_row\n/);
  t.regex(
    text,
    /warning +1 row failed with input_refused, the first with key \{"id": 9\}; correct the text, or fix the cause and run npm run retry\n/,
  );
});

test.serial('twelve campaigns are a line each, with what slows one of them below', async (t) => {
  const status = await check();
  const [one] = status.campaigns;
  if (!one) throw new Error('there is no campaign');
  const campaigns = Array.from({ length: 12 }, (_, n) => ({
    ...one,
    target: `public.table_${n}.embedding`,
    health: n === 3 ? [{ throttles: true, reason: 'paused: month end' }] : [],
  }));
  const text = statusText({ ...status, campaigns });
  t.regex(text, /^12 campaigns\n/);
  t.regex(text, /\n {2}public\.table_3\.embedding: paused: month end\none of them in full: npm run status -- --target NAME\n/);
  t.true(text.split('\n').length < 24, text);
  t.regex(statusText({ ...status, campaigns: campaigns.slice(0, 2) }), /slowed by/);
});

test.serial('status shows the verdict of the last validation', async (t) => {
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
  t.regex(
    statusText(await check()),
    /validation +passed \(overlap 1\.00, index recall 1\.00, 200 queries; .+ UTC\)\n +next +switch: npm run migrate up\n/,
  );
});

test.serial('status shows how many read the new model before the switch, and how many searches ask both', async (t) => {
  const { pool } = stage.db;
  const readers = /\n +reads +old-model\n/;
  t.regex(statusText(await check()), readers);
  await pool.query('UPDATE reembed.setting SET canary_percent = 12.5, shadow_percent = 5');
  const status = await check();
  await pool.query('UPDATE reembed.setting SET canary_percent = 0, shadow_percent = 0');
  t.like(status.campaigns[0], { canary_percent: 12.5, shadow_percent: 5 });
  t.regex(
    statusText(status),
    /reads +old-model; 12\.5 % of readers use new-model \(canary\); 5 % of searches are repeated with the other model \(shadow reads\)\n/,
  );
  t.regex(statusText(await check()), readers);
});

test.serial('status shows the progress also where the migration files are not at hand', async (t) => {
  const status = await check({ REEMBED_MIGRATIONS: 'nowhere' });
  t.is(status.campaigns[0]?.next?.phase, 'switch');
  t.is(status.migrations.problem?.code, 'migration_file_missing');
  t.regex(statusText(status), /migration files: \S+ ran, but its file is not in nowhere/);
});

test.serial('status takes a short name of a target and refuses one it does not know', async (t) => {
  t.is((await command(['--target', 'documents'])).campaigns.length, 1);
  assertRefused(t, await stage.workplace.run(['status', '--target', 'letters']), {
    code: 'unknown_target',
    says: /letters/,
    remedy: /public\.documents\.embedding/,
  });
});

test.serial('status --watch prints a block each interval and ends well on Ctrl-C', async (t) => {
  const child = stage.workplace.start(['status', '--watch', '1']);
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const blocks = () => stdout.split('public.documents.embedding: old-model -> new-model').length - 1;
  while (blocks() < 3) await sleep(100);
  child.kill('SIGINT');
  t.is(await ended, 0);
  // Not on a terminal: nothing is drawn over.
  t.false(stdout.includes('\x1b'));
});

const testOnServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

testOnServer('status shows the progress to a role that may read nothing else', async (t) => {
  const role = `reembed_test_${randomBytes(4).toString('hex')}`;
  const { pool, url } = stage.db;
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'test'; GRANT SELECT ON reembed.progress, reembed.health TO ${role}`);
  const { code, stdout, stderr } = await stage.workplace.run(['status'], {
    DATABASE_URL: Object.assign(new URL(url), { username: role, password: 'test' }).href,
  });
  await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  t.is(code, 0, stderr);
  t.regex(stdout, /phase +index since/);
  t.regex(stdout, /next +switch; this role has no right to read its gate/);
  t.regex(stdout, /migration files: permission denied/);
});

(process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip)(
  'status --watch --json goes on after the server ended its connection',
  async (t) => {
    const child = stage.workplace.start(['status', '--watch', '1', '--json']);
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const documents = () => stdout.trim().split('\n').filter(Boolean);
    while (documents().length < 1) await sleep(100);
    await stage.db.pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg-reembed' AND datname = current_database()",
    );
    const seen = documents().length;
    while (documents().length < seen + 2) await sleep(100);
    child.kill('SIGTERM');
    t.is(await ended, 0);
    for (const line of documents()) t.true((JSON.parse(line) as Status).installed);
  },
);

test.serial('status keeps an earlier campaign to one line and leads with the one that runs', async (t) => {
  await stage.bring(campaign, 'contract');
  const second = await stage.create([...createOptions('documents', 'third-model', 8), '--from', NEW_MODEL, '--no-probe']);
  await stage.bring(second, 'expand');
  const status = await check();
  t.deepEqual(
    status.campaigns.map(({ campaign, current, next }) => [campaign, current, next?.phase]),
    [
      [campaign, false, undefined],
      [second, true, 'backfill'],
    ],
  );
  t.regex(
    statusText(status),
    /^public\.documents\.embedding: old-model -> new-model is finished; its old vectors are kept in reembed\.archive_/,
  );
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isConnectionString, namedDatabase, placeOf } from '../src/database/address.ts';
import { tokenCounter } from '../src/plan/count-tokens.ts';
import { createWorkplace } from './harness/command.ts';
import { createDocuments, createOptions, usualOptions, wrongRows } from './harness/documents.ts';
import { assertPresentable, assertRefused, fingerprint } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;
test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 60);
  campaign = await stage.createUsual();
});
test.after.always(() => stage.close());

const swallowed: { args: string[]; variable: string; value?: string; flag: RegExp }[] = [
  { args: ['migrate', 'down'], variable: 'npm_config_dry_run', flag: /--dry-run/ },
  { args: ['migrate', 'up'], variable: 'npm_config_dry_run', flag: /--dry-run/ },
  { args: ['migrate', 'down'], variable: 'npm_config_all', flag: /--all/ },
  { args: ['status'], variable: 'npm_config_json', flag: /--json/ },
  { args: ['purge'], variable: 'npm_config_yes', flag: /--yes/ },
  { args: ['worker'], variable: 'npm_config_target', value: 'documents', flag: /--target/ },
  { args: ['migrate', 'down'], variable: 'npm_config_discard_vectors', flag: /--discard-vectors/ },
];

for (const { args, variable, value = 'true', flag } of swallowed) {
  test.serial(`${variable} that npm passes to ${args.join(' ')} is refused`, async (t) => {
    const before = await fingerprint(stage.db.pool);
    const result = await stage.workplace.run(args, { npm_lifecycle_event: args[0] ?? '', [variable]: value });
    assertRefused(t, result, { code: 'usage', exit: 'usage', says: flag, remedy: /put -- before the options/ });
    t.deepEqual(await fingerprint(stage.db.pool), before);
  });
}

test('the same option of npm is no concern of a command that has no such option', async (t) => {
  const result = await stage.workplace.run(['setting'], { npm_lifecycle_event: 'setting', npm_config_yes: 'true', npm_config_all: '' });
  t.is(result.code, 1, 'there is no target yet');
  t.notRegex(result.stderr, /npm consumed/);
});

test('the first line of a command names the database, without user and password, also with --json', async (t) => {
  for (const args of [['status'], ['status', '--json'], ['migrate', 'down', '--dry-run'], ['setting'], ['doctor', '--json']]) {
    const { stderr, stdout } = await stage.workplace.run(args);
    const { hostname, port, pathname, password } = new URL(stage.db.url);
    t.is(stderr.split('\n')[0], `database: ${hostname}:${port}${pathname}`, args.join(' '));
    t.false(stdout.includes('database: '), args.join(' '));
    if (password.length > 8) t.false(stderr.includes(password));
  }
});

test('without a named database the embedded one is used, and the command says so; in CI only if it is named', async (t) => {
  const workplace = createWorkplace({});
  t.teardown(workplace.remove);
  const unset = await workplace.run(['status']);
  t.is(unset.code, 0);
  t.is(unset.stderr, 'database: embedded, in .reembed; neither DATABASE_URL nor PGHOST is set\n');
  const named = await workplace.run(['status'], { DATABASE_URL: 'embedded:', CI: 'true' });
  t.is(named.code, 0);
  t.is(named.stderr, 'database: embedded, in .reembed\n');
  for (const args of [['migrate', 'up'], ['status'], ['db']])
    assertRefused(t, await workplace.run(args, { CI: 'true' }), {
      code: 'usage',
      exit: 'usage',
      says: /no database is named/,
      remedy: /embedded:/,
    });
  assertRefused(t, await workplace.run(['migrate', 'up'], { PGSERVICE: 'shop' }), { code: 'usage', exit: 'usage', says: /PGSERVICE/ });
  t.false(existsSync(join(workplace.directory, '.reembed')));
});

test('PGHOST, PGPORT and PGDATABASE name a server', async (t) => {
  t.deepEqual(namedDatabase({ PGHOST: 'db.example', PGDATABASE: 'a shop' }), {
    url: 'postgres://db.example:5432/a%20shop',
    variables: ['PGHOST', 'PGDATABASE'],
  });
  t.is(placeOf(namedDatabase({ PGHOST: '/run/postgresql', PGPORT: '5433', PGDATABASE: 'shop' }).url ?? ''), '/run/postgresql:5433/shop');
  t.is(placeOf(namedDatabase({ PGHOST: '::1', PGDATABASE: 'shop' }).url ?? ''), '[::1]:5432/shop');
  t.is(namedDatabase({ PGHOST: 'db', DATABASE_URL: 'postgres://other/shop' }).url, 'postgres://other/shop');
  const { hostname, port, pathname, username, password } = new URL(stage.db.url);
  const workplace = createWorkplace({
    PGHOST: hostname,
    PGPORT: port,
    PGDATABASE: pathname.slice(1),
    PGUSER: username,
    PGPASSWORD: password,
  });
  t.teardown(workplace.remove);
  const { code, stderr, stdout } = await workplace.run(['status', '--json'], { CI: 'true' });
  t.is(code, 0, stderr);
  t.is(stderr, `database: ${hostname}:${port}${pathname} (PGHOST, PGPORT, PGDATABASE)\n`);
  t.true((JSON.parse(stdout) as { installed: boolean }).installed);
});

const PASSWORDS = ['zq7#xk9-w', 'zq7/xk9', 'zq7?xk9', '12#xk9', '12/xk9@zq7', '12?xk9', 'zq7%zk9', 'zq7#w@xk9', 'zq7@xk9#w'];

for (const password of PASSWORDS) {
  test(`an unescaped password such as ${password} is no part of an address, and nothing of it is shown`, (t) => {
    const url = `postgres://app:${password}@localhost/shop`;
    t.false(isConnectionString(url));
    t.is(placeOf(url), 'DATABASE_URL');
  });
}

test('an unescaped password is refused, and nothing of it is shown', async (t) => {
  for (const env of [
    { DATABASE_URL: 'postgres://app:zq7#xk9@localhost/shop' },
    { DATABASE_DIRECT_URL: 'postgres://app:12?xk9@localhost/shop' },
  ]) {
    const result = await stage.workplace.run(['migrate', 'up'], env);
    const says = new RegExp(`${Object.keys(env)[0]} is not a connection string`);
    assertRefused(t, result, { code: 'usage', exit: 'usage', says, remedy: /percent-encode/ });
    for (const part of ['zq7', 'xk9', '12'])
      t.false((result.stdout + result.stderr).replace(/\d+\.\d+\.\d+\.\d+:\d+\/\S+/g, '').includes(part), part);
  }
});

test('an escaped password, a socket and a query are no reason to refuse an address', (t) => {
  for (const url of [
    'postgres://app:pa%23ss%2F-word@localhost/shop',
    'postgres://app:p@ss@localhost/shop',
    'postgresql://localhost',
    'postgres://app@/shop?host=/run/postgresql',
    'postgres://app:word@[::1]:5432/shop?application_name=me@here&sslmode=require',
    '/run/postgresql shop',
  ])
    t.true(isConnectionString(url), url);
});

for (const command of ['create', 'worker']) {
  test.serial(`${command} refuses an address of the provider that has no scheme`, async (t) => {
    if (command === 'worker') await stage.up(2);
    const args =
      command === 'worker'
        ? ['worker', '--drain']
        : ['migrate', 'create', ...createOptions('documents', 'm', 3), '--no-probe', '--dry-run'];
    const result = await stage.workplace.run(args, {
      OPENAI_BASE_URL: 'localhost:8080/v1',
      ...(command === 'create' ? { REEMBED_MIGRATIONS: 'none' } : {}),
    });
    assertRefused(t, result, {
      code: 'usage',
      exit: 'usage',
      says: /OPENAI_BASE_URL is not an http or https address/,
      remedy: /http:\/\//,
    });
  });
}

test('one text of 200,000 letters without a space is counted in under 200 ms', async (t) => {
  const count = await tokenCounter();
  const long = 'abcdefghij'.repeat(20_000);
  count('load');
  const startedAt = performance.now();
  const tokens = count(long.slice(0, 4000));
  t.true(performance.now() - startedAt < 200, `${performance.now() - startedAt} ms`);
  t.true(tokens > 500 && tokens < 4000, `${tokens} tokens`);
  t.is(count('The quick brown fox jumps over the lazy dog.'), 10);
});

test.serial('create measures a table with such a text in seconds', async (t) => {
  await stage.db.pool.query(
    "CREATE TABLE walls (id bigint PRIMARY KEY, content text, embedding vector(3)); INSERT INTO walls SELECT i, repeat('abcdefghij', 20000), '[1,2,3]' FROM generate_series(1, 20) AS i",
  );
  const startedAt = Date.now();
  const result = await stage.workplace.run(['migrate', 'create', ...usualOptions('walls'), '--no-probe', '--dry-run', '--json']);
  t.is(result.code, 0, result.stderr);
  t.true(Date.now() - startedAt < 15_000, `${Date.now() - startedAt} ms`);
  t.true((JSON.parse(result.stdout) as { estimate: { tokens: number } }).estimate.tokens > 500_000);
});

test.serial('up --dry-run prints the SQL of the files that may run, and changes nothing', async (t) => {
  await stage.bring(campaign, 'none');
  const before = await fingerprint(stage.db.pool);
  const { code, stdout, stderr } = await stage.workplace.run(['migrate', 'up', '--dry-run']);
  t.is(code, 0, stderr);
  t.deepEqual(
    [...stdout.matchAll(/^-- up \S+\.(\S+)$/gm)].map(([, phase]) => phase),
    ['1_expand', '2_backfill'],
  );
  t.regex(stdout, /ALTER TABLE public\.documents\n {2}ADD COLUMN embedding_v2/);
  t.regex(stderr, /not printed: \S+\.3_index/);
  t.deepEqual(await fingerprint(stage.db.pool), before);
});

test.serial('down --dry-run prints the SQL with the present names, and changes nothing', async (t) => {
  await stage.bring(campaign, 'backfill');
  await stage.db.pool.query('ALTER TABLE documents RENAME TO papers');
  const before = await fingerprint(stage.db.pool);
  const { code, stdout, stderr } = await stage.workplace.run(['migrate', 'down', '2', '--dry-run']);
  t.is(code, 0, stderr);
  t.deepEqual(
    [...stdout.matchAll(/^-- down \S+\.(\S+)$/gm)].map(([, phase]) => phase),
    ['2_backfill', '1_expand'],
  );
  t.regex(stdout, /ALTER TABLE public\.papers\n {2}DROP COLUMN embedding_v2_model_version,\n {2}DROP COLUMN embedding_v2;/);
  t.deepEqual(await fingerprint(stage.db.pool), before);
  await stage.db.pool.query('ALTER TABLE papers RENAME TO documents');
});

test.serial('up and status say that no application reads the live view until one was seen', async (t) => {
  await stage.bring(campaign, 'backfill');
  const SAYS = /no application has been seen to read public\.documents_live/;
  t.regex((await stage.workplace.run(['migrate', 'up'])).stderr, SAYS);
  t.regex((await stage.workplace.run(['status'])).stdout.replace(/\s+/g, ' '), SAYS);
  await stage.db.pool.query('CREATE VIEW search AS SELECT id FROM documents_live');
  t.notRegex((await stage.workplace.run(['migrate', 'up'])).stderr, SAYS);
  t.notRegex((await stage.workplace.run(['status'])).stdout.replace(/\s+/g, ' '), SAYS);
});

test.serial('a down that would discard a live view with a reader asks first', async (t) => {
  await stage.bring(campaign, 'backfill');
  await stage.db.pool.query('CREATE OR REPLACE VIEW search AS SELECT id FROM documents_live');
  const result = await stage.workplace.run(['migrate', 'down', '2']);
  assertRefused(t, result, {
    code: 'would_discard',
    exit: 'usage',
    says: /live view public\.documents_live, which has (a reader|readers): view public\.search/,
    remedy: /--discard-vectors/,
  });
  await stage.db.pool.query('DROP VIEW search');
});

test.serial('a down that would discard paid vectors asks first, with their number, tokens and price', async (t) => {
  await stage.bring(campaign, 'backfill');
  await stage.db.pool.query('DROP VIEW IF EXISTS search; UPDATE reembed.model SET usd_per_million_tokens = 20000');
  await stage.work();
  const before = await fingerprint(stage.db.pool);
  for (const [arg, confirming] of [
    ['2', /npm run migrate down 2 -- --discard-vectors/],
    ['--all', /npm run migrate down -- --all --discard-vectors/],
  ] as const) {
    const result = await stage.workplace.run(['migrate', 'down', arg]);
    assertRefused(t, result, {
      code: 'would_discard',
      exit: 'usage',
      says: /60 vectors of \S+ \([\d,]+ tokens, \$\d+\.\d\d\) and the live view public\.documents_live/,
      remedy: confirming,
    });
  }
  t.deepEqual(await fingerprint(stage.db.pool), before);
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding_v2' }), []);
  const { code, stderr } = await stage.workplace.run(['migrate', 'down', '1']);
  t.is(code, 0, `the ledger alone is no vector: ${stderr}`);
  const last = await stage.workplace.run(['migrate', 'down', '--discard-vectors']);
  t.is(last.code, 0, last.stderr);
  assertPresentable(t, last);
  t.is((await stage.db.pool.query("SELECT to_regclass('documents_live') AS view")).rows[0]?.view, null);
});

test.serial('a down before anything was embedded does not ask', async (t) => {
  await stage.bring(campaign, 'backfill');
  const { code, stderr } = await stage.workplace.run(['migrate', 'down', '2']);
  t.is(code, 0, stderr);
});

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createDocuments, createOptions, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { runInTerminal } from './harness/pseudo-terminal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 40);
  await createDocuments(stage.db.pool, 20, { table: 'letters', index: false });
  await stage.bring(await stage.createUsual(), 'backfill');
});
test.after.always(() => stage?.close());

const ESCAPE = '\x1b';

test.serial('in a terminal of 60 columns, status is coloured and no line is wider', async (t) => {
  const { code, raw, lines } = await runInTerminal(stage.workplace, ['status'], { columns: 60 });
  t.is(code, 0, raw);
  t.true(raw.includes(`${ESCAPE}[32m✓ expand`), raw);
  t.regex(lines.join('\n'), /● backfill 0\.0 % → ○ index → ○ validate →\n +○ switch → ○ contract/);
  t.deepEqual(
    lines.filter((line) => line.length > 60),
    [],
  );
});

test.serial('settings and a refused gate fit 60 columns as well', async (t) => {
  for (const args of [['setting'], ['migrate', 'up']]) {
    const { lines } = await runInTerminal(stage.workplace, args, { columns: 60 });
    t.true(lines.length > 4, lines.join('\n'));
    // A word that must be copied whole, such as the name of a file, may be longer.
    t.deepEqual(
      lines.filter((line) => line.length > 60 && line.trim().includes(' ')),
      [],
    );
  }
});

test.serial('NO_COLOR, --no-color and a pipe are without colour', async (t) => {
  const coloured = await runInTerminal(stage.workplace, ['setting', 'soak=1 day'], { columns: 160 });
  t.true(coloured.raw.includes(ESCAPE), coloured.raw);
  for (const [args, env] of [
    [['status'], { NO_COLOR: '1' }],
    [['status', '--no-color'], {}],
    [['--no-color', 'status'], { FORCE_COLOR: '1' }],
  ] as const)
    t.false((await runInTerminal(stage.workplace, [...args], { columns: 80, env })).raw.includes(ESCAPE), args.join(' '));
  const { NO_COLOR: _, ...env } = stage.workplace.env;
  const piped = await stage.workplace.run(['status'], { ...env, NO_COLOR: '' });
  t.false(piped.stdout.includes(ESCAPE));
});

test.serial('a closed gate is reported once, in a line, or in a list where it takes several commands to open it', async (t) => {
  const { pool } = stage.db;
  await pool.query("UPDATE documents SET content = 'changed' WHERE id = 1");
  const short = await stage.workplace.run(['migrate', 'up']);
  t.is(short.code, 3);
  t.regex(short.stderr, /\nreembed: the gate to index is closed: 1 of 1 batch is still to be embedded \[gate_closed\] - npm run worker\n$/);
  t.notRegex(short.stderr, /open it with/);
  await pool.query(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) VALUES ('public.documents.embedding', '{"id": 9}', $1, 'input_refused', 'too long')`,
    [NEW_MODEL],
  );
  const long = await stage.workplace.run(['migrate', 'up']);
  const status = await stage.workplace.run(['status']);
  await pool.query('DELETE FROM reembed.failed_row');
  t.is(long.stderr.match(/1 of 1 batch is still to be embedded/g)?.length, 1, long.stderr);
  t.is(long.stderr.match(/open it with: npm run worker$/gm)?.length, 1, long.stderr);
  t.regex(long.stderr, /\nreembed: the gate to index is closed \[gate_closed\] - npm run worker\n$/);
  t.regex(
    status.stdout,
    /\n {2}next +index waits:\n +- 40 of 40 rows are still to be embedded\n +- 1 row changed .*\n +- 1 row could .*\n {2}run +npm run worker\n/,
  );
});

test.serial('--quiet leaves results and failures, --verbose adds the trace of a failure', async (t) => {
  const quiet = await stage.workplace.run(['status', '--quiet']);
  t.is(quiet.stderr, '');
  t.regex(quiet.stdout, /● backfill/);
  const refused = await stage.workplace.run(['status', '--target', 'letters', '--quiet']);
  t.regex(refused.stderr, /^reembed: .*\[unknown_target\] - .*\n$/);
  const verbose = await stage.workplace.run(['status', '--target', 'letters', '--verbose']);
  t.regex(verbose.stderr, /\[unknown_target\] - .*\n(.*\n)* +at /);
  t.is((await stage.workplace.run(['status', '--quiet', '--verbose'])).code, 2);
});

test.serial('one setting is shown alone, a wrong name is answered with the similar one, and nothing is changed then', async (t) => {
  const one = await stage.workplace.run(['setting', 'max_lock_waits']);
  t.regex(one.stderr, /max_lock_waits +│ 2 +│/);
  t.notRegex(one.stderr, /min_overlap/);
  const wrong = await stage.workplace.run(['setting', 'max_lock_waits=9', 'request_per_minute=5']);
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /there is no setting request_per_minute \[unknown_setting\] - did you mean requests_per_minute\?/);
  const mistyped = await stage.workplace.run(['stats']);
  t.is(mistyped.stderr, "reembed: unknown command 'stats' [usage] - did you mean status?\n");
  t.is(mistyped.code, 2);
  // SQL is no JSON document.
  const both = await stage.workplace.run(['forget', '--dry-run', '--json']);
  t.deepEqual([both.code, both.stdout], [2, '']);
  const changed = await stage.workplace.run(['setting', 'max_lock_waits=3', 'max_read_slowdown=']);
  t.regex(changed.stderr, /max_lock_waits +│ 3 \(default: 2\)/);
  t.regex(changed.stderr, /max_read_slowdown +│ none \(default: 1\.3\)/);
});

test.serial('every setting of the database belongs to a group', async (t) => {
  const { stderr } = await stage.workplace.run(['setting']);
  t.regex(stderr, /│ Watch +│/);
  t.notRegex(stderr, /│ Other +│/);
});

const CREATE = ['migrate', 'create', ...createOptions('letters')];

for (const args of [
  ['worker'],
  ['worker', '--drain'],
  ['migrate', 'up', '--wait'],
  ['validate', '--queries-from', 'generated'],
  [...CREATE, '--from', OLD_MODEL],
])
  test.serial(`Ctrl-C is answered within a second, although the provider is not: ${args.slice(0, 3).join(' ')}`, async (t) => {
    if (args[0] === 'validate') await stage.work();
    let asked = 0;
    const release = new AbortController();
    stage.provider.script = async () => {
      asked += 1;
      await sleep(60_000, undefined, { signal: release.signal, ref: false }).catch(() => {});
      return undefined;
    };
    const child = stage.workplace.start(args);
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const answered = () => child.exitCode !== null || child.signalCode !== null || /finishing the batches in progress/.test(stderr);
    try {
      await until(() => asked > 0 || child.exitCode !== null, 'a request to the provider');
      t.is(child.exitCode, null, stderr);
      child.kill('SIGINT');
      for (const giveUpAt = Date.now() + 1000; !answered() && Date.now() < giveUpAt; ) await sleep(20);
      t.true(answered(), stderr);
      // The second one ends it.
      child.kill('SIGINT');
      await Promise.race([exitOf(child), sleep(1000)]);
      t.true(child.exitCode === 130 || child.signalCode === 'SIGINT', `${child.exitCode} ${child.signalCode} ${stderr}`);
    } finally {
      release.abort();
      stage.provider.script = () => undefined;
    }
  });

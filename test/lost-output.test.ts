import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

const run = promisify(execFile);

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 20);
});
test.after.always(() => stage?.close());

// The device of Linux that is always full.
const onLinux = existsSync('/dev/full') ? test.serial : test.serial.skip;

onLinux('a full disk under the log ends no work, and under a result it is a failure without a trace', async (t) => {
  const { workplace } = stage;
  const campaign = await stage.createUsual();
  const shell = (command: string) =>
    run('sh', ['-c', `"$0" "$1" ${command}`, process.execPath, workplace.cli], { cwd: workplace.directory, env: workplace.env }).then(
      () => ({ code: 0, stderr: '' }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
  t.is((await shell('migrate up 1 2> /dev/full')).code, 0);
  t.is((await stage.db.pool.query('SELECT phase FROM reembed.campaign WHERE name = $1', [campaign])).rows[0]?.phase, 'expand');
  const status = await shell('status --json > /dev/full');
  t.is(status.code, 1);
  t.regex(status.stderr, /^reembed: the output cannot be written: ENOSPC/m);
  t.notRegex(status.stderr, /^ +at /m);
});

test.serial('a folder of migrations that is none is named', async (t) => {
  const env = { REEMBED_MIGRATIONS: 'package.json' };
  const { workplace } = stage;
  await run('sh', ['-c', 'echo {} > package.json'], { cwd: workplace.directory });
  assertRefused(t, await workplace.run(['migrate', 'up'], env), {
    code: 'folder_unreadable',
    says: /ENOTDIR/,
    remedy: /REEMBED_MIGRATIONS/,
  });
  const status = await workplace.run(['status'], env);
  t.is(status.code, 0, status.stderr);
  t.regex(status.stdout, /the folder of the migrations cannot be read/);
});

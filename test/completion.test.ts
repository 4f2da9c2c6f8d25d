import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { createWorkplace, type Workplace } from './harness/command.ts';

const run = promisify(execFile);

let workplace: Workplace;

test.before(() => {
  workplace = createWorkplace({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
});
test.after.always(() => workplace?.remove());

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await workplace.run(['completion', shell]);
  if (code !== 0 || stderr !== '') throw new Error(stderr);
  const path = join(workplace.directory, `completion.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

test('bash completes commands, subcommands, options and their values, and the files of an option', async (t) => {
  const script = await scriptFor('bash');
  writeFileSync(join(workplace.directory, 'queries.jsonl'), '');
  const lines = [
    'st',
    'migrate ',
    'migrate create --dist',
    'migrate create --distance ',
    'worker --dra',
    'status --no-c',
    'validate --queries que',
    'validate --k',
  ];
  const { stdout } = await run(
    'bash',
    [
      '-c',
      `. ${script}
for line in "$@"; do
  COMP_WORDS=(reembed $line); [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _reembed
  echo "\${COMPREPLY[@]}"
done`,
      'bash',
      ...lines,
    ],
    { cwd: workplace.directory },
  );
  const answers = stdout.split('\n');
  t.is(answers[0], 'status');
  t.regex(answers[1] ?? '', /^create up down .*--help/);
  t.deepEqual(answers.slice(2, 8), ['--distance', 'cosine l2 inner_product', '--drain', '--no-color', 'queries.jsonl', '']);
});

for (const shell of ['zsh', 'fish'])
  test(`the script for ${shell} has every command and option, and ${shell} reads it where it is installed`, async (t) => {
    const script = await scriptFor(shell);
    const { stdout } = await workplace.run(['completion', shell]);
    for (const word of ['worker', 'migrate', 'create', 'max-usd', 'completion', 'inner_product']) t.true(stdout.includes(word), word);
    const isInstalled = await run('which', [shell]).then(
      () => true,
      () => false,
    );
    if (isInstalled) await t.notThrowsAsync(run(shell, ['-n', script]));
  });

test('another shell is refused with the known ones', async (t) => {
  const { code, stderr } = await workplace.run(['completion', 'powershell']);
  t.is(code, 2);
  t.regex(stderr, /bash, zsh, fish/);
});

import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { createWorkplace, type Workplace } from './harness/command.ts';
import { runProgramInTerminal } from './harness/pseudo-terminal.ts';

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
  test(`the script for ${shell} has every command and option`, async (t) => {
    const { stdout } = await workplace.run(['completion', shell]);
    for (const word of ['worker', 'migrate', 'create', 'max-usd', 'completion', 'inner_product']) t.true(stdout.includes(word), word);
  });

/** A home with the script where the help says that it belongs, and a command that prints its arguments. */
async function createHome(shell: string, place: string): Promise<string> {
  const home = join(workplace.directory, shell);
  const script = join(home, place);
  mkdirSync(dirname(script), { recursive: true });
  renameSync(await scriptFor(shell), script);
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/reembed'), '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
  writeFileSync(join(home, 'queries.jsonl'), '');
  return home;
}

const fish = process.env.TEST_FISH;
if (fish)
  test('fish itself completes commands, options and their values, and the files of an option, each with its description', async (t) => {
    const home = await createHome('fish', '.config/fish/completions/reembed.fish');
    const env = { ...workplace.env, HOME: home, PATH: `${join(home, 'bin')}:${workplace.env.PATH}` };
    const complete = async (line: string) => {
      const { stdout, stderr } = await run(fish, ['-c', 'complete -C $argv[1]', `reembed ${line}`], { cwd: home, env });
      t.is(stderr, '', line);
      return Object.fromEntries(
        stdout
          .split('\n')
          .filter(Boolean)
          .map((found) => found.split('\t')),
      ) as Record<string, string | undefined>;
    };
    t.deepEqual(Object.keys(await complete('st')), ['status']);
    const migrate = await complete('migrate ');
    t.deepEqual(Object.keys(migrate).sort(), ['create', 'down', 'up']);
    t.regex(migrate.create ?? '', /write/);
    t.deepEqual(Object.keys(await complete('migrate create --dist')), ['--distance']);
    t.deepEqual(Object.keys(await complete('migrate create --distance ')).sort(), ['cosine', 'inner_product', 'l2']);
    t.deepEqual(Object.keys(await complete('validate --queries que')), ['queries.jsonl']);
    t.deepEqual(Object.keys(await complete('worker --dra')), ['--drain']);
  });

const zsh = process.env.TEST_ZSH;
if (zsh)
  test('zsh itself completes commands, options and their values, and the files of an option, each with its description', async (t) => {
    const home = await createHome('zsh', 'functions/_reembed');
    writeFileSync(join(home, '.zshrc'), "PROMPT='ready> '\nfpath=(~/functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\ncd ~\n");
    const lines = [
      'reembed st\t',
      'reembed migrate create --dist\t',
      'reembed migrate create --distance co\t',
      'reembed validate --queries que\t',
      'reembed worker --dra\t',
    ];
    const { code, raw } = await runProgramInTerminal(workplace, [zsh, '-i'], {
      columns: 120,
      env: { HOME: home, ZDOTDIR: home, PATH: `${join(home, 'bin')}:${workplace.env.PATH}` },
      keys: [
        ...lines.map((line) => ({ after: /ready> /, press: `${line}\r` })),
        { after: /ready> /, press: 'reembed migrate \t' },
        { after: /up +-- /, press: '\x15exit\r' },
      ],
    });
    t.is(code, 0, raw);
    for (const answer of [
      '<status>',
      '<migrate><create><--distance>',
      '<migrate><create><--distance><cosine>',
      '<validate><--queries><queries.jsonl>',
      '<worker><--drain>',
    ])
      t.true(raw.includes(answer), `${answer}: ${raw}`);
    t.regex(raw, /create +-- inspect a table/, 'with its description');
  });

test('another shell is refused with the known ones', async (t) => {
  const { code, stderr } = await workplace.run(['completion', 'powershell']);
  t.is(code, 2);
  t.regex(stderr, /bash, zsh, fish/);
});

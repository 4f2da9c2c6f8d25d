import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createWorkplace } from './harness/command.ts';
import { runProgramInTerminal } from './harness/pseudo-terminal.ts';

const ODD_FILES = ["my 'best' queries.jsonl", 'star * dollar $HOME.jsonl', 'ordinary.jsonl'];

test('bash completes files with odd names so that the command receives them, also after an equals sign', async (t) => {
  const workplace = createWorkplace({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  t.teardown(workplace.remove);
  const { stdout } = await workplace.run(['completion', 'bash']);
  const at = (...path: string[]) => join(workplace.directory, ...path);
  writeFileSync(at('completion'), stdout);
  mkdirSync(at('bin'));
  writeFileSync(at('bin', 'reembed'), '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
  writeFileSync(at('bashrc'), `PS1='ready> '\nPATH='${at('bin')}':$PATH\n. '${at('completion')}'\n`);
  for (const name of ODD_FILES) writeFileSync(at(name), '');
  const lines = [
    'validate --queries my\t',
    'validate --queries star\t',
    'validate --queries=ord\t',
    'validate --queries "my\t',
    'migrate create --distance=co\t',
  ];
  const { raw } = await runProgramInTerminal(workplace, ['bash', '--noprofile', '--rcfile', at('bashrc'), '-i'], {
    columns: 200,
    keys: [...lines.map((line) => ({ after: /ready> /, press: `reembed ${line}\r` })), { after: /ready> /, press: 'exit\r' }],
  });
  for (const received of [
    `<validate><--queries><${ODD_FILES[0]}>`,
    `<validate><--queries><${ODD_FILES[1]}>`,
    '<validate><--queries=ordinary.jsonl>',
    '<migrate><create><--distance=cosine>',
  ])
    t.true(raw.includes(received), `${received}: ${raw}`);
  t.is(raw.split(`<validate><--queries><${ODD_FILES[0]}>`).length, 3, 'also within quotes');
  // What bash before version 4 does, which cannot ask readline.
  const names = execFileSync(
    'bash',
    ['-c', `. ./completion; compopt() { return 1; }; COMPREPLY=(); _reembed_files ""; printf '%s\\n' "\${COMPREPLY[@]}"`],
    {
      cwd: workplace.directory,
      encoding: 'utf8',
    },
  ).split('\n');
  for (const name of ODD_FILES) t.true(names.includes(name), name);
});

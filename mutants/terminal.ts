import type { Mutant } from './mutant.ts';

/** What a terminal shows, and what a pipe and a file must not get. */
export const TERMINAL: Mutant[] = [
  {
    fault: 'colour in a pipe',
    fix: 'text is coloured only where its stream is a terminal',
    test: 'terminal-commands',
    title: 'NO_COLOR, --no-color and a pipe are without colour',
    says: /Value is not `false`/,
    edits: [{ file: 'src/commands/paint.ts', find: 'text, { stream });', replace: 'text, { stream, validateStream: false });' }],
  },
  {
    fault: '--no-color that is ignored',
    fix: '--no-color switches colours off',
    test: 'terminal-commands',
    title: 'NO_COLOR, --no-color and a pipe are without colour',
    says: /Value is not `false`/,
    edits: [{ file: 'src/program.ts', find: "created.on('option:no-color', useNoColours);", replace: '' }],
  },
  {
    fault: 'lines that are wider than the terminal',
    fix: 'output is wrapped to the width of a terminal',
    test: 'terminal-commands',
    title: 'in a terminal of 60 columns, status is coloured and no line is wider',
    says: /must match expression/,
    edits: [
      {
        file: 'src/commands/print.ts',
        find: 'process.stdout.write(fitColumns(printable(text), columnsOf(process.stdout)));',
        replace: 'process.stdout.write(printable(text));',
      },
    ],
  },
  {
    fault: 'gate reported twice',
    fix: 'the failure does not repeat the list above it',
    test: 'terminal-commands',
    title: 'a closed gate is reported once, in a line, or in a list where it takes several commands to open it',
    says: /Difference/,
    edits: [
      {
        file: 'src/commands/migrate-up.ts',
        find: 'throw new GateClosed(gate, remedy);',
        replace: 'throw new GateClosed(gate + first.conditions.map(({ condition }) => condition).join(), remedy);',
      },
    ],
  },
  {
    fault: 'Ctrl-C without an answer',
    fix: 'the first signal is answered before the batches in progress are finished',
    test: 'terminal-commands',
    title: 'Ctrl-C is answered within a second, although the provider is not: migrate up --wait',
    says: /Value is not `true`/,
    edits: [
      {
        file: 'src/commands/interruption.ts',
        find: "say('finishing the batches in progress; a second signal stops at once');",
        replace: '',
      },
    ],
  },
  {
    fault: 'setting changed beside one that does not exist',
    fix: 'every name is checked before anything is changed',
    test: 'terminal-commands',
    title: 'one setting is shown alone, a wrong name is answered with the similar one, and nothing is changed then',
    says: /Difference/,
    edits: [{ file: 'src/commands/setting.ts', find: '    refuseUnknown(named, known);\n', replace: '' }],
  },
  {
    fault: 'time left after one answer',
    fix: 'the rate is withheld until there were several answers over ten seconds',
    test: 'terminal',
    title: 'rate and time left come from the answers of the last minute, once there are enough of them',
    says: /two answers may be any speed/,
    edits: [{ file: 'src/commands/pace.ts', find: 'answers < FEWEST_ANSWERS', replace: 'answers < 1' }],
  },
  {
    fault: 'keys that others can read',
    fix: '.env is made for its owner alone',
    test: 'init',
    title: 'init asks for what is missing, finds the vector columns, writes .env for its owner alone, and runs doctor',
    says: /Difference/,
    edits: [{ file: 'src/commands/init.ts', find: ', { mode: 0o600 }', replace: '' }],
  },
  {
    fault: 'bars in the log of CI',
    fix: 'CI gets lines, also where it has a terminal',
    test: 'terminal-ci',
    title: 'progress is written over on a terminal that can do so; CI and a dumb terminal get lines with the time',
    says: /CI/,
    edits: [{ file: 'src/interactive.ts', find: "env.TERM !== 'dumb' && !isCi(env)", replace: "env.TERM !== 'dumb'" }],
  },
  {
    fault: 'file names with spaces on the command line',
    fix: 'readline completes and quotes them',
    test: 'completion-files',
    title: 'bash completes files with odd names so that the command receives them, also after an equals sign',
    says: /best/,
    edits: [{ file: 'src/commands/completion/bash.ts', find: 'compopt -o default 2> /dev/null || while', replace: 'while' }],
  },
  {
    fault: 'init in a folder with an .env',
    fix: 'what is written counts in the process, too',
    test: 'init-again',
    title: 'a new answer counts at once, and a variable of the shell that hides it is named',
    says: /no-such-model/,
    edits: [
      {
        file: 'src/commands/init.ts',
        find: 'if (ofShell[name] === undefined) process.env[name] = value;',
        replace: 'if (ofShell[name] === undefined) continue;',
      },
    ],
  },
  {
    fault: 'init with a table whose name needs quotes',
    fix: 'names are quoted as --table takes them',
    test: 'init-again',
    title: 'tables with quoted names are found, and the command that init names finds them',
    says: /Order/,
    edits: [{ file: 'src/init/vector-columns.ts', find: 'quote_ident(c.relname) AS table', replace: 'c.relname AS table' }],
  },
  {
    fault: 'a folder of campaigns that is full or read only',
    fix: 'files that were already written are removed',
    test: 'write-files',
    title: 'the files of a campaign are written all or not at all, and the reason is named',
    says: /first\.js/,
    edits: [{ file: 'src/phases/files.ts', find: 'for (const one of written) rmSync(one);', replace: '' }],
  },
];

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
    fault: 'lines of joints in the table of settings',
    fix: 'they are left out',
    test: 'terminal',
    title: 'a wide table of settings has a heading for each group, and no line of joints alone',
    says: /Value is not `true`/,
    edits: [{ file: 'src/commands/show-settings.ts', find: '!/^[┬┴]+$/.test(line)', replace: 'line' }],
  },
];

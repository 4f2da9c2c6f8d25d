const COMMANDS =
  'import|compare|migrate|worker|status|ui|bridge|validate|report|setting|alerts|retry|purge|release|forget|doctor|db|init|completion';
const ESCAPE = '\x1b';
// Behind a colour, too, whose sequence ends with a letter. `create`, `up 2` and the like stand before the -- that only npm needs.
const UNDER_NPM = new RegExp(
  `(?<=^|\\W|${ESCAPE}\\[\\d+m)npm run ((?:${COMMANDS})\\b(?: (?:create|up|down|fit|show|index|\\d+)\\b)*)( --(?= ))?`,
  'g',
);

/**
 * Text with its commands in the form that the reader types: `npm run worker -- --drain` if a script of npm started this
 * process, else `npx reembed worker --drain`. Messages in TypeScript and SQL are written in the form of npm.
 */
export function asTyped(text: string): string {
  // npx sets the name of a script, too: its own.
  const script = process.env.npm_lifecycle_event;
  return script && script !== 'npx' ? text : text.replace(UNDER_NPM, 'npx reembed $1');
}

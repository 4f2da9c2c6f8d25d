import { asTyped } from '../as-typed.ts';
import { columnsOf, fitColumns } from '../fit-columns.ts';
import { jsonText, visibleStyled } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';

/** How much a command says: quiet has results, warnings and failures only; verbose adds the trace of a failure. */
export type Talk = 'quiet' | 'usual' | 'verbose';

let talk: Talk = 'usual';

/** Sets how much this process says. */
export function setTalk(wanted: Talk): void {
  talk = wanted;
}

/** How much this process says. */
export function currentTalk(): Talk {
  return talk;
}

/** Writes a message for people to stderr, so that stdout holds only data and SQL. */
export function say(line = ''): void {
  process.stderr.write(`${fitColumns(printable(line), columnsOf(process.stderr))}\n`);
}

/** Writes a message about the normal course to stderr, unless --quiet is given. */
export function note(line: string): void {
  if (talk !== 'quiet') say(line);
}

/** Writes the output of a command to stdout, for people. */
export function print(text: string): void {
  process.stdout.write(fitColumns(printable(text), columnsOf(process.stdout)));
}

/** Writes the text of files to stdout, for people: its lines are not wrapped. */
export function printSource(text: string): void {
  process.stdout.write(printable(text));
}

/** Writes SQL to stdout. A pipe or a file gets it unchanged. On a terminal, control characters in a name are made visible. */
export function printSql(sql: string): void {
  if (process.stdout.isTTY) printSource(sql);
  else process.stdout.write(sql);
}

/** Writes the output of a command to stdout as JSON, for programs. */
export function printJson(value: unknown, indent?: number): void {
  process.stdout.write(`${hideSecrets(jsonText(value, indent))}\n`);
}

/**
 * Makes text safe for a terminal: spells commands as they are typed in this installation, hides secrets, and removes every control sequence
 * except our own styles.
 */
export function printable(text: string): string {
  return visibleStyled(hideSecrets(asTyped(text)));
}

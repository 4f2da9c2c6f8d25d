import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';

const ESCAPE = '\x1b';
// A sign, which may have a style, stays on the line of the word that it is about, and a percent sign on that of its number.
const WORD = new RegExp(`( *)((?:(?:${ESCAPE}\\[\\d+m)*[-✓●○!✗•] )?\\S+(?: %(?!\\w))?)`, 'g');
// The start of a line that its further lines are indented by: a label or name before at least two spaces, else a sign or an indentation.
const LABEL = /^ *\S(?:.{0,28}?\S)? {2,}(?=\S)/;
const SIGN = /^ *(?:[-✓●○!✗→•] )?/;

/** The columns of a terminal; infinite for a pipe and a file, whose lines are left as they are. */
export function columnsOf(stream: NodeJS.WritableStream): number {
  const { isTTY, columns } = stream as WriteStream;
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

/** Wraps lines that are longer than a terminal is wide at spaces. A word is never cut, so that a command can be copied. */
export function fitColumns(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : wrap(line, columns)))
    .join('\n');
}

function wrap(line: string, columns: number): string {
  const indent = ' '.repeat(hangOf(stripVTControlCharacters(line), columns));
  const lines: string[] = [];
  let current = '';
  for (const [, gap = '', word = ''] of line.matchAll(WORD)) {
    if (current !== '' && widthOf(current + gap + word) > columns) {
      lines.push(current);
      current = indent + word;
    } else current += gap + word;
  }
  return [...lines, current].join('\n');
}

function hangOf(line: string, columns: number): number {
  const label = LABEL.exec(line)?.[0].length ?? Number.POSITIVE_INFINITY;
  const sign = SIGN.exec(line)?.[0].length ?? 0;
  // Below a long label there would be no room for the text.
  if (label <= columns / 2) return label;
  return Math.floor(Math.min(label === Number.POSITIVE_INFINITY ? sign : sign + 2, columns / 2));
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { columnsOf } from '../../fit-columns.ts';
import type { BeforeAfter } from '../metrics/comparison.ts';

/** Creates a table without borders, so that each line can be read and searched as text. */
export function plainTable() {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const rest = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
  const chars = Object.fromEntries([...none, ...rest].map((part) => [part, '']));
  return new Table({ chars, style: { 'padding-left': 2, 'padding-right': 0, head: [], border: [] } });
}

/**
 * Formats rows under a heading as a table without borders. On a terminal that is narrower, each row is a block instead: its first cell, and
 * below it each of the others after its heading.
 */
export function headedTable(rows: readonly string[][], columns = columnsOf(process.stdout)): string {
  const table = plainTable();
  table.push(...rows);
  const text = table.toString();
  if (text.split('\n').every((line) => stripVTControlCharacters(line).trimEnd().length <= columns)) return text;
  const [[, ...headings] = [], ...below] = rows;
  const width = Math.max(...headings.map(({ length }) => length));
  return below
    .map(([first = '', ...cells]) =>
      [
        `  ${first}`,
        ...cells.flatMap((cell, position) => (cell === '' ? [] : [`    ${(headings[position] ?? '').padEnd(width)}  ${cell}`])),
      ].join('\n'),
    )
    .join('\n');
}

/** Formats a figure of both models. */
export function arrow({ before, after }: BeforeAfter): string {
  return `${before.toFixed(3)} -> ${after.toFixed(3)}`;
}

/** Formats a difference with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

/** Formats an interval; empty if there is none. */
export function intervalText(
  { low, high }: { low: number | null; high: number | null },
  write = (value: number) => value.toFixed(3),
): string {
  return low === null || high === null ? '' : `[${write(low)}, ${write(high)}]`;
}

/** Puts a text on one line and shortens it to `characters`. */
export function oneLine(text: string, characters: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > characters ? `${line.slice(0, characters - 1)}…` : line;
}

const WIDTH = 98;

/** Formats a sentence as a wrapped list item. */
export function indented(sentence: string): string[] {
  const lines: string[] = [];
  let line = '  -';
  for (const word of sentence.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

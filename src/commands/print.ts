import { styleText } from 'node:util';
import { asTyped } from '../as-typed.ts';
import { jsonText, visibleStyled } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';

/** Writes a message for people to stderr, so that stdout holds only data and SQL. */
export function say(line = ''): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Writes the output of a command to stdout, for people. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}

/** Writes SQL to stdout. A pipe or a file gets it unchanged. On a terminal, control characters in a name are made visible. */
export function printSql(sql: string): void {
  if (process.stdout.isTTY) print(sql);
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

/** Bold text if the terminal supports it, else plain text. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stderr });
}

/** Dimmed text, for less important details. */
export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stderr });
}

/** Formats a number of bytes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}

/** Formats a number of seconds. */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Formats a number with thousands separators. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

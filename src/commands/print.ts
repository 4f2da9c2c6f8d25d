import { styleText } from 'node:util';
import { asTyped } from '../as-typed.ts';
import { jsonText, visibleStyled } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';

/** Talk for people goes to stderr, so that stdout stays for data and SQL. */
export function say(line = ''): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** What a command was asked for, for people to read. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}

/** What a command was asked for, for a program. */
export function printJson(value: unknown, indent?: number): void {
  process.stdout.write(`${hideSecrets(jsonText(value, indent))}\n`);
}

/** Text as a terminal may get it: with commands as they are typed here, without secrets, and with nothing in it that moves or colours but our own styles. */
export function printable(text: string): string {
  return visibleStyled(hideSecrets(asTyped(text)));
}

/** Emphasis where the terminal shows it; plain text elsewhere. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stderr });
}

/** Less important text. */
export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stderr });
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}

/** A number of seconds for people. */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A number with thousands apart. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}

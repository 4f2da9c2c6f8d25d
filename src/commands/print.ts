import { styleText } from 'node:util';

/** Talk for people goes to stderr, so that stdout stays for data and SQL. */
export function say(line = ''): void {
  process.stderr.write(`${line}\n`);
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

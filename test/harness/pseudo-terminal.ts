import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Workplace } from './command.ts';

/** Options of a program in a terminal. */
export interface TerminalOptions {
  columns: number;
  /** added to the environment of the workplace; colours are on unless it says otherwise */
  env?: Record<string, string>;
  /** keys to press, each once its text has been shown */
  keys?: readonly { after: RegExp; press: string }[];
}

/** What a program showed in its terminal, and its exit code. */
export interface Shown {
  code: number | null;
  /** with its control sequences */
  raw: string;
  lines: string[];
}

/** Runs `reembed …` in a terminal, as in the window of a user. */
export function runInTerminal(workplace: Workplace, args: string[], options: TerminalOptions): Promise<Shown> {
  return runProgramInTerminal(workplace, [process.execPath, workplace.cli, ...args], options);
}

/** Runs any program in a pseudo terminal of util-linux, in the folder and with the environment of a workplace. */
export async function runProgramInTerminal(
  workplace: Workplace,
  program: string[],
  { columns, env = {}, keys = [] }: TerminalOptions,
): Promise<Shown> {
  const { NO_COLOR: _, ...base } = workplace.env;
  const words = program.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const command = `stty cols ${columns} rows 40; exec ${words.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: workplace.directory,
    env: { ...base, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let raw = '';
  const left = [...keys];
  let seen = 0;
  child.stdout.on('data', (chunk) => {
    raw += chunk;
    const [next] = left;
    if (!next?.after.test(raw.slice(seen))) return;
    left.shift();
    seen = raw.length;
    child.stdin.write(next.press);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, raw, lines: plain(raw).split('\n') };
}

/** Text without its control sequences. */
export function plain(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return raw.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}

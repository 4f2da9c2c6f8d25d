import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A piece of text in one style. */
export interface Piece {
  text: string;
  /** parameters of the SGR sequences in force, such as 1 or 32 */
  styles: number[];
}

/** A line of a terminal, and when it appeared. */
export interface Line {
  /** milliseconds since the start */
  at: number;
  pieces: Piece[];
}

const ESCAPE = '\x1b';
const PARTS = new RegExp(`(\\n|${ESCAPE}\\[[0-9;?]*[A-Za-z])`);
const STYLE = new RegExp(`^${ESCAPE}\\[([0-9;]*)m$`);

/** Runs a command in a pseudo terminal of util-linux, and returns what it printed line by line. It must not move the cursor. */
export async function recordLines(command: string, columns: number): Promise<Line[]> {
  const child = spawn('script', ['--quiet', '--return', '--command', `stty cols ${columns} rows 50; ${command}`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
  });
  const startedAt = performance.now();
  const lines: Line[] = [];
  let styles: number[] = [];
  let current: Line | undefined;
  const print = (text: string) => {
    current ??= { at: performance.now() - startedAt, pieces: [] };
    current.pieces.push({ text, styles: [...styles] });
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    for (const part of chunk.replaceAll('\r', '').split(PARTS)) {
      const [, codes] = STYLE.exec(part) ?? [];
      if (codes !== undefined) styles = codes.split(';').reduce((before, code) => applied(before, Number(code)), styles);
      else if (part === '\n') {
        lines.push(current ?? { at: performance.now() - startedAt, pieces: [] });
        current = undefined;
      } else if (part !== '' && !part.startsWith(ESCAPE)) print(part);
    }
  });
  const [code] = await once(child, 'close');
  if (current) lines.push(current);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${lines.map(textOf).join('\n')}`);
  return lines;
}

/** The text of a line without its styles. */
export function textOf({ pieces }: Line): string {
  return pieces.map(({ text }) => text).join('');
}

function applied(styles: number[], code: number): number[] {
  if (code === 0) return [];
  if (code === 22) return styles.filter((style) => style > 2);
  if (code === 39) return styles.filter((style) => style < 30);
  return [...styles, code];
}

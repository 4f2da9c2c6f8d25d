import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import { visibleAll } from '../print-text.ts';
import { printable } from './print.ts';

/** One piece of work, shown as one bar. */
export interface ProgressEntry {
  name: string;
  done: number;
  total: number;
  /** text after the bar */
  text: string;
}

/** Shows the progress of running work. */
export interface ProgressDisplay {
  update(entries: readonly ProgressEntry[]): void;
  /** prints a message without breaking the bars */
  say(line: string): void;
  /** shows the last state and releases the terminal */
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** Shows one bar per entry on a terminal. Elsewhere it writes a plain line at most every five seconds, and one at the end. */
export function createDisplay(stream: NodeJS.WritableStream = process.stderr): ProgressDisplay {
  return (stream as WriteStream).isTTY ? drawBars(stream) : writeLines(stream);
}

/** Draws a bar of block characters. */
export function blockBar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function drawBars(stream: NodeJS.WritableStream): ProgressDisplay {
  const bars = new Map<string, cliProgress.SingleBar>();
  const multi = new cliProgress.MultiBar({
    stream,
    // The command handles SIGINT: the current batch finishes while the bar stays visible.
    gracefulExit: false,
    // true leaves the terminal's line-wrap setting unchanged, which a killed process could not restore. Lines are cut to its width.
    linewrap: true,
    barsize: 24,
    format: (options, params, { entry }: { entry: ProgressEntry }) =>
      `${entry.name} ${blockBar(params.progress, options.barsize ?? 24)} ${entry.text}`,
  });
  let drawn = false;
  let stopped = false;
  return {
    update(entries) {
      if (stopped) return;
      for (const entry of entries.map(visibleAll)) {
        const bar = bars.get(entry.name);
        bar?.setTotal(entry.total);
        bar?.update(entry.done, { entry });
        if (!bar) bars.set(entry.name, multi.create(entry.total, entry.done, { entry }));
        drawn = true;
      }
    },
    say(line) {
      if (drawn && !stopped) multi.log(`${printable(line)}\n`);
      else stream.write(`${printable(line)}\n`);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      if (!drawn) return;
      // stop() alone would lose lines that are still waiting to be logged.
      multi.update();
      multi.stop();
    },
  };
}

function writeLines(stream: NodeJS.WritableStream): ProgressDisplay {
  let latest: string[] = [];
  let written = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  const write = () => {
    const text = latest.join('');
    // An idle worker would repeat the same line.
    if (text === written) return;
    stream.write(text);
    written = text;
    writtenAt = performance.now();
  };
  return {
    update(entries) {
      latest = entries.map(visibleAll).map(({ name, text }) => `${name}: ${text}\n`);
      if (performance.now() - writtenAt >= LINE_EVERY_MS) write();
    },
    say(line) {
      stream.write(`${printable(line)}\n`);
    },
    stop: write,
  };
}

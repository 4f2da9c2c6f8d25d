import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import { visibleAll } from '../print-text.ts';
import { printable } from './print.ts';

/** One thing that goes on, as a bar shows it. */
export interface ProgressEntry {
  name: string;
  done: number;
  total: number;
  /** what stands behind the bar */
  text: string;
}

/** Shows how things go on while they go on. */
export interface ProgressDisplay {
  update(entries: readonly ProgressEntry[]): void;
  /** prints a line of talk without tearing the bars */
  say(line: string): void;
  /** shows the last state and lets go of the terminal */
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** A bar for each entry on a terminal; elsewhere a plain line at most every five seconds, and one at the end. */
export function createDisplay(stream: NodeJS.WritableStream = process.stderr): ProgressDisplay {
  return (stream as WriteStream).isTTY ? drawBars(stream) : writeLines(stream);
}

/** A bar of block characters. */
export function blockBar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function drawBars(stream: NodeJS.WritableStream): ProgressDisplay {
  const bars = new Map<string, cliProgress.SingleBar>();
  const multi = new cliProgress.MultiBar({
    stream,
    // SIGINT is the command's: it lets the batch in hand finish while the bar goes on.
    gracefulExit: false,
    // A line is cut at the width of the terminal, whose own setting is left alone: a killed process could not restore it.
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
      // stop() alone would lose the lines that wait to be logged.
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
    // An idle worker has nothing new to say.
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

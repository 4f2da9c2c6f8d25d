import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import { canOverwrite } from '../interactive.ts';
import { visibleAll } from '../print-text.ts';
import { paint } from './paint.ts';
import { currentTalk, printable } from './print.ts';

/** One piece of work, shown as one bar. */
export interface ProgressEntry {
  name: string;
  done: number;
  total: number;
  /** everything about it in one line, the most important first */
  text: string;
  /** what of this stands behind the bar, if the rest has a line of its own */
  short?: string;
  /** the rest, for the line below the bar */
  detail?: string;
  /** what slows or stops it; empty for nothing */
  trouble?: string;
}

/** Shows the progress of running work. */
export interface ProgressDisplay {
  update(entries: readonly ProgressEntry[]): void;
  /** prints a message without breaking the bars */
  say(line: string): void;
  /** shows the last state and releases the terminal */
  stop(): void;
}

const LINE_EVERY_MS = { usual: 60_000, verbose: 5000 };
const BAR_SIZE = 24;
const NARROW_BAR_SIZE = 10;
const NARROW_COLUMNS = 100;

/**
 * Shows one bar per entry on a terminal. Elsewhere, and in CI, it writes a line with the time at most once a minute, or every five seconds if
 * verbose, and one at the end; nothing if quiet.
 */
export function createDisplay(stream: NodeJS.WritableStream = process.stderr, env: NodeJS.ProcessEnv = process.env): ProgressDisplay {
  const talk = currentTalk();
  if (talk === 'quiet') return { update() {}, say: (line) => stream.write(`${printable(line)}\n`), stop() {} };
  return canOverwrite(stream, env) ? drawBars(stream as WriteStream) : writeLines(stream, LINE_EVERY_MS[talk]);
}

/** Draws a bar of block characters. */
export function blockBar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function drawBars(stream: WriteStream): ProgressDisplay {
  const bars = new Map<string, cliProgress.SingleBar>();
  const multi = new cliProgress.MultiBar({
    stream,
    // The command handles SIGINT: the current batch finishes while the bar stays visible.
    gracefulExit: false,
    // true leaves the terminal's line-wrap setting unchanged, which a killed process could not restore. Lines are cut to its width.
    linewrap: true,
    format: (_options, { progress }, { draw }: { draw: (progress: number) => string }) => draw(progress),
  });
  let drawn = false;
  let stopped = false;
  const show = (line: string, entry: ProgressEntry, draw: (progress: number) => string) => {
    const bar = bars.get(line);
    bar?.setTotal(entry.total);
    bar?.update(entry.done, { draw });
    if (!bar) bars.set(line, multi.create(entry.total, entry.done, { draw }));
    drawn = true;
  };
  return {
    update(entries) {
      if (stopped) return;
      for (const entry of entries.map(visibleAll)) {
        show(entry.name, entry, (progress) => barLine(entry, progress, stream));
        if (entry.detail !== undefined) show(`${entry.name}, detail`, entry, () => detailLine(entry, stream));
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

function barLine({ name, text, short }: ProgressEntry, progress: number, { columns }: WriteStream): string {
  const isNarrow = columns < NARROW_COLUMNS;
  const bar = blockBar(progress, isNarrow ? NARROW_BAR_SIZE : BAR_SIZE);
  // A schema says least.
  return `${isNarrow ? name.replace(/^public\./, '') : name} ${bar} ${short ?? text}`;
}

/** What slows the work comes first, in its colour: the terminal cuts off the end. */
function detailLine({ detail, trouble }: ProgressEntry, stream: WriteStream): string {
  const room = stream.columns - 2;
  if (!trouble) return `  ${detail}`;
  const painted = paint('doubtful', trouble, stream);
  // A cut through the style would colour everything after it.
  const rest = room - trouble.length - 2;
  return painted.length > room ? `  ${trouble}` : `  ${painted}${rest > painted.length - trouble.length ? `, ${detail}` : ''}`;
}

function writeLines(stream: NodeJS.WritableStream, everyMs: number): ProgressDisplay {
  let latest: string[] = [];
  let written = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  const write = () => {
    const text = latest.join('');
    // An idle worker would repeat the same line.
    if (text === written) return;
    const time = new Date().toISOString().slice(0, 19);
    for (const line of latest) stream.write(`${time}Z ${line}`);
    written = text;
    writtenAt = performance.now();
  };
  return {
    update(entries) {
      latest = entries.map(visibleAll).map(({ name, text }) => `${name}: ${text}\n`);
      if (performance.now() - writtenAt >= everyMs) write();
    },
    say(line) {
      stream.write(`${printable(line)}\n`);
    },
    stop: write,
  };
}

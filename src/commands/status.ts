import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import { DatabaseUnreachable, isConnectionFailure } from '../database/database-error.ts';
import { messageOf } from '../errors.ts';
import { columnsOf, fitColumns } from '../fit-columns.ts';
import { canOverwrite } from '../interactive.ts';
import { jsonText, visibleAll } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';
import { wholeNumber } from './parse-option.ts';
import { print, printable, printJson, printSql, say } from './print.ts';
import { isEmbeddedMissing, readStatus, type Status } from './read-status.ts';
import { compiledSql } from './show-sql.ts';
import { statusText } from './show-status.ts';
import { readWords, wordsText } from './show-words.ts';

interface StatusOptions {
  target?: string;
  watch?: number | true;
  json?: boolean;
  sql?: boolean;
  withText?: boolean;
}

const WATCH_SECONDS = 2;

/** `reembed status`: shows the state of every campaign and its next step. */
export function statusCommand(): Command {
  return new Command('status')
    .description('show the progress of every campaign, what slows it and its next step')
    .option('--target <name>', 'table or table.column; all targets when left out')
    .option('--watch [seconds]', `repeat at this interval until Ctrl-C (default: ${WATCH_SECONDS})`, wholeNumber)
    .option('--with-text', 'show the messages of provider and database about failed rows, which may quote their texts')
    .addOption(new Option('--sql', 'print the SQL of the functions, views and triggers that are compiled for each table').conflicts('json'))
    .option('--json', 'one JSON document on stdout; with --watch one per line')
    .action((options: StatusOptions) => (options.watch ? watch(options) : once(options)));
}

async function once(options: StatusOptions): Promise<void> {
  const config = readConfig();
  const database = await openIfThere(config);
  try {
    if (options.sql && database) {
      printSql(await compiledSql(database.pool, options.target));
      return;
    }
    const status = await readStatus(database, config, options.target);
    const words = options.withText && database && status.installed ? await readWords(database.pool, options.target) : undefined;
    if (options.json) printJson({ ...status, ...(words ? { words } : {}) }, 2);
    else print(`${statusText(visibleAll(status))}${words ? wordsText(words) : ''}`);
  } finally {
    await database?.close();
  }
}

async function watch(options: StatusOptions): Promise<void> {
  const config = readConfig();
  const pause = 1000 * (typeof options.watch === 'number' ? options.watch : WATCH_SECONDS);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  // `status --watch | head` closes the pipe, which ends the command normally.
  process.stdout.on('error', interrupt);
  // A database that cannot be reached at the start is an error. One that disappears later is waited for.
  let database = await openIfThere(config);
  const screen = createScreen();
  try {
    while (!stop.signal.aborted) {
      try {
        database ??= await openIfThere(config);
        screen.show(present(await readStatus(database, config, options.target), options));
      } catch (error) {
        if (!isConnectionFailure(error) && !(error instanceof DatabaseUnreachable)) throw error;
        if (options.json) say(messageOf(error));
        else screen.show(`No answer from the database (${messageOf(error)}); trying again.\n`);
        // The embedded database may return at another address.
        await database?.close().catch(() => {});
        database = undefined;
      }
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await database?.close();
  }
}

/** Opens the database. A read-only command must not create an embedded one, so a missing one is undefined. */
async function openIfThere(config: Config): Promise<Database | undefined> {
  return isEmbeddedMissing(config) ? undefined : openDatabase(config);
}

function present(status: Status, options: StatusOptions): string {
  if (options.json) return `${hideSecrets(jsonText(status))}\n`;
  return fitColumns(printable(`${statusText(visibleAll(status))}\n`), columnsOf(process.stdout));
}

/** On a terminal, each text overwrites the previous one. Elsewhere texts follow each other. */
function createScreen(): { show(text: string): void } {
  if (!canOverwrite(process.stdout)) return { show: (text) => process.stdout.write(text) };
  let begun = false;
  return {
    show(text) {
      // Overwritten line by line, because clearing the screen first flickers.
      const lines = text.replaceAll('\n', '\x1b[K\n');
      process.stdout.write(`${begun ? '\x1b[H' : '\x1b[2J\x1b[H'}${lines}\x1b[J`);
      begun = true;
    },
  };
}

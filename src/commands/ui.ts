import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { asTyped } from '../as-typed.ts';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import { translateDatabaseError } from '../database/database-error.ts';
import { EXIT, messageOf, ReembedError } from '../errors.ts';
import { jsonText, visibleAll } from '../print-text.ts';
import { hideSecrets } from '../secrets.ts';
import { readStoredRows } from '../ui/panels.ts';
import { inReadOnlyTransaction } from '../ui/read-only.ts';
import { readState } from '../ui/read-state.ts';
import { serveUi } from '../ui/server.ts';
import { createStateSource } from '../ui/state-source.ts';
import { print, say } from './print.ts';
import { isEmbeddedMissing } from './read-status.ts';
import { resolveTarget } from './resolve-target.ts';
import { readWords } from './show-words.ts';

interface UiOptions {
  port?: number;
  target?: string;
}

const PAUSE_MS = 2000;
/** Longest wait at the end for a statement that is running. */
const CLOSING_MS = 500;

const HELP = `
The page only reads: it changes nothing in the database. It is served on this machine alone (127.0.0.1), to the browser that first opens the
printed address. The database is read only while a page is open.`;

/** `reembed ui`: serves a page that shows every campaign live. */
export function uiCommand(): Command {
  return new Command('ui')
    .description('show every campaign live in a browser; changes nothing')
    .option('--port <number>', 'where to listen on 127.0.0.1 (default: any free port)', portNumber)
    .option('--target <name>', 'table or table.column; all targets when left out')
    .addHelpText('after', HELP)
    .action((options: UiOptions) => ui(options));
}

/** Thrown before there is an embedded database: opening it would create it. */
export class NothingToShow extends ReembedError {
  constructor() {
    super('nothing_to_show', 'there is no embedded database yet', 'npm run migrate create, then npm run migrate up; or set DATABASE_URL');
  }
}

/** Thrown when something else listens at the port. */
export class PortInUse extends ReembedError {
  constructor(port: number, options: ErrorOptions) {
    super('port_in_use', `port ${port} cannot be listened at`, 'choose another --port, or leave it out for any that is free', options);
  }
}

async function ui({ port = 0, target }: UiOptions): Promise<void> {
  const config = readConfig();
  if (isEmbeddedMissing(config)) throw new NothingToShow();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const database = await openDatabase(config);
  const server = await serveUi(readersOf(database, config, target), port).catch(async (error: Error) => {
    await database.close();
    throw new PortInUse(port, { cause: error });
  });
  print(`${server.address}\n`);
  say('Open this address in a browser on this machine; it works once. Ctrl-C ends it.');
  await new Promise<void>((resolve) => (stop.signal.aborted ? resolve() : stop.signal.addEventListener('abort', () => resolve())));
  await server.close();
  await Promise.race([database.close(), sleep(CLOSING_MS)]);
  // A statement that is still running would keep the process until it ends.
  process.exit(EXIT.done);
}

function readersOf(database: Database, config: Config, target: string | undefined) {
  const { pool } = database;
  const read = async () => {
    try {
      return shown(await readState(database, config, target));
    } catch (thrown) {
      const error = translateDatabaseError(thrown, database.url);
      return shown({ problem: messageOf(error), remedy: error instanceof ReembedError ? error.remedy : null });
    }
  };
  return {
    state: createStateSource(read, PAUSE_MS),
    history: () =>
      inReadOnlyTransaction(pool, async (db) =>
        shown(await readStoredRows(db, target === undefined ? null : await resolveTarget(db, target)).catch(() => [])),
      ),
    messages: () => inReadOnlyTransaction(pool, async (db) => shown((await readWords(db, target)).failed_rows)),
  };
}

/** JSON for the page: without secrets and control characters, and with commands as they are typed here. */
function shown(value: object): string {
  return hideSecrets(asTyped(jsonText(visibleAll(value))));
}

function portNumber(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError('a port from 0 to 65535 is needed.');
  return Number(value);
}

import { Command, InvalidArgumentError } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { createPool, type Database, openDatabase } from '../database/connection.ts';
import { translateDatabaseError } from '../database/database-error.ts';
import { EXIT, messageOf, ReembedError } from '../errors.ts';
import { makeChange } from '../ui/changes/make-change.ts';
import { readGate } from '../ui/changes/read-gate.ts';
import type { ChangeMaker } from '../ui/changes/routes.ts';
import { readComparison } from '../ui/comparison.ts';
import { jsonForPage } from '../ui/json-for-page.ts';
import { readStoredRows } from '../ui/panels.ts';
import { inReadOnlyTransaction } from '../ui/read-only.ts';
import { readState } from '../ui/read-state.ts';
import { serveUi, type UiReaders } from '../ui/server.ts';
import { createStateSource } from '../ui/state-source.ts';
import { print, say } from './print.ts';
import { isEmbeddedMissing } from './read-status.ts';
import { resolveTarget } from './resolve-target.ts';
import { readWords } from './show-words.ts';

interface UiOptions {
  port?: number;
  target?: string;
  comparison?: string;
  allowChanges?: boolean;
}

const PAUSE_MS = 2000;
/** Longer than any statement of the page, which the server itself ends after two seconds. */
const ANSWER_MS = 5000;
const READING_CONNECTIONS = 4;
/** Longest time from a signal to the end, whatever a statement, the server or the network waits for. */
const CLOSING_MS = 500;

const HELP = `
It is served on this machine alone (127.0.0.1), to the browser that first opens the printed address.
The database is read only while a page is open.`;

/** `reembed ui`: serves a page that shows every campaign live. */
export function uiCommand(): Command {
  return new Command('ui')
    .description('show every campaign live in a browser')
    .option('--port <number>', 'where to listen on 127.0.0.1 (default: any free port)', portNumber)
    .option('--target <name>', 'table or table.column; all targets when left out')
    .option('--comparison <file>', 'show the leaderboard of a comparison too: a file that compare --json printed')
    .option('--allow-changes', 'offer to pause, resume, retry, set the canary, switch and roll back; without it the page changes nothing')
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

async function ui(options: UiOptions): Promise<void> {
  const { port = 0, comparison } = options;
  const config = readConfig();
  if (isEmbeddedMissing(config)) throw new NothingToShow();
  if (comparison !== undefined) readComparison(comparison);
  const stopped = stopAtSignal();
  const database = await openDatabase(config);
  const changes = options.allowChanges ? changeMaker(database, options.target) : undefined;
  const reading = { ...database, pool: createPool(database.url, READING_CONNECTIONS, ANSWER_MS) };
  const server = await serveUi(readersOf(reading, config, options), port, changes).catch(async (error: Error) => {
    await reading.pool.end();
    await database.close();
    throw new PortInUse(port, { cause: error });
  });
  print(`${server.address}\n`);
  say('Open this address in a browser on this machine; it works once. Ctrl-C ends it.');
  await stopped;
  await server.close();
  await reading.pool.end();
  await database.close();
  process.exit(EXIT.done);
}

/** Resolves at the first signal, and ends the process soon after it also where what follows hangs. */
function stopAtSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        setTimeout(() => process.exit(EXIT.done), CLOSING_MS);
        resolve();
      });
  });
}

function readersOf(database: Database, config: Config, { target, comparison, allowChanges }: UiOptions): UiReaders {
  const { pool } = database;
  const read = async () => {
    try {
      return jsonForPage(await readState(database, config, { target, allowChanges }));
    } catch (thrown) {
      const error = translateDatabaseError(thrown, database.url);
      return jsonForPage({ problem: messageOf(error), remedy: error instanceof ReembedError ? error.remedy : null });
    }
  };
  return {
    state: createStateSource(read, PAUSE_MS),
    history: () =>
      inReadOnlyTransaction(pool, async (db) =>
        jsonForPage(await readStoredRows(db, target === undefined ? null : await resolveTarget(db, target)).catch(() => [])),
      ),
    messages: () => inReadOnlyTransaction(pool, async (db) => jsonForPage((await readWords(db, target)).failed_rows)),
    // Read again, because a newer one may have been written to the file.
    comparison: () => (comparison === undefined ? 'null' : jsonForPage(readComparison(comparison))),
  };
}

function changeMaker(database: Database, target: string | undefined): ChangeMaker {
  const { pool } = database;
  async function translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw translateDatabaseError(error, database.url);
    }
  }
  return {
    gate: (of, change) => translated(() => readGate(pool, of, change)),
    make: (request) =>
      translated(async () =>
        makeChange(pool, request, { only: target === undefined ? undefined : await resolveTarget(pool, target), notice: say }),
      ),
  };
}

function portNumber(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new InvalidArgumentError('a port from 0 to 65535 is needed.');
  return Number(value);
}

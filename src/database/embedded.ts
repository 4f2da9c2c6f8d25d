import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, ReembedError } from '../errors.ts';
import { Backend } from './embedded/backend.ts';
import { isAlive, type LockHolder, takeLock, thisProcess } from './embedded/lock.ts';
import { HOST, Server } from './embedded/server.ts';

const MEMORY = 'memory://';
const SERVER_FILE = 'server.json';
const LOCK = 'lock';
const DATA = 'data';
const UNFINISHED = 'data.unfinished';
const OURS = /^(data|data\.unfinished|server\.json(\.new)?|\.gitignore|(lock|runner)\.\d+)$/;
const POLL_MS = 100;
const PATIENCE_MS = 60_000;

/** Which embedded database to open. */
export interface EmbeddedOptions {
  /** folder that holds it, made when missing; `memory://` for one that lives as long as this process and is nobody else's */
  directory: string;
  /** TCP port on 127.0.0.1 when this process becomes the owner; by default the system chooses */
  port?: number;
  /** for `memory://`: begin as a copy of the database that `image()` was taken from */
  image?: Uint8Array;
}

/** An embedded database that accepts connections at `url`. */
export interface Embedded {
  url: string;
  /** true when the database runs in this process, and ends with it */
  owner: boolean;
  /** The owner ends all connections, writes everything to disk and lets go of the folder; for others it does nothing. */
  close(): Promise<void>;
  /** Resolves when nobody has been connected for half a second; for an owner that others may still be using. */
  idle(): Promise<void>;
  /** The whole database as a tar archive, to begin copies in memory with; the owner's only. */
  image(): Promise<Uint8Array>;
}

/** Another process has the folder and does not let anyone in. */
export class EmbeddedBusy extends ReembedError {
  constructor(directory: string, holder: LockHolder) {
    super(
      'embedded_busy',
      `process ${holder.pid} (${holder.place.split(' ')[0]}) holds the embedded database in ${directory} and did not answer for ${PATIENCE_MS / 1000} s`,
      'it may be starting or busy with one long statement: wait and try again, or end that process; nothing that was committed is lost',
    );
  }
}

/** The embedded database cannot be started from its folder. */
export class EmbeddedNotStarted extends ReembedError {
  constructor(directory: string, cause: unknown) {
    super(
      'embedded_not_started',
      `the embedded database in ${directory} does not start: ${messageOf(cause)}`,
      'check that the folder can be written; move it away to begin with an empty database, or set DATABASE_URL',
      { cause },
    );
  }
}

/** The wanted port of the embedded database is taken. */
export class EmbeddedPortTaken extends ReembedError {
  constructor(port: number, cause: unknown) {
    super('embedded_port_taken', `port ${port} on ${HOST} is taken`, 'choose another port, or leave it out to get a free one', { cause });
  }
}

/**
 * Opens the embedded database of a folder: the running one if any process has it, else one started in this process.
 * When several processes do this at once, one of them becomes the owner and the others connect to it.
 *
 * @throws EmbeddedBusy, EmbeddedNotStarted, EmbeddedPortTaken
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  if (options.directory === MEMORY) return serve(options, MEMORY, MEMORY);
  const directory = makeFolder(options.directory);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const url = await findRunning(directory);
    if (url) return guest(url);
    const lock = takeLock(directory, LOCK);
    if ('release' in lock) {
      try {
        return await own(options, directory, lock.release);
      } catch (error) {
        lock.release();
        throw error;
      }
    }
    if (Date.now() > deadline) throw new EmbeddedBusy(options.directory, lock);
    await sleep(POLL_MS);
  }
}

function guest(url: string): Embedded {
  const nothing = async () => {};
  return {
    url,
    owner: false,
    close: nothing,
    idle: nothing,
    image: () => Promise.reject(new Error('only the owner can copy the database')),
  };
}

function makeFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const folder = realpathSync(path);
    // It may have been there before, open to others.
    keepToOwner(folder);
    return folder;
  } catch (error) {
    throw new EmbeddedNotStarted(path, error);
  }
}

/** Takes every right on the database from everybody but its owner; what else is in the folder is not ours to change. */
function keepToOwner(folder: string): void {
  const entries = readdirSync(folder);
  if (entries.every((name) => OURS.test(name))) chmodSync(folder, 0o700);
  const data = join(folder, DATA);
  if (!entries.includes(DATA)) return;
  chmodSync(data, 0o700);
  for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o700);
    else if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), 0o600);
  }
}

/** Where the running server of a folder is, as its owner writes it down. */
interface ServerFile {
  process: LockHolder;
  url: string;
  started: string;
}

/** Starts the database of a folder whose lock this process holds. */
async function own(options: EmbeddedOptions, directory: string, release: () => void): Promise<Embedded> {
  const data = join(directory, DATA);
  const unfinished = join(directory, UNFINISHED);
  // A database whose creation was cut short is incomplete in ways that no recovery fixes.
  if (existsSync(unfinished)) rmSync(data, { recursive: true, force: true });
  if (!existsSync(join(data, 'PG_VERSION'))) {
    writeFileSync(unfinished, '');
    writeFileSync(join(directory, '.gitignore'), '*\n');
  }
  const embedded = await serve(options, data, directory);
  rmSync(unfinished, { force: true });
  const file = join(directory, SERVER_FILE);
  const content: ServerFile = { process: thisProcess(), url: embedded.url, started: new Date().toISOString() };
  // Renamed into place, so that nobody reads half of it. It holds the password.
  writeFileSync(`${file}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  // However it ends, the next one who opens the folder may start it again.
  const gone = embedded.ended.then(() => {
    rmSync(file, { force: true });
    release();
  });
  return {
    ...embedded,
    close() {
      rmSync(file, { force: true });
      return embedded.close().then(() => gone);
    },
  };
}

async function serve(options: EmbeddedOptions, dataDirectory: string, identity: string): Promise<Embedded & { ended: Promise<unknown> }> {
  const backend = await Backend.start({ dataDirectory, identity, image: options.image }).catch((cause: unknown) => {
    throw new EmbeddedNotStarted(options.directory, cause);
  });
  const password = randomBytes(12).toString('hex');
  const server = await Server.start(backend, { port: options.port ?? 0, password }).catch(async (cause: unknown) => {
    await backend.close();
    throw new EmbeddedPortTaken(options.port ?? 0, cause);
  });
  let closing: Promise<void> | undefined;
  return {
    url: `postgres://postgres:${password}@${HOST}:${server.port}/postgres`,
    owner: true,
    close: () => (closing ??= server.close()),
    idle: () => server.idle(),
    image: () => server.image(),
    ended: server.ended,
  };
}

/** The url of the server that runs on this folder, after having asked it. */
async function findRunning(directory: string): Promise<string | undefined> {
  let file: ServerFile;
  try {
    file = JSON.parse(readFileSync(join(directory, SERVER_FILE), 'utf8')) as ServerFile;
    if (!isAlive(file.process)) return undefined;
  } catch {
    return undefined;
  }
  const client = new pg.Client({ connectionString: file.url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    // Another server may have got the port since. One that is busy answers when its statement ends.
    const { rows } = await client.query<{ identity: string | null }>(`SELECT current_setting('reembed.embedded', true) AS identity`);
    return rows[0]?.identity === directory ? file.url : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, ReembedError } from '../errors.ts';
import { requirePackages } from '../optional-packages.ts';
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

/** Options of openEmbedded(). */
export interface EmbeddedOptions {
  /** folder of the database, created when missing; `memory://` for a private database that ends with this process */
  directory: string;
  /** TCP port on 127.0.0.1 if this process becomes the owner; by default the system chooses */
  port?: number;
  /** for `memory://`: start as a copy of the database that returned this from `image()` */
  image?: Uint8Array;
}

/** An embedded database that accepts connections at `url`. */
export interface Embedded {
  url: string;
  /** true when the database runs in this process and ends with it */
  owner: boolean;
  /** For the owner: ends all connections, writes everything to disk and releases the folder. For other processes: does nothing. */
  close(): Promise<void>;
  /** Resolves when no client has been connected for half a second. An owner waits for it while other processes may use the database. */
  idle(): Promise<void>;
  /** Returns the whole database as a tar archive, from which in-memory copies can start. Owner only. */
  image(): Promise<Uint8Array>;
}

/** Thrown when another process holds the folder and does not accept connections. */
export class EmbeddedBusy extends ReembedError {
  constructor(directory: string, holder: LockHolder) {
    super(
      'embedded_busy',
      `process ${holder.pid} (${holder.place.split(' ')[0]}) holds the embedded database in ${directory} and did not answer for ${PATIENCE_MS / 1000} s`,
      'it may be starting or busy with one long statement: wait and try again, or end that process; nothing that was committed is lost',
    );
  }
}

/** Thrown when the embedded database cannot start from its folder. */
export class EmbeddedNotStarted extends ReembedError {
  constructor(directory: string, cause: unknown) {
    super(
      'embedded_not_started',
      `the embedded database in ${directory} does not start: ${messageOf(cause)}`,
      'check that the folder is writable; move it away to start with an empty database, or set DATABASE_URL',
      { cause },
    );
  }
}

/** Thrown when the requested port of the embedded database is in use. */
export class EmbeddedPortTaken extends ReembedError {
  constructor(port: number, cause: unknown) {
    super('embedded_port_taken', `port ${port} on ${HOST} is taken`, 'choose another port, or leave it out to get a free one', { cause });
  }
}

/** @throws PackageMissing */
export function requireEmbedded(): void {
  requirePackages(
    'the embedded database',
    ['@electric-sql/pglite', '@electric-sql/pglite-pgvector'],
    'name a server: DATABASE_URL=postgres://user:password@host/database',
  );
}

/**
 * Opens the embedded database of a folder: connects to the process that runs it, or else starts it in this process. When several processes
 * do this at the same time, one becomes the owner and the others connect to it.
 *
 * @throws PackageMissing, EmbeddedBusy, EmbeddedNotStarted, EmbeddedPortTaken
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  requireEmbedded();
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
    // The folder may have existed before with wider permissions.
    keepToOwner(folder);
    return folder;
  } catch (error) {
    throw new EmbeddedNotStarted(path, error);
  }
}

/** Removes all permissions on the database from other users. A folder that holds other files keeps its own permissions. */
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

/** Content of the file in which the owner records how to reach its server. */
interface ServerFile {
  process: LockHolder;
  url: string;
  started: string;
}

/** Starts the database of a folder whose lock this process holds. */
async function own(options: EmbeddedOptions, directory: string, release: () => void): Promise<Embedded> {
  const data = join(directory, DATA);
  const unfinished = join(directory, UNFINISHED);
  // A database whose creation was interrupted is incomplete, and recovery cannot repair it.
  if (existsSync(unfinished)) rmSync(data, { recursive: true, force: true });
  if (!existsSync(join(data, 'PG_VERSION'))) {
    writeFileSync(unfinished, '');
    writeFileSync(join(directory, '.gitignore'), '*\n');
  }
  const embedded = await serve(options, data, directory);
  rmSync(unfinished, { force: true });
  const file = join(directory, SERVER_FILE);
  const content: ServerFile = { process: thisProcess(), url: embedded.url, started: new Date().toISOString() };
  // Written under another name and renamed, so that no process reads a partial file. It holds the password.
  writeFileSync(`${file}.new`, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  // However the database ends, the next process that opens the folder must be able to start it again.
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

/** Returns the url of the running server of this folder, after checking that it answers; undefined if there is none. */
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
    // Another server may have taken the port since. A busy one answers when its statement ends.
    const { rows } = await client.query<{ identity: string | null }>(`SELECT current_setting('reembed.embedded', true) AS identity`);
    return rows[0]?.identity === directory ? file.url : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

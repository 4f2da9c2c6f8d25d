import type { Backend } from './backend.ts';
import { capturedSettings, captureSql, RESET_SETTINGS, restoreSql, STOP_TIMERS } from './settings.ts';
import { fatal, message, query, readError, readRows, SYNC, split, type TransactionStatus } from './wire.ts';

const PATIENCE_MS = 60_000;
const SHUTTING_DOWN = fatal('57P01', 'the embedded database is shutting down');

/** Messages that run without another session in between. */
export interface Unit {
  /** messages up to a Sync, a Flush or a simple query; empty when there is only a reply */
  bytes: Buffer;
  /** false after a Flush: the session's batch continues */
  synced: boolean;
  /** its answer begins with a CopyInResponse that the client has already received */
  copy?: boolean;
  changesSettings?: boolean;
  stopTimers?: boolean;
  /** sent in its turn instead of an answer of the backend */
  reply?: Buffer;
  /** the client has sent Terminate */
  last?: boolean;
}

/** One client connection, as the turns see it. */
export class Session {
  readonly units: Unit[] = [];
  readonly customSettings = new Set<string>();
  /** names of this session's prepared statements in the backend */
  readonly statements = new Set<string>();
  readonly send: (bytes: Buffer) => void;
  readonly end: (last: Buffer) => void;
  restore: string;
  changedSettings = false;
  listening = false;
  status: TransactionStatus = 'I';
  synced = true;
  gone = false;

  /**
   * @param restore SQL that gives the backend this session's settings
   * @param send writes to the client
   * @param end writes a last message and closes the connection
   */
  constructor(restore: string, send: (bytes: Buffer) => void, end: (last: Buffer) => void) {
    this.restore = restore;
    this.send = send;
    this.end = end;
  }
}

/**
 * Shares one backend between sessions. A session holds the backend from the first message of a batch until its Sync, and from BEGIN until
 * the transaction ends. The others wait in order.
 */
export class Turns {
  readonly #backend: Backend;
  readonly #sessions = new Set<Session>();
  #queue: Session[] = [];
  #holder: Session | undefined;
  #last: Session | undefined;
  /** present settings of the backend; undefined when unknown */
  #loaded: string | undefined = RESET_SETTINGS;
  #running = false;
  #finished: Promise<void> | undefined;
  #patience: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    backend.ended.then((error) =>
      this.#endAll(fatal('57P02', `the embedded database stopped: ${error.message}`, 'run the command again; what was committed is kept')),
    );
  }

  join(session: Session): void {
    if (this.#stopped) session.end(SHUTTING_DOWN);
    else this.#sessions.add(session);
  }

  submit(session: Session, unit: Unit): void {
    if (this.#stopped || !this.#sessions.has(session)) return;
    session.units.push(unit);
    this.#queue.push(session);
    if (session === this.#holder) this.#loseTimer();
    this.#wake();
  }

  /** Removes a client that disconnected, and rolls back its open transaction. */
  leave(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    session.gone = true;
    session.units.length = 0;
    this.#queue.push(session);
    this.#loseTimer();
    this.#wake();
  }

  /** Ends every session after the running unit. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#finished;
    if (this.#holder) await this.#tidy(this.#holder).catch(() => {});
    this.#endAll(SHUTTING_DOWN);
  }

  #endAll(last: Buffer): void {
    this.#stopped = true;
    this.#loseTimer();
    this.#queue = [];
    for (const session of this.#sessions) session.end(last);
    this.#sessions.clear();
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    this.#finished = this.#run();
  }

  async #run(): Promise<void> {
    try {
      for (let session = this.#next(); session && !this.#stopped; session = this.#next()) {
        await (session.gone ? this.#tidy(session) : this.#serve(session));
      }
    } catch {
      // Thrown only when the backend has ended, of which every session is informed separately.
    } finally {
      this.#running = false;
    }
  }

  #next(): Session | undefined {
    const ready = (session: Session) => session.gone || session.units.length > 0;
    if (!this.#holder) {
      while (this.#queue.length > 0) {
        const session = this.#queue.shift();
        if (session && ready(session)) return session;
      }
      return undefined;
    }
    if (ready(this.#holder)) return this.#holder;
    if (this.#queue.some(ready)) this.#patience ??= setTimeout(() => this.#endHolder(), PATIENCE_MS);
    return undefined;
  }

  #loseTimer(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #endHolder(): void {
    const holder = this.#holder;
    if (!holder) return;
    holder.end(
      fatal(
        '25P03',
        `connection closed: its transaction was idle for ${PATIENCE_MS / 1000} s while other connections waited`,
        'the embedded database runs one transaction at a time; end transactions sooner, or set DATABASE_URL to a PostgreSQL server',
      ),
    );
    this.leave(holder);
  }

  async #serve(session: Session): Promise<void> {
    const unit = session.units.shift();
    if (!unit) return;
    if (unit.last) return this.leave(session);
    if (unit.reply) return session.send(unit.reply);
    const refused = await this.#loadSettings(session);
    if (refused) {
      session.end(refused);
      return this.leave(session);
    }
    if (unit.changesSettings) session.changedSettings = true;
    const output = await this.#backend.run(unit.bytes, unit.stopTimers && unit.synced ? query(STOP_TIMERS) : undefined);
    session.synced = unit.synced;
    session.send(this.#readAnswer(session, unit, output));
    this.#holder = session.synced && session.status === 'I' ? undefined : session;
  }

  /** Updates the session's state from the answer and removes messages that are not for its client. */
  #readAnswer(session: Session, unit: Unit, output: Buffer): Buffer {
    const kept: Buffer[] = [];
    const notifications: Buffer[] = [];
    let copy = unit.copy;
    for (const { type, bytes } of split(output)) {
      if (type === 'Z') session.status = String.fromCharCode(bytes[5] ?? 0) as TransactionStatus;
      if (type === 'C' && bytes.toString('latin1', 5, 12) === 'LISTEN\0') session.listening = true;
      if (type === 'A') notifications.push(bytes);
      else if (type === 'G' && copy) copy = false;
      else kept.push(bytes);
    }
    // The backend has one session, so it sends a NOTIFY back to its sender. Forward it to the sessions that listen.
    if (notifications.length > 0) {
      const all = Buffer.concat(notifications);
      for (const other of this.#sessions) if (other.listening) other.send(all);
    }
    return notifications.length > 0 || unit.copy ? Buffer.concat(kept) : output;
  }

  /** @returns the error that ends the session if its settings are refused */
  async #loadSettings(session: Session): Promise<Buffer | undefined> {
    if (this.#last === session) return undefined;
    if (this.#last?.changedSettings) {
      const rows = readRows(await this.#backend.run(query(captureSql(this.#last.customSettings))));
      this.#loaded = this.#last.restore = restoreSql(capturedSettings(rows));
      this.#last.changedSettings = false;
    }
    this.#last = undefined;
    if (this.#loaded !== session.restore) {
      this.#loaded = undefined;
      const error = readError(await this.#backend.run(query(session.restore)));
      if (error) return fatal(error.sqlstate, error.text);
      this.#loaded = session.restore;
    }
    this.#last = session;
    return undefined;
  }

  async #tidy(session: Session): Promise<void> {
    if (!session.synced) await this.#backend.run(SYNC);
    if (session.status !== 'I') await this.#backend.run(query('ROLLBACK'));
    if (session.statements.size > 0) {
      await this.#backend.run(Buffer.concat([...[...session.statements].map((name) => message('C', `S${name}\0`)), SYNC]));
    }
    if (this.#last === session) {
      if (session.changedSettings) this.#loaded = undefined;
      this.#last = undefined;
    }
    if (this.#holder === session) this.#holder = undefined;
    Object.assign(session, { gone: false, synced: true, status: 'I' });
  }
}

import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { changesSettings, customSettings, namesTimer, restoreSql, startupSettings } from './settings.ts';
import { Session, type Turns } from './turns.ts';
import { fatal, int32, MessageReader, message, ProtocolViolation, query, readText } from './wire.ts';

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

const NO_COPY = refusal('COPY FROM STDIN works one at a time and as a simple query on the embedded database');

/** Values that all connections to a server share. */
export interface ServerFacts {
  turns: Turns;
  password: string;
  /** ParameterStatus messages that start a session */
  greeting: Buffer;
}

/** One client connection. It parses the protocol until a batch of messages is complete and submits the batch to the turns. */
export class Connection {
  readonly #socket: Socket;
  readonly #facts: ServerFacts;
  readonly #id: number;
  readonly #reader = new MessageReader();
  #parameters: Map<string, string> | undefined;
  #session: Session | undefined;
  #batch: Buffer[] = [];
  #sql: string[] = [];
  #copy: Buffer[] | undefined;
  #ended = false;

  /** @param id number of the connection, because pg_backend_pid is the same for all */
  constructor(socket: Socket, id: number, facts: ServerFacts) {
    this.#socket = socket;
    this.#id = id;
    this.#facts = facts;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      // After a Terminate message, units that were sent before it still run.
      if (this.#session && !this.#ended) this.#facts.turns.leave(this.#session);
    });
  }

  /** Sends a last message and closes the connection. */
  end(last: Buffer): void {
    this.#ended = true;
    if (this.#socket.writable) this.#socket.end(last);
    // A client that does not close its side must not keep the server from stopping.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      while (!this.#ended) {
        const next = this.#reader.next(!this.#parameters);
        if (!next) return;
        if (!this.#parameters) this.#start(next);
        else if (!this.#session) this.#logIn(next);
        else if (this.#copy) this.#collectCopy(next, this.#copy, this.#session);
        else this.#collect(next, this.#session);
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      if (this.#session) this.#facts.turns.leave(this.#session);
      this.end(fatal('08P01', error.message));
    }
  }

  #start(bytes: Buffer): void {
    const code = bytes.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) return void this.#socket.write('N');
    // A statement in WebAssembly cannot be interrupted.
    if (code === CANCEL_REQUEST) return void this.#socket.end();
    if (code >> 16 !== 3) throw new ProtocolViolation('only protocol version 3 is supported');
    const parameters = new Map<string, string>();
    for (let at = 8; bytes[at]; ) {
      const name = readText(bytes, at);
      const value = readText(bytes, name.next);
      parameters.set(name.text, value.text);
      at = value.next;
    }
    this.#parameters = parameters;
    const minor = code & 0xffff;
    if (minor > 0) this.#socket.write(message('v', int32(0), int32(0)));
    this.#socket.write(message('R', int32(3)));
  }

  #logIn(bytes: Buffer): void {
    const given = Buffer.from(bytes[0] === 0x70 ? readText(bytes, 5).text : '');
    const password = Buffer.from(this.#facts.password);
    if (given.length !== password.length || !timingSafeEqual(given, password)) {
      this.end(fatal('28P01', 'password authentication failed', 'use the complete URL that npm run db prints'));
      return;
    }
    const parameters = this.#parameters ?? new Map<string, string>();
    const database = parameters.get('database') ?? parameters.get('user');
    if (database !== 'postgres') {
      this.end(fatal('3D000', `database "${database}" does not exist`, 'the embedded server has one database, postgres'));
      return;
    }
    this.#session = new Session(
      restoreSql(startupSettings(parameters)),
      (answer) => void (this.#socket.writable && this.#socket.write(answer)),
      (last) => this.end(last),
    );
    this.#facts.turns.join(this.#session);
    if (this.#ended) return;
    const name = `application_name\0${parameters.get('application_name') ?? ''}\0`;
    this.#socket.write(
      Buffer.concat([
        message('R', int32(0)),
        this.#facts.greeting,
        message('S', name),
        message('K', int32(this.#id), int32(0)),
        message('Z', 'I'),
      ]),
    );
  }

  #collect(bytes: Buffer, session: Session): void {
    const type = String.fromCharCode(bytes[0] ?? 0);
    if (type === 'X') {
      this.#ended = true;
      this.#facts.turns.submit(session, { bytes: Buffer.alloc(0), synced: true, last: true });
    } else if ('PBCD'.includes(type)) {
      this.#batch.push(this.#rename(type, bytes, session));
    } else if (type === 'E') {
      this.#batch.push(bytes);
    } else if (type === 'Q') {
      this.#simpleQuery(bytes, session);
    } else if ('SHF'.includes(type)) {
      this.#batch.push(bytes);
      this.#submit(session, type !== 'H');
    } else if (!'dcf'.includes(type)) {
      throw new ProtocolViolation(`invalid message type ${bytes[0]}`);
    }
  }

  /** Renames prepared statements so that they are unique per client: the backend has only one session. */
  #rename(type: string, bytes: Buffer, session: Session): Buffer {
    let at = 5;
    if (type === 'B') at = readText(bytes, at).next;
    if (type === 'C' || type === 'D') {
      if (bytes[at] !== 0x53) return bytes;
      at += 1;
    }
    const { text, next } = readText(bytes, at);
    const name = text === '' ? '' : `${this.#id}_${text}`;
    let rest: Uint8Array = bytes.subarray(next);
    if (type === 'P') {
      const sql = readText(bytes, next).text;
      if (copiesIn(sql) > 0) rest = Buffer.concat([Buffer.from(`${NO_COPY}\0`), bytes.subarray(readText(bytes, next).next)]);
      this.#sql.push(sql);
      if (name) session.statements.add(name);
    }
    if (type === 'C') session.statements.delete(name);
    return name === '' && type !== 'P' ? bytes : message(type, bytes.subarray(5, at), `${name}\0`, rest);
  }

  #simpleQuery(bytes: Buffer, session: Session): void {
    const sql = readText(bytes, 5).text;
    this.#sql.push(sql);
    const copies = copiesIn(sql);
    this.#batch.push(copies > 1 ? query(NO_COPY) : bytes);
    if (copies !== 1) {
      this.#submit(session, true);
      return;
    }
    // The backend reads the rows while the statement runs, so they must be complete before it starts.
    const binary = /\bfrom\s+stdin\b[^;]*\bbinary\b/i.test(sql) ? 1 : 0;
    this.#facts.turns.submit(session, { bytes: Buffer.alloc(0), synced: true, reply: message('G', Buffer.from([binary, 0, 0])) });
    this.#copy = this.#batch;
  }

  #collectCopy(bytes: Buffer, copy: Buffer[], session: Session): void {
    const type = String.fromCharCode(bytes[0] ?? 0);
    if (type === 'X') return void this.#socket.destroy();
    if (type === 'd') copy.push(bytes);
    else if (type === 'c' || type === 'f') {
      copy.push(bytes);
      this.#copy = undefined;
      this.#submit(session, true, true);
    } else if (type !== 'H' && type !== 'S') throw new ProtocolViolation('COPY FROM STDIN was interrupted');
  }

  #submit(session: Session, synced: boolean, copy = false): void {
    const sql = this.#sql.join(';');
    const changes = changesSettings(sql);
    if (changes) for (const name of customSettings(sql)) session.customSettings.add(name);
    this.#facts.turns.submit(session, {
      bytes: Buffer.concat(this.#batch),
      synced,
      copy,
      changesSettings: changes,
      stopTimers: namesTimer(sql),
    });
    this.#batch = [];
    this.#sql = [];
  }
}

/** Counts the COPY … FROM STDIN commands in the statements. */
function copiesIn(sql: string): number {
  if (!/\bfrom\s+stdin\b/i.test(sql)) return 0;
  const bare = sql.replace(/'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  return bare.match(/(?:^|;)\s*copy\s[^;]*?\sfrom\s+stdin\b/gi)?.length ?? 0;
}

function refusal(text: string): string {
  return `DO $$ BEGIN RAISE feature_not_supported USING MESSAGE = '${text}'; END $$`;
}

import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Backend } from './backend.ts';
import { Connection } from './connection.ts';
import { Turns } from './turns.ts';
import { fatal } from './wire.ts';

/** Loopback address, so that only this machine can connect. */
export const HOST = '127.0.0.1';

const MAX_CONNECTIONS = 200;
const QUIET_MS = 500;
const GRACE_MS = 5_000;

/** Address and password of the server. */
export interface ServerOptions {
  /** TCP port; 0 lets the system choose */
  port: number;
  password: string;
}

/** Serves one backend to many PostgreSQL clients. */
export class Server {
  readonly #backend: Backend;
  readonly #turns: Turns;
  readonly #net: NetServer;
  readonly #sockets = new Set<Socket>();
  #count = 0;
  #quietSince = Date.now();

  private constructor(backend: Backend, password: string) {
    this.#backend = backend;
    backend.ended.then(() => this.#net.close());
    this.#turns = new Turns(backend);
    const facts = { turns: this.#turns, password, greeting: backend.greeting };
    this.#net = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#quietSince = Date.now();
      });
      const connection = new Connection(socket, ++this.#count, facts);
      if (this.#sockets.size > MAX_CONNECTIONS) connection.end(fatal('53300', `more than ${MAX_CONNECTIONS} connections`));
    });
  }

  /**
   * Starts to listen.
   *
   * @throws Error with code EADDRINUSE when the port is in use
   */
  static async start(backend: Backend, options: ServerOptions): Promise<Server> {
    const server = new Server(backend, options.password);
    await new Promise<void>((resolve, reject) => {
      server.#net.once('error', reject);
      server.#net.listen(options.port, HOST, resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#net.address() as AddressInfo).port;
  }

  /** Resolves when no client has been connected for half a second. */
  async idle(): Promise<void> {
    while (this.#sockets.size > 0 || Date.now() - this.#quietSince < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /**
   * Ends every connection, rolls back open transactions and writes everything to disk. A running statement gets five seconds; then the
   * thread is killed as in a crash, which loses nothing that was committed.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#net.close(() => resolve()));
    const impatience = setTimeout(() => this.#backend.kill(), GRACE_MS);
    await this.#turns.stop();
    clearTimeout(impatience);
    // One event-loop round to send the last messages. Clients that have not logged in yet get none.
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of this.#sockets) socket.destroySoon();
    await this.#backend.close();
    await closed;
  }

  /** Resolves when the database has ended, whether requested or not. */
  get ended(): Promise<unknown> {
    return this.#backend.ended;
  }

  /** Returns the whole database as a tar archive. */
  image(): Promise<Buffer> {
    return this.#backend.image();
  }
}

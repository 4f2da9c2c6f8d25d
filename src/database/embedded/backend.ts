import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

// PostgreSQL must reach its own limit, max_stack_depth, before JavaScript reaches this one: it cannot recover from the latter.
const STACK_MB = 64;

/** What the thread is started with. */
export interface BackendOptions {
  /** folder of the data, or `memory://` */
  dataDirectory: string;
  /** shown by `SHOW reembed.embedded` */
  identity: string;
  /** data to begin with, as `image()` returned it; in memory only */
  image?: Uint8Array | undefined;
}

/** What the owner asks of the thread. */
export type BackendRequest = { run: Uint8Array; then?: Uint8Array | undefined } | { image: true } | { close: true };

/** What the thread answers. */
export type BackendReply = { bytes: Uint8Array } | { error: Error };

/**
 * PGlite in a thread of its own. A statement occupies its thread until it ends: an index build in the main thread would
 * stop the progress bar, the calls to the provider and every signal.
 */
export class Backend {
  /** The ParameterStatus messages that every session begins with. */
  readonly greeting: Buffer;
  /** Resolves when the thread has ended, for whatever reason. */
  readonly ended: Promise<Error>;
  readonly #worker: Worker;
  readonly #waiting: { resolve: (bytes: Buffer) => void; reject: (error: Error) => void }[] = [];
  #error: Error | undefined;

  private constructor(worker: Worker, greeting: Buffer) {
    this.#worker = worker;
    this.greeting = greeting;
    this.ended = new Promise((resolve) => {
      const end = (error: Error) => {
        this.#error ??= error;
        for (const { reject } of this.#waiting.splice(0)) reject(this.#error);
        resolve(this.#error);
      };
      worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
      worker.on('exit', () => end(new Error('its thread ended')));
    });
    worker.on('message', (reply: BackendReply) => {
      const caller = this.#waiting.shift();
      if ('error' in reply) caller?.reject(reply.error);
      else caller?.resolve(asBuffer(reply.bytes));
    });
  }

  /**
   * Starts the thread and waits until the database accepts statements.
   *
   * @throws whatever kept PGlite from starting
   */
  static async start(options: BackendOptions): Promise<Backend> {
    // The built package has .js where a checkout has .ts.
    const worker = new Worker(new URL(`./backend-thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: options,
      // The flags of this process, such as --eval, are about its own program.
      execArgv: [],
      resourceLimits: { stackSizeMb: STACK_MB },
    });
    const greeting = await new Promise<Buffer>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('its thread ended while it started')));
      worker.once('message', (reply: BackendReply) => ('error' in reply ? reject(reply.error) : resolve(asBuffer(reply.bytes))));
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
    return new Backend(worker, greeting);
  }

  /**
   * Passes messages of the wire protocol to the database.
   *
   * @param then messages that follow at once, and whose answer nobody needs
   * @returns the messages it answers
   */
  run(messages: Buffer, then?: Buffer): Promise<Buffer> {
    return this.#ask({ run: new Uint8Array(messages), then });
  }

  /** The whole database as a tar archive. */
  image(): Promise<Buffer> {
    return this.#ask({ image: true });
  }

  /** Writes everything to disk and ends the thread. */
  async close(): Promise<void> {
    if (!this.#error) await this.#ask({ close: true });
    await this.#worker.terminate();
  }

  /** Ends the thread in the middle of what it does. */
  kill(): void {
    void this.#worker.terminate();
  }

  #ask(request: BackendRequest): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#error) return reject(this.#error);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, 'run' in request ? [request.run.buffer as ArrayBuffer] : []);
    });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

// PostgreSQL must reach its own limit, max_stack_depth, before it exhausts the JavaScript stack, from which it cannot recover.
const STACK_MB = 64;

/** Start options of the thread. */
export interface BackendOptions {
  /** folder of the data, or `memory://` */
  dataDirectory: string;
  /** value that `SHOW reembed.embedded` returns */
  identity: string;
  /** initial data, as returned by `image()`; in memory only */
  image?: Uint8Array | undefined;
}

/** Request from the owner to the thread. */
export type BackendRequest = { run: Uint8Array; then?: Uint8Array | undefined } | { image: true } | { close: true };

/** Reply of the thread. */
export type BackendReply = { bytes: Uint8Array } | { error: Error };

/**
 * PGlite in its own thread. A statement blocks its thread until it ends: in the main thread, an index build would block the progress bar,
 * provider calls and signal handlers.
 */
export class Backend {
  /** The ParameterStatus messages that start every session. */
  readonly greeting: Buffer;
  /** Resolves when the thread has ended for any reason. */
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
   * @throws the error that kept PGlite from starting
   */
  static async start(options: BackendOptions): Promise<Backend> {
    // The built package has .js files where a checkout has .ts.
    const worker = new Worker(new URL(`./backend-thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: options,
      // Node flags of this process, such as --eval, must not apply to the thread.
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
   * Sends messages of the wire protocol to the database.
   *
   * @param then messages that run immediately afterwards and whose answer is discarded
   * @returns the messages that the database answers with
   */
  run(messages: Buffer, then?: Buffer): Promise<Buffer> {
    return this.#ask({ run: new Uint8Array(messages), then });
  }

  /** Returns the whole database as a tar archive. */
  image(): Promise<Buffer> {
    return this.#ask({ image: true });
  }

  /** Writes everything to disk and ends the thread. */
  async close(): Promise<void> {
    if (!this.#error) await this.#ask({ close: true });
    await this.#worker.terminate();
  }

  /** Ends the thread without waiting for its statement. */
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

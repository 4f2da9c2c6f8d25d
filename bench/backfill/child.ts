import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Contender, application and provider each run in a process of their own: CPU and memory are then measured separately,
// and a busy process does not delay the measured answers of another.

type Calls = Record<string, (argument: never) => unknown>;
type Argument<Call> = Call extends (argument: infer A) => unknown ? A : never;
type Answer<Call> = Call extends (argument: never) => infer R ? Awaited<R> : never;

/** A process of the benchmark that answers calls. */
export interface Child<Served extends Calls> {
  call<Name extends keyof Served & string>(name: Name, argument: Argument<Served[Name]>): Promise<Answer<Served[Name]>>;
  /** ends it immediately; may be called twice */
  stop(): void;
}

interface Request {
  number: number;
  name: string;
  argument: unknown;
}

type Message = { number: number; answer?: unknown; error?: string } | { rows: number };

/**
 * Starts a module of this folder as a process.
 *
 * @param onRows called with the progress that the process reports
 */
export function startChild<Served extends Calls>(module: string, onRows?: (rows: number) => void): Child<Served> {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const child: ChildProcess = fork(path, { execArgv: [], env: { ...process.env, NODE_NO_WARNINGS: '1' } });
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  const failAll = (reason: string) => {
    for (const { reject } of waiting.values()) reject(new Error(`${module} ${reason}`));
    waiting.clear();
  };
  child.on('message', (message: Message) => {
    if ('rows' in message) return onRows?.(message.rows);
    const call = waiting.get(message.number);
    waiting.delete(message.number);
    if (message.error === undefined) call?.resolve(message.answer);
    else call?.reject(new Error(`${module}: ${message.error}`));
  });
  child.on('error', (error) => failAll(error.message));
  child.on('exit', (code, signal) => failAll(`ended with ${signal ?? code}`));
  return {
    call(name, argument) {
      count += 1;
      const number = count;
      return new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${module} is not running`));
        waiting.set(number, { resolve: resolve as (answer: unknown) => void, reject });
        child.send({ number, name, argument } satisfies Request);
      });
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

/** The child's side: answers calls until the parent has exited. */
export function serve(calls: Calls): void {
  // Ctrl-C reaches the whole process group; the parent decides what to do.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ number, name, argument }: Request) => {
    try {
      process.send?.({ number, answer: await calls[name]?.(argument as never) });
    } catch (error) {
      process.send?.({ number, error: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** Reports the progress of this process to the parent. */
export function reportRows(rows: number): void {
  process.send?.({ rows });
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { minilmFolder } from './models/minilm-files.ts';
import { embeddingApi } from './server/api.ts';
import { startLanes } from './server/lanes.ts';

// The server stands in for a remote provider, which would not use the cores of the database.
const PRIORITY = 5;

/** A running server. */
export interface EmbeddingServer {
  /** The base URL for an OpenAI client, with `/v1`. */
  url: string;
  close(): Promise<void>;
}

type Started = { url: string } | { error: string };

/**
 * Starts the OpenAI-compatible server in a process of its own, on 127.0.0.1, and resolves when both models are loaded. The first start
 * downloads MiniLM (50 MB).
 *
 * @param port TCP port; 0 takes a free one
 */
export async function startEmbeddingServer(port = 0): Promise<EmbeddingServer> {
  const child = fork(import.meta.filename, [String(port)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const message = once(child, 'message') as Promise<[Started]>;
  const [started] = await Promise.race([message, ended.then(([code]) => [{ error: `it exited with code ${code}` }])]);
  if (!started || 'error' in started) throw new Error(`The embedding server did not start: ${started?.error}`);
  return {
    url: started.url,
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

async function serve(port: number): Promise<string> {
  setPriority(PRIORITY);
  // Before the lanes start, because each would otherwise download its own copy.
  await minilmFolder();
  const server = createServer(embeddingApi(await startLanes()));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

async function runAsChild(): Promise<void> {
  // Ctrl-C reaches all processes of the terminal; the parent still needs its provider while it finishes.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit());
  const started = await serve(Number(process.argv[2])).then(
    (url): Started => ({ url }),
    (error: Error): Started => ({ error: error.message }),
  );
  process.send?.(started);
  if ('error' in started) process.disconnect();
}

async function runAlone(): Promise<void> {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
    console.log(await serve(Number(values.port)));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

if (import.meta.main) await (process.send ? runAsChild() : runAlone());

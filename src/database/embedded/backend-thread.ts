import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { BackendOptions, BackendReply, BackendRequest } from './backend.ts';
import { int32, split } from './wire.ts';

const { dataDirectory, identity, image } = workerData as BackendOptions;

async function start(): Promise<PGlite> {
  let said = '';
  const db = await PGlite.create({
    dataDir: dataDirectory,
    extensions: { vector },
    startParams: [...PGlite.defaultStartParams, '-c', `reembed.embedded=${identity}`],
    onStderr(line) {
      // When the start fails, PGlite's own error does not give the reason.
      said = `${said} ${line.replace(/^[-\d]+ [:.\d]+ UTC \[\d+\]/, '').trim()}`.slice(-300);
      return false;
    },
    ...(image ? { loadDataDir: new Blob([new Uint8Array(image)]) } : {}),
  }).catch((error: unknown) => {
    throw new Error(said.trim() || String(error));
  });
  await db.exec('CREATE EXTENSION IF NOT EXISTS vector');
  return db;
}

async function run(db: PGlite, messages: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Copied, because the bytes are in memory that the next statement overwrites.
  await db.execProtocolRawStream(messages, { syncToFs: false, onRawData: (bytes) => void chunks.push(Buffer.from(bytes)) });
  return Buffer.concat(chunks);
}

/** Starts the only session of the backend and returns its ParameterStatus messages. */
async function greet(db: PGlite): Promise<Buffer> {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const answer = await run(db, Buffer.concat([int32(parameters.length + 8), int32(0x0003_0000), parameters]));
  return Buffer.concat([...split(answer)].filter(({ type }) => type === 'S').map(({ bytes }) => bytes));
}

async function answer(db: PGlite, request: BackendRequest): Promise<Uint8Array> {
  if ('run' in request) {
    const output = await run(db, request.run);
    if (request.then) await run(db, request.then);
    return output;
  }
  if ('image' in request) return new Uint8Array(await (await db.dumpDataDir('none')).arrayBuffer());
  await db.close();
  return new Uint8Array();
}

function reply(bytes: Uint8Array): void {
  const own = new Uint8Array(bytes);
  parentPort?.postMessage({ bytes: own } satisfies BackendReply, [own.buffer]);
}

try {
  const db = await start();
  reply(await greet(db));
  parentPort?.on('message', async (request: BackendRequest) => {
    // An exception here is a WebAssembly trap, after which the memory of the backend can no longer be trusted.
    reply(await answer(db, request));
  });
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error : new Error(String(error)) } satisfies BackendReply);
}

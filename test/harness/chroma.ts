import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChromaClient } from 'chromadb';
import type { ImportResult } from '../../src/import/import.ts';
import type { CommandResult } from './command.ts';
import { startForeground } from './foreground.ts';
import { vectorOf } from './provider.ts';
import type { Stage } from './stage.ts';

/** A Chroma server of a single test file. */
export interface ChromaServer {
  port: number;
  client: ChromaClient;
  /** address of a collection as `import` takes it */
  address(collection: string): string;
  close(): Promise<void>;
}

/** What a collection is filled with. */
export interface TestRecord {
  id: string;
  document: string | null;
  metadata: Record<string, unknown> | null;
  vector: Float32Array;
}

/** Dimensions of the usual records. */
export const CHROMA_DIMENSIONS = 16;

/** Records of the usual kind. */
export function makeRecords(count: number, dimensions = CHROMA_DIMENSIONS, model = 'chroma'): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `chunk-${i}`,
    document: `text of chunk ${i}`,
    metadata: { source: `page ${i % 7}`, place: i, weight: i / 4, draft: i % 2 === 0 },
    vector: vectorOf(model, `text of chunk ${i}`, dimensions),
  }));
}

/** Runs `import` into a table; `json` is what it printed, unless it refused before it read anything. */
export async function importInto(
  { workplace }: Stage,
  table: string,
  source: string,
  ...options: string[]
): Promise<CommandResult & { json: ImportResult | undefined }> {
  const result = await workplace.run(['import', source, '--table', table, '--json', ...options]);
  return { ...result, json: result.stdout === '' ? undefined : (JSON.parse(result.stdout) as ImportResult) };
}

/** Rows of a table, or of a subquery with an alias, that an import filled, by id. */
export async function importedRows(
  { db }: Stage,
  table: string,
): Promise<Map<string, { document: string | null; metadata: unknown; vector: Float32Array }>> {
  const { rows } = await db.pool.query<{ id: string; document: string | null; metadata: unknown; embedding: string }>(
    `SELECT id, document, metadata, embedding::text FROM ${table}`,
  );
  return new Map(
    rows.map(({ id, document, metadata, embedding }) => [
      id,
      { document, metadata, vector: Float32Array.from(JSON.parse(embedding) as number[]) },
    ]),
  );
}

/** Runs the command in TEST_CHROMA with a port as its last argument: a real server, with an empty database. */
export async function startChroma(command: string): Promise<ChromaServer> {
  const { port, close } = await startForeground(command, 'Chroma', 'SIGTERM');
  const client = new ChromaClient({ host: '127.0.0.1', port });
  return { port, client, address: (collection) => `chroma://127.0.0.1:${port}/${collection}`, close };
}

// Chroma takes at most a few thousand records in a request.
const A_REQUEST = 1000;

/** Creates a collection with records in their order; returns a function that adds or replaces more. */
export async function fillCollection({ client, port }: ChromaServer, name: string, records: readonly TestRecord[]) {
  const { id } = await client.createCollection({
    name,
    embeddingFunction: null,
    // An import does not search, and a small graph is built in a fraction of the time.
    configuration: { hnsw: { ef_construction: 8, max_neighbors: 4 } },
  });
  for (let at = 0; at < records.length; at += A_REQUEST) await addRecords(port, id, records.slice(at, at + A_REQUEST));
  return (more: readonly TestRecord[]) => addRecords(port, id, more);
}

/** Adds records, or replaces those with the same ids. Over HTTP, because the client refuses a document of null, which the server stores. */
export async function addRecords(port: number, collection: string, records: readonly TestRecord[]): Promise<void> {
  const url = `http://127.0.0.1:${port}/api/v2/tenants/default_tenant/databases/default_database/collections/${collection}/upsert`;
  const body = {
    ids: records.map(({ id }) => id),
    embeddings: records.map(({ vector }) => Array.from(vector)),
    documents: records.map(({ document }) => document),
    metadatas: records.map(({ metadata }) => metadata),
  };
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** A proxy in front of a server. */
export interface ChromaProxy {
  address(collection: string): string;
  close(): Promise<void>;
}

/**
 * Forwards every request to a Chroma server.
 *
 * @param options.token refuse requests without this token with 401, as the proxies of secured servers do
 * @param options.before called before a request for records is forwarded, with its number from 1
 */
export async function startProxy(
  port: number,
  options: { token?: string; before?: (number: number) => Promise<void> },
): Promise<ChromaProxy> {
  let asked = 0;
  const server = createServer(async (incoming, outgoing) => {
    if (options.token !== undefined && incoming.headers['x-chroma-token'] !== options.token) {
      outgoing.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"AuthError","message":"Unauthorized"}');
      return;
    }
    if (incoming.url?.endsWith('/get')) await options.before?.(++asked);
    const { method, url, headers } = incoming;
    const forwarded = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  return {
    address: (collection) => `chroma://127.0.0.1:${own}/${collection}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

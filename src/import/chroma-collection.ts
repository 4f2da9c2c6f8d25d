import type { Collection } from 'chromadb';
import pRetry from 'p-retry';
import { messageOf } from '../errors.ts';
import { requirePackages } from '../optional-packages.ts';
import type { ChromaAddress } from './chroma-address.ts';
import { ChromaLoginRefused, ChromaRefused, ChromaUnreachable, EmptyCollection, NoDocuments, NoSuchCollection } from './import-error.ts';
import { type ImportedRecord, recordOf } from './record.ts';

/** Records of a collection, in its order. */
export interface Page {
  offset: number;
  records: ImportedRecord[];
}

/** A collection to import. */
export interface Source {
  collection: string;
  count: number;
  dimensions: number;
  /** the pages at these offsets, or all up to the end, the next one being requested while one is processed */
  pages(offsets?: readonly number[]): AsyncGenerator<Page>;
}

// A page is held twice, as JSON and as numbers, and the next one is requested meanwhile: about 40 MB each.
const COMPONENTS_A_PAGE = 500_000;
const MOST_RECORDS_A_PAGE = 1000;
const MOST_CANDIDATES = 10;
const RETRIES = 4;

/**
 * Opens a collection with Chroma's own client.
 *
 * @throws PackageMissing, ChromaUnreachable, ChromaLoginRefused, NoSuchCollection, EmptyCollection, NoDocuments
 */
export async function openCollection(address: ChromaAddress): Promise<Source> {
  const { host, port, isTls: ssl, tenant, database, headers, collection: name } = address;
  requirePackages('import', ['chromadb']);
  const { ChromaClient } = await import('chromadb');
  // A redirect would send the token to another host.
  const client = new ChromaClient({ host, port, ssl, tenant, database, headers, fetchOptions: { redirect: 'error' } });
  const ask = <T>(request: () => Promise<T>) => patiently(address, request);
  const collection = client.collection(await findId(address));
  const count = await ask(() => collection.count());
  if (count === 0) throw new EmptyCollection(name);
  const first = await ask(() => collection.get({ limit: 1, include: ['embeddings'] }));
  const dimensions = first.embeddings[0]?.length ?? 0;
  await requireDocuments(collection, name, ask);
  const size = Math.max(1, Math.min(MOST_RECORDS_A_PAGE, Math.floor(COMPONENTS_A_PAGE / Math.max(1, dimensions))));

  async function read(offset: number): Promise<Page> {
    const found = await ask(() => collection.get({ limit: size, offset, include: ['documents', 'metadatas', 'embeddings'] }));
    const records = found.ids.map((id, i) => recordOf(id, found.documents[i], found.metadatas[i], found.embeddings[i]));
    return { offset, records };
  }

  return {
    collection: name,
    count,
    dimensions,
    async *pages(offsets) {
      const next = (i: number): Promise<Page> | undefined => {
        const offset = offsets ? offsets[i] : i * size;
        const page = offset === undefined ? undefined : read(offset);
        // Its failure is reported when its turn comes.
        page?.catch(() => {});
        return page;
      };
      let coming = next(0);
      for (let i = 1; coming; i += 1) {
        const page = await coming;
        if (page.records.length === 0 && !offsets) return;
        coming = next(i);
        yield page;
      }
    },
  };
}

type Ask = <T>(request: () => Promise<T>) => Promise<T>;

/**
 * Finds the id of a collection. Not with the client, which imports the package that embeds the collection's texts, under a name that the
 * server gives, and asks the user to install it.
 */
async function findId(address: ChromaAddress): Promise<string> {
  const found = (await getJson(address, `/${encodeURIComponent(address.collection)}`)) as { id?: unknown } | undefined;
  if (typeof found?.id === 'string') return found.id;
  const others = await getJson(address, `?limit=${MOST_CANDIDATES}`).catch(() => undefined);
  const names = Array.isArray(others) ? others.map(({ name }) => String(name)) : [];
  throw new NoSuchCollection(address.collection, `database ${address.database} of tenant ${address.tenant} at ${address.server}`, names);
}

/** Asks for the collections of the database; undefined for 404. */
async function getJson({ host, port, isTls, tenant, database, headers, server }: ChromaAddress, rest: string): Promise<unknown> {
  const path = `/api/v2/tenants/${encodeURIComponent(tenant)}/databases/${encodeURIComponent(database)}/collections${rest}`;
  const answer = await fetch(`${isTls ? 'https' : 'http'}://${host}:${port}${path}`, { headers, redirect: 'error' }).catch((cause) => {
    throw new ChromaUnreachable(server, cause);
  });
  if (answer.status === 404) return undefined;
  if (answer.status === 401 || answer.status === 403) throw new ChromaLoginRefused(server, undefined);
  if (!answer.ok) throw new ChromaRefused(server, `status ${answer.status}`, undefined);
  return answer.json().catch((cause) => {
    throw new ChromaRefused(server, 'the answer is not that of Chroma', cause);
  });
}

/** A collection of vectors alone is found out before the table is created. */
async function requireDocuments(collection: Collection, name: string, ask: Ask): Promise<void> {
  for (let offset = 0; ; offset += MOST_RECORDS_A_PAGE) {
    const { ids, documents } = await ask(() => collection.get({ limit: MOST_RECORDS_A_PAGE, offset, include: ['documents'] }));
    if (documents.some((document) => document?.trim())) return;
    if (ids.length === 0) throw new NoDocuments(name);
  }
}

/** Repeats a request that may succeed later, and translates the errors of the client. */
async function patiently<T>({ server }: ChromaAddress, request: () => Promise<T>): Promise<T> {
  try {
    return await pRetry(request, { retries: RETRIES, minTimeout: 250, shouldRetry: ({ error }) => isTransient(error) });
  } catch (error) {
    const name = nameOf(error);
    if (name === 'ChromaConnectionError') throw new ChromaUnreachable(server, error);
    if (name === 'ChromaAuthError' || name === 'ChromaForbiddenError') throw new ChromaLoginRefused(server, error);
    if (name.startsWith('Chroma') || error instanceof SyntaxError) throw new ChromaRefused(server, messageOf(error), error);
    throw error;
  }
}

function isTransient(error: unknown): boolean {
  return ['ChromaConnectionError', 'ChromaServerError', 'ChromaRateLimitError'].includes(nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

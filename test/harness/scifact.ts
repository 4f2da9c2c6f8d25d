import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { createWorkplace, type Workplace } from './command.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { vectorText } from './documents.ts';
import { startProvider, type TestProvider } from './provider.ts';

// SciFact with the vectors of two models is not part of this repository: it is in a folder next to it, or in TEST_SCIFACT.
const folder = process.env.TEST_SCIFACT
  ? pathToFileURL(`${process.env.TEST_SCIFACT}/`)
  : new URL('../../../shared/data/scifact/', import.meta.url);

/** Its tests run only if the data exists, on a real server. */
export const HAS_SCIFACT = existsSync(folder) && process.env.TEST_DATABASE_URL !== undefined;

/** A model whose vectors are available. */
export interface ScifactModel {
  name: 'use-lite' | 'minilm';
  dimensions: number;
}

export const USE_LITE: ScifactModel = { name: 'use-lite', dimensions: 512 };
export const MINILM: ScifactModel = { name: 'minilm', dimensions: 384 };

/** The abstracts with the vectors of one model, in a campaign to another one. */
export interface Scifact {
  database: TestDatabase;
  provider: TestProvider;
  place: Workplace;
  /** files of the judged queries and of their relevance judgements */
  queries: string;
  judgements: string;
}

/** Fills a table with the abstracts and brings a campaign to where the index is built. */
export async function createScifact(t: ExecutionContext, from: ScifactModel, to: ScifactModel): Promise<Scifact> {
  const documents = readObjects<{ id: string; title: string; text: string }>('corpus.jsonl');
  const queries = readObjects<{ id: string; text: string }>('queries.jsonl');
  const texts = [...documents.map(({ title, text }) => `${title} ${text}`), ...queries.map(({ text }) => text)];
  // The provider returns the vectors that the real models computed for these texts.
  const known = new Map<string, Float32Array>();
  for (const { name, dimensions } of [from, to]) {
    const vectors = [`${name}.docs.f32`, `${name}.queries.f32`].flatMap((file) => readVectors(file, dimensions));
    for (const [i, vector] of vectors.entries()) known.set(`${name}/${texts[i]}`, vector);
  }
  const provider = await startProvider({ [from.name]: from.dimensions, [to.name]: to.dimensions });
  t.teardown(provider.close);
  provider.script = ({ model, input }) =>
    input[0] === 'a short text' ? undefined : { vectors: input.map((text) => known.get(`${model}/${text}`) ?? null) };

  const database = await createTestDatabase();
  t.teardown(database.close);
  const { pool } = database;
  await pool.query(`CREATE TABLE abstracts (id bigint PRIMARY KEY, title text, body text, embedding vector(${from.dimensions}))`);
  for (let i = 0; i < documents.length; i += 500) {
    const part = documents.slice(i, i + 500);
    await pool.query('INSERT INTO abstracts SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[])', [
      part.map(({ id }) => id),
      part.map(({ title }) => title),
      part.map(({ text }) => text),
      part.map(({ title, text }) => vectorText(known.get(`${from.name}/${title} ${text}`) as Float32Array)),
    ]);
  }
  await pool.query('CREATE INDEX abstracts_embedding_idx ON abstracts USING hnsw (embedding vector_cosine_ops)');

  const place = createWorkplace({ DATABASE_URL: database.url, OPENAI_API_KEY: 'any-word', OPENAI_BASE_URL: provider.url });
  t.teardown(place.remove);
  const create = ['migrate', 'create', '--table', 'abstracts', '--text-sql', "title || ' ' || body", '--from', from.name, '--to', to.name];
  t.is((await place.run([...create, '--dimensions', String(to.dimensions)])).code, 0);
  t.is((await place.run(['migrate', 'up', '--wait'])).code, 3);

  // BEIR's file has more queries than the judged split; only those with a judgement are used.
  const judgements = fileURLToPath(new URL('qrels.tsv', folder));
  const judged = new Set(
    readFileSync(judgements, 'utf8')
      .split('\n')
      .map((line) => line.split('\t')[0]),
  );
  const queryFile = join(place.directory, 'queries.jsonl');
  writeFileSync(
    queryFile,
    queries
      .filter(({ id }) => judged.has(id))
      .map((query) => JSON.stringify(query))
      .join('\n'),
  );
  return { database, provider, place, queries: queryFile, judgements };
}

function readObjects<T>(name: string): T[] {
  return readFileSync(new URL(name, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

/** Reads rows of raw little-endian float32 numbers. */
function readVectors(name: string, dimensions: number): Float32Array[] {
  const bytes = readFileSync(new URL(name, folder));
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: floats.length / dimensions }, (_, i) => floats.subarray(i * dimensions, (i + 1) * dimensions));
}

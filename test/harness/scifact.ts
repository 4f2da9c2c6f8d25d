import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createWorkplace, type Workplace } from './command.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { vectorText } from './documents.ts';
import { startProvider, type TestProvider } from './provider.ts';
import {
  HAS_SCIFACT_DATA,
  readScifactDocuments,
  readScifactQueries,
  readScifactVectors,
  SCIFACT_JUDGEMENTS,
  type ScifactDocument,
  type ScifactModel,
} from './scifact-data.ts';

/** Its whole campaigns run only if the data exists, on a real server. */
export const HAS_SCIFACT = HAS_SCIFACT_DATA && process.env.TEST_DATABASE_URL !== undefined;

/** SQL of the text of an abstract. */
export const SCIFACT_TEXT = "title || ' ' || body";

/** The abstracts with the vectors of one model. */
export interface Scifact {
  database: TestDatabase;
  provider: TestProvider;
  place: Workplace;
  /** files of the judged queries and of their relevance judgements */
  queries: string;
  judgements: string;
}

/**
 * Fills a table with the abstracts, each with its vector of the first model, and starts a provider of all models.
 *
 * @param options.derived vectors that are made of those of another model, by the name and dimensions of the new one
 * @param options.documents the abstracts; default: all
 */
export async function fillScifact(
  t: Pick<ExecutionContext, 'teardown'>,
  models: readonly [ScifactModel, ...ScifactModel[]],
  {
    derived = [],
    documents = readScifactDocuments(),
  }: {
    derived?: readonly { name: string; dimensions: number; of: ScifactModel; make: (vector: Float32Array) => Float32Array }[];
    documents?: ScifactDocument[];
  } = {},
): Promise<Scifact> {
  const [from] = models;
  const queries = readScifactQueries();
  // The provider returns the vectors that the real models computed for these texts.
  const known = new Map<string, Float32Array>();
  for (const model of models) {
    for (const [text, vector] of readScifactVectors(model)) {
      known.set(`${model.name}/${text}`, vector);
      for (const { name: made, make } of derived.filter(({ of }) => of.name === model.name)) known.set(`${made}/${text}`, make(vector));
    }
  }
  const provider = await startProvider(Object.fromEntries([...models, ...derived].map(({ name, dimensions }) => [name, dimensions])));
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

  // BEIR's file has more queries than the judged split; only those with a judgement are used.
  const judged = new Set(
    readFileSync(SCIFACT_JUDGEMENTS, 'utf8')
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
  return { database, provider, place, queries: queryFile, judgements: SCIFACT_JUDGEMENTS };
}

/** Fills a table with abstracts and brings a campaign to where the index is built. */
export async function createScifact(
  t: ExecutionContext,
  from: ScifactModel,
  to: ScifactModel,
  documents: ScifactDocument[],
): Promise<Scifact> {
  const scifact = await fillScifact(t, [from, to], { documents });
  const create = ['migrate', 'create', '--table', 'abstracts', '--text-sql', SCIFACT_TEXT, '--from', from.name, '--to', to.name];
  t.is((await scifact.place.run([...create, '--dimensions', String(to.dimensions)])).code, 0);
  t.is((await scifact.place.run(['migrate', 'up', '--wait'])).code, 3);
  return scifact;
}

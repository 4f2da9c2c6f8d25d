import { createHash } from 'node:crypto';
import type pg from 'pg';
import { type Judgements, readJudgements } from '../../src/validation/queries/judgements.ts';
import { spread } from '../../src/validation/queries/queries.ts';
import type { Embedder } from '../../src/validation/queries/read-queries.ts';
import { wordsOf } from '../../src/validation/queries/words.ts';
import { vectorText } from './documents.ts';
import {
  chooseScifactDocuments,
  MINILM,
  readScifactQueries,
  readScifactVectors,
  SCIFACT_JUDGEMENTS,
  type ScifactModel,
  type ScifactQuery,
  textOfAbstract,
  USE_LITE,
} from './scifact-data.ts';
import { startCampaign } from './validation.ts';

/** Number of abstracts with which a run takes a second. */
export const SUBSET_ROWS = 700;
const GERMAN_ONE_OF = 3;
const LEARNED_FROM = 500;

/** A model that this process computes, or whose vectors are recorded. */
export interface SubsetModel {
  name: string;
  dimensions: number;
  embed(text: string): Float32Array;
}

/** SciFact's judged queries with their relevant abstracts and several hundred others; one language in three is called de. */
export interface ScifactSubset {
  rows: { id: string; text: string; lang: string }[];
  queries: (ScifactQuery & { lang: string })[];
  judgements: Judgements;
  models: Record<'useLite' | 'minilm' | 'wordCounts' | 'blindInGerman', SubsetModel>;
  embedder: Embedder;
}

/** Reads all judged queries and some of the abstracts; the same ones each time. */
export function readScifactSubset(size = SUBSET_ROWS): ScifactSubset {
  const judgements = readJudgements(SCIFACT_JUDGEMENTS);
  const { chosen, rest } = chooseScifactDocuments(size);
  const rows = chosen.map((one, i) => ({ id: one.id, text: textOfAbstract(one), lang: i % GERMAN_ONE_OF === 0 ? 'de' : 'en' }));
  const languages = new Map(rows.map(({ id, lang }) => [id, lang]));
  const languageOf = (query: string) => languages.get([...(judgements.get(query)?.keys() ?? [])][0] ?? '') ?? 'en';
  const queries = readScifactQueries()
    .filter(({ id }) => judgements.has(id))
    .map((query) => ({ ...query, lang: languageOf(query.id) }));

  const texts = rows.map(({ text }) => text);
  const others = rest.map(textOfAbstract);
  const minilm = recorded(MINILM, others);
  const german = new Set([...rows, ...queries].filter(({ lang }) => lang === 'de').map(({ text }) => text));
  const models = {
    useLite: recorded(USE_LITE, others),
    minilm,
    wordCounts: countingWords(texts),
    blindInGerman: { ...minilm, name: 'blind', embed: (text: string) => (german.has(text) ? noise(text) : minilm.embed(text)) },
  };
  const byName = new Map(Object.values(models).map((model) => [model.name, model]));
  return {
    rows,
    queries,
    judgements,
    models,
    embedder: async (model, asked) => asked.map((text) => byName.get(model.name)?.embed(text) ?? new Float32Array()),
  };
}

/** Creates a table of the abstracts with the vectors of both models, and its campaign, called move_<table>. */
export async function createSubsetCampaign(pool: pg.Pool, { rows }: ScifactSubset, table: string, from: SubsetModel, to: SubsetModel) {
  await pool.query(
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, content text, lang text, embedding vector(${from.dimensions}),
       embedding_v2 vector(${to.dimensions}), embedding_model_version text)`,
  );
  for (let i = 0; i < rows.length; i += 500) {
    const part = rows.slice(i, i + 500);
    const vectors = (model: SubsetModel) => part.map(({ text }) => vectorText(model.embed(text)));
    await pool.query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[], $5::vector[])`, [
      part.map(({ id }) => id),
      part.map(({ text }) => text),
      part.map(({ lang }) => lang),
      vectors(from),
      vectors(to),
    ]);
  }
  await startCampaign(pool, {
    table,
    keyColumns: ['id'],
    textColumns: ['content'],
    textSql: 'content',
    newColumn: 'embedding_v2',
    from,
    to,
    indexName: `${table}_embedding_v2_idx`,
  });
}

/**
 * A model by its recorded vectors. Other texts get the mean of the vectors of abstracts that have their words, the rarer the more: worse than
 * the model itself, but near texts that mean the same.
 *
 * @param abstracts texts that are in no table, so that no row is near a query merely because the query was made of it
 */
function recorded(model: ScifactModel, abstracts: readonly string[]): SubsetModel {
  const vectors = readScifactVectors(model);
  const averages = new Map<string, { texts: number; sum: Float32Array }>();
  const learn = () => {
    for (const text of spread(abstracts, LEARNED_FROM)) {
      for (const word of new Set(wordsOf(text))) {
        const average = averages.get(word) ?? { texts: 0, sum: new Float32Array(model.dimensions) };
        averages.set(word, { texts: average.texts + 1, sum: add(average.sum, vectors.get(text), 1) });
      }
    }
  };
  const approximate = keeping((text) => {
    if (averages.size === 0) learn();
    const vector = new Float32Array(model.dimensions);
    for (const word of wordsOf(text)) {
      const { texts = 1, sum } = averages.get(word) ?? {};
      add(vector, sum, Math.log(1 + LEARNED_FROM / texts) / texts);
    }
    return vector;
  });
  return { ...model, embed: (text) => vectors.get(text) ?? approximate(text) };
}

/** Computes the vector of a text once: runs ask for the same texts again and again. */
function keeping(embed: (text: string) => Float32Array): (text: string) => Float32Array {
  const vectors = new Map<string, Float32Array>();
  return (text) => {
    const vector = vectors.get(text) ?? embed(text);
    vectors.set(text, vector);
    return vector;
  };
}

function add(sum: Float32Array, vector: Float32Array | undefined, weight: number): Float32Array {
  for (const [i, component] of vector?.entries() ?? []) sum[i] = (sum[i] ?? 0) + weight * component;
  return sum;
}

/** A model that knows words only: tf-idf, with each word hashed to a dimension and a sign. */
function countingWords(texts: readonly string[]): SubsetModel {
  const dimensions = 256;
  const frequency = new Map<string, number>();
  for (const text of texts) for (const word of new Set(wordsOf(text))) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const embed = keeping((text) => {
    const vector = new Float32Array(dimensions);
    for (const word of wordsOf(text)) {
      const digest = createHash('sha256').update(word).digest();
      const place = digest.readUInt32BE(0) % dimensions;
      const weight = Math.log(1 + texts.length / (frequency.get(word) ?? 1));
      vector[place] = (vector[place] ?? 0) + ((digest[4] ?? 0) % 2 === 0 ? weight : -weight);
    }
    return vector;
  });
  return { name: 'word-counts', dimensions, embed };
}

/** A vector that has nothing to do with the meaning of the text. */
function noise(text: string): Float32Array {
  const bytes = createHash('shake256', { outputLength: MINILM.dimensions }).update(text).digest();
  return Float32Array.from(bytes, (byte) => byte - 127.5);
}

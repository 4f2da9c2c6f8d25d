import { readConfig } from '../../src/config.ts';
import { borrowOwner } from '../../src/database/owners-connection.ts';
import { hasDimensions, inspectTable } from '../../src/plan/inspect.ts';
import { textSource } from '../../src/plan/measure.ts';
import { checkOldModel, type OldModelCheck } from '../../src/plan/old-model-check.ts';
import { inPlanningTransaction } from '../../src/plan/planning-transaction.ts';
import { drawStoredRows } from '../../src/plan/stored-rows.ts';
import { NEW_MODEL, OLD_MODEL, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';
import type { Stage } from './stage.ts';

/** A row whose vector may be of any of its columns. */
export interface Article {
  title: string;
  content: string;
  author: string;
  year: number;
}

export const ARTICLES: readonly Article[] = Array.from({ length: 12 }, (_, i) => ({
  title: `Harbor ${i} of glass`,
  content: `the river ${i} turns ${i * 7} stones into sand`,
  author: `Ada ${i}`,
  year: 1900 + i,
}));

/** More than models with a small token limit read. */
export const LONG_TEXT = Array.from({ length: 400 }, (_, i) => `word${i % 37}`).join(' ');

/** The old model's vector of a text. */
export const oldVector = (text: string) => vectorOf(OLD_MODEL, text, 16);

/** How a table of articles differs from the usual one. */
export interface ArticleOptions {
  /** type of the column of vectors; `vector(16)` by default */
  type?: string | undefined;
  /** each text is followed by LONG_TEXT */
  longTexts?: boolean | undefined;
}

/** Creates a table of articles with whatever vectors a test wants. */
export async function createArticles(
  { db }: Stage,
  name: string,
  vector: (article: Article) => Float32Array,
  { type = 'vector(16)', longTexts = false }: ArticleOptions = {},
): Promise<void> {
  await db.pool.query(`CREATE TABLE ${name} (id integer PRIMARY KEY, title text, content text, metadata_ json, embedding ${type})`);
  await db.pool.query(
    `INSERT INTO ${name} SELECT n, t, c, m, v FROM unnest($1::int[], $2::text[], $3::text[], $4::json[], $5::vector[]) AS row(n, t, c, m, v)`,
    [
      ARTICLES.map((_, i) => i),
      ARTICLES.map(({ title }) => title),
      ARTICLES.map(({ content }) => (longTexts ? `${content} ${LONG_TEXT}` : content)),
      ARTICLES.map(({ author, year }) => JSON.stringify({ author, _node_type: 'TextNode', year, ref_doc_id: 'x' })),
      ARTICLES.map((article) => vectorText(vector(article))),
    ],
  );
}

/** What the stored vectors are compared with. */
export interface CheckOptions {
  model?: string | undefined;
  prefix?: string | undefined;
  /** name of the column with the texts */
  text?: string | undefined;
}

/** What `migrate create` finds about the vectors of a table, without a process of its own. */
export async function checkStoredVectors(
  stage: Stage,
  name: string,
  { model = OLD_MODEL, prefix = '', text = 'content' }: CheckOptions = {},
): Promise<OldModelCheck> {
  const { facts, stored } = await inPlanningTransaction(stage.database, async (db) => {
    const found = await inspectTable(db, name, 'embedding');
    return {
      facts: found,
      stored: await drawStoredRows(db, await borrowOwner(db, found.oid), found, textSource(found, [text], undefined)),
    };
  });
  const row = {
    element_type: 'vector' as const,
    distance: 'cosine' as const,
    document_prefix: prefix,
    query_prefix: '',
    send_dimensions: false,
  };
  const config = readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  return checkOldModel(
    {
      model: {
        ...row,
        name: model,
        provider_model: model,
        dimensions: 16,
        token_limit: null,
        usd_per_million_tokens: null,
        provider: null,
      },
      role: 'old',
      column: `${name}.embedding`,
      isTyped: hasDimensions(facts.columnType),
      stored,
      minSimilarity: 0.999,
      otherModels: [{ name: NEW_MODEL, dimensions: 24 }],
    },
    config,
  );
}

import test from 'ava';
import {
  ARTICLES,
  type Article,
  type ArticleOptions,
  type CheckOptions,
  checkStoredVectors,
  createArticles,
  LONG_TEXT,
  oldVector,
} from './harness/articles.ts';
import { NEW_MODEL, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ADA = 'text-embedding-ada-002';
const WIDE = 'wide-model';
const LONG = 'long-model';

let stage: Stage;
test.before(async () => {
  stage = await createStage({ [ADA]: 1536, [WIDE]: 1536, [LONG]: 24 });
});
test.after.always(() => stage?.close());

/** The first components, or zeros behind all of them. */
function resized(vector: Float32Array, dimensions: number): Float32Array {
  const result = new Float32Array(dimensions);
  result.set(vector.slice(0, dimensions));
  return result;
}

interface Case extends ArticleOptions, CheckOptions {
  table: string;
  about: string;
  vector: (article: Article) => Float32Array;
  cause: RegExp;
  option: RegExp;
}

const cases: Case[] = [
  {
    table: 'titles',
    about: 'another column',
    vector: ({ title }) => oldVector(title),
    cause: /they are of column title /,
    option: /^create it with --text title; /,
  },
  {
    table: 'titled',
    about: 'title and text, joined by an empty line',
    vector: ({ title, content }) => oldVector(`${title}\n\n${content}`),
    cause: /of title and content, joined by an empty line/,
    option: /--text-sql "pg_catalog\.concat_ws\(E'\\n\\n', title::text, \\"content\\"::text\)"/,
  },
  {
    table: 'lines',
    about: 'a column in front as a line with its name',
    vector: ({ title, content }) => oldVector(`title: ${title}\n\n${content}`),
    cause: /of the text with the line "title: …" in front/,
    option: /--text-sql ".*'title: ' \|\| title::text/,
  },
  {
    table: 'metadata',
    about: 'metadata of a JSON column in front, without the fields of LlamaIndex itself',
    vector: ({ author, year, content }) => oldVector(`author: ${author}\nyear: ${year}\n\n${content}`),
    cause: /of the text with the fields of metadata_ in front/,
    option: /json_each_text/,
  },
  {
    table: 'prefixed',
    about: 'the prefix of a known model',
    vector: ({ content }) => oldVector(`search_document: ${content}`),
    cause: /of the text with the prefix "search_document: "/,
    option: /--from-document-prefix "search_document: "/,
  },
  {
    table: 'bare',
    about: 'the text without the prefix that was given',
    vector: ({ content }) => oldVector(content),
    prefix: 'passage: ',
    cause: /of the text without a prefix/,
    option: /--from-document-prefix ""/,
  },
  {
    table: 'others',
    about: 'another known model',
    vector: ({ content }) => vectorOf(ADA, content, 1536),
    type: 'vector(1536)',
    model: WIDE,
    cause: /of the model text-embedding-ada-002/,
    option: /--from text-embedding-ada-002;/,
  },
  {
    table: 'exchanged',
    about: 'the new model of the campaign',
    vector: ({ content }) => vectorOf(NEW_MODEL, content, 24),
    type: 'vector(24)',
    model: LONG,
    cause: /of the model new-model/,
    option: /--from new-model;/,
  },
  {
    table: 'shortened',
    about: 'the first of more dimensions',
    vector: ({ content }) => resized(vectorOf(LONG, content, 24), 16),
    type: 'vector',
    model: LONG,
    cause: /of the first 16 of the 24 dimensions of long-model/,
    option: /leave --from out/,
  },
  {
    table: 'padded',
    about: 'fewer dimensions and zeros behind them',
    vector: ({ content }) => resized(oldVector(content), 20),
    type: 'vector',
    cause: /of the 16 dimensions of old-model, filled up with zeros/,
    option: /leave --from out/,
  },
  {
    table: 'cut',
    about: 'the text up to a token limit',
    vector: ({ content }) => oldVector(first256Tokens(`${content} ${LONG_TEXT}`)),
    longTexts: true,
    cause: /of the first 256 tokens of each text/,
    option: /leave --from out/,
  },
  {
    table: 'unknown',
    about: 'nothing that is tried',
    vector: ({ author, content }) => oldVector(`${author} wrote ${content}`),
    cause: /none of the other text columns, .* explains it/,
    option: /correct --text or --from/,
  },
];

const { decode, encode } = await import('gpt-tokenizer/encoding/cl100k_base');
const first256Tokens = (text: string) => decode(encode(text).slice(0, 256));

for (const one of cases) {
  test.serial(`stored vectors that are not the old model's are explained: ${one.about}`, async (t) => {
    await createArticles(stage, one.table, one.vector, one);
    stage.provider.requests.length = 0;
    const { refusal, rows, disagreeing } = await checkStoredVectors(stage, one.table, one);
    t.is(refusal?.code, 'old_model_disagrees');
    t.deepEqual([rows, disagreeing], [10, 10]);
    t.regex(refusal?.message ?? '', one.cause);
    t.regex(refusal?.remedy ?? '', one.option);
    t.regex(refusal?.remedy ?? '', /--accept old-model-disagrees --reason "why"$/);
    t.true(stage.provider.requests.length <= 13 && stage.provider.requests.every(({ input }) => input.length <= 10));
    t.regex(refusal?.message ?? '', new RegExp(`\\(${stage.provider.requests.length} requests?, [\\d,]+ tokens?\\)$`));
    t.notRegex(`${refusal?.message} ${refusal?.remedy}`, /river|Ada \d/);
  });
}

/** A table as LlamaIndex's PGVectorStore makes it, with what the recipe docs/recipes/llamaindex.md stores through the library itself. */
async function createChunks(name: string, embedded: (text: string) => string): Promise<void> {
  const { pool } = stage.db;
  await pool.query(
    `CREATE TABLE ${name} (id bigserial PRIMARY KEY, text varchar NOT NULL, metadata_ jsonb, node_id varchar, embedding vector(16))`,
  );
  for (const { title, content, author, year } of ARTICLES) {
    const metadata = { year, author, title, isDraft: false, editor: null };
    const node = { metadata, excluded_embed_metadata_keys: ['title'], text: '' };
    const lines = `year: ${year}\nauthor: ${author}\nisDraft: False\neditor: None`;
    await pool.query(`INSERT INTO ${name} (text, metadata_, node_id, embedding) VALUES ($1, $2, $3, $4)`, [
      content,
      JSON.stringify({ ...metadata, _node_content: JSON.stringify(node), _node_type: 'TextNode', doc_id: 'x' }),
      title,
      vectorText(oldVector(embedded(`${lines}\n\n${content}`))),
    ]);
  }
}

test.serial(
  "of a table of LlamaIndex, create proposes what LlamaIndex embeds: order and exclusions of the node, Python's values",
  async (t) => {
    await createChunks('data_chunks', (text) => text);
    const { refusal } = await checkStoredVectors(stage, 'data_chunks', { text: 'text' });
    t.regex(refusal?.message ?? '', /they are of LlamaIndex's metadata and text \(/);
    await createChunks('data_lines', (text) => text.replaceAll('\n', ' '));
    const replaced = await checkStoredVectors(stage, 'data_lines', { text: 'text' });
    t.regex(replaced.refusal?.message ?? '', /they are of LlamaIndex's metadata and text with blanks in place of line breaks/);
    t.regex(replaced.refusal?.remedy ?? '', /create it with --text-sql "pg_catalog\.replace\(\(pg_catalog\.btrim/);
  },
);

test.serial('a text whose line breaks were replaced before it was embedded is explained', async (t) => {
  await createArticles(stage, 'lined', ({ content }) => oldVector(`${content} and more`));
  await stage.db.pool.query("UPDATE lined SET content = content || E'\\nand more'");
  const { refusal } = await checkStoredVectors(stage, 'lined');
  t.regex(refusal?.message ?? '', /they are of the text with blanks in place of line breaks/);
});

test.serial('a column whose type has other dimensions than the old model is refused, with what explains it', async (t) => {
  await createArticles(stage, 'narrow', ({ content }) => resized(vectorOf(LONG, content, 24), 16));
  const error = await t.throwsAsync<Error & { code?: string }>(checkStoredVectors(stage, 'narrow', { model: LONG }));
  t.is(error?.code, 'old_model_dimensions');
  t.is(
    error?.message,
    'long-model returns vectors of 24 dimensions, but those in narrow.embedding have 16; the stored vectors are of the first 16 of the 24 dimensions of long-model',
  );
});

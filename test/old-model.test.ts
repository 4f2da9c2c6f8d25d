import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readConfig } from '../src/config.ts';
import { borrowOwner } from '../src/database/owners-connection.ts';
import { hasDimensions, inspectTable } from '../src/plan/inspect.ts';
import { textSource } from '../src/plan/measure.ts';
import { checkOldModel, type OldModelCheck } from '../src/plan/old-model-check.ts';
import { inPlanningTransaction } from '../src/plan/planning-transaction.ts';
import { drawStoredRows } from '../src/plan/stored-rows.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ADA = 'text-embedding-ada-002';
const WIDE = 'wide-model';
const LONG = 'long-model';

let stage: Stage;
test.before(async () => {
  stage = await createStage({ [ADA]: 1536, [WIDE]: 1536, [LONG]: 24 });
});
test.after.always(() => stage.close());

interface Article {
  title: string;
  content: string;
  author: string;
  year: number;
}

const ROWS = 12;
const articles: Article[] = Array.from({ length: ROWS }, (_, i) => ({
  title: `Harbor ${i} of glass`,
  content: `the river ${i} turns ${i * 7} stones into sand`,
  author: `Ada ${i}`,
  year: 1900 + i,
}));
const LONG_TEXT = Array.from({ length: 400 }, (_, i) => `word${i % 37}`).join(' ');

/** Creates a table of articles whose vectors are of whatever a test wants. */
async function createArticles(name: string, vector: (article: Article) => Float32Array, type: string, longTexts = false): Promise<void> {
  const { pool } = stage.db;
  await pool.query(`CREATE TABLE ${name} (id integer PRIMARY KEY, title text, content text, metadata_ json, embedding ${type})`);
  await pool.query(
    `INSERT INTO ${name} SELECT n, t, c, m, v FROM unnest($1::int[], $2::text[], $3::text[], $4::json[], $5::vector[]) AS row(n, t, c, m, v)`,
    [
      articles.map((_, i) => i),
      articles.map(({ title }) => title),
      articles.map(({ content }) => (longTexts ? `${content} ${LONG_TEXT}` : content)),
      articles.map(({ author, year }) => JSON.stringify({ author, _node_type: 'TextNode', year, ref_doc_id: 'x' })),
      articles.map((article) => vectorText(vector(article))),
    ],
  );
}

/** What `migrate create` finds about the vectors of a table, without a process of its own. */
async function check(name: string, model = OLD_MODEL, prefix = '', text = 'content'): Promise<OldModelCheck> {
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

const old = (text: string) => vectorOf(OLD_MODEL, text, 16);

/** The first components, or zeros behind all of them. */
function resized(vector: Float32Array, dimensions: number): Float32Array {
  const result = new Float32Array(dimensions);
  result.set(vector.slice(0, dimensions));
  return result;
}

interface Case {
  table: string;
  about: string;
  vector: (article: Article) => Float32Array;
  type?: string;
  model?: string;
  prefix?: string;
  longTexts?: boolean;
  cause: RegExp;
  option: RegExp;
}

const cases: Case[] = [
  {
    table: 'titles',
    about: 'another column',
    vector: ({ title }) => old(title),
    cause: /they are of column title /,
    option: /^create it with --text title; /,
  },
  {
    table: 'titled',
    about: 'title and text, joined by an empty line',
    vector: ({ title, content }) => old(`${title}\n\n${content}`),
    cause: /of title and content, joined by an empty line/,
    option: /--text-sql "pg_catalog\.concat_ws\(E'\\n\\n', title::text, \\"content\\"::text\)"/,
  },
  {
    table: 'lines',
    about: 'a column in front as a line with its name',
    vector: ({ title, content }) => old(`title: ${title}\n\n${content}`),
    cause: /of the text with the line "title: …" in front/,
    option: /--text-sql ".*'title: ' \|\| title::text/,
  },
  {
    table: 'metadata',
    about: 'metadata of a JSON column in front, without the fields of LlamaIndex itself',
    vector: ({ author, year, content }) => old(`author: ${author}\nyear: ${year}\n\n${content}`),
    cause: /of the text with the fields of metadata_ in front/,
    option: /json_each_text/,
  },
  {
    table: 'prefixed',
    about: 'the prefix of a known model',
    vector: ({ content }) => old(`search_document: ${content}`),
    cause: /of the text with the prefix "search_document: "/,
    option: /--from-document-prefix "search_document: "/,
  },
  {
    table: 'bare',
    about: 'the text without the prefix that was given',
    vector: ({ content }) => old(content),
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
    vector: ({ content }) => resized(old(content), 20),
    type: 'vector',
    cause: /of the 16 dimensions of old-model, filled up with zeros/,
    option: /leave --from out/,
  },
  {
    table: 'cut',
    about: 'the text up to a token limit',
    vector: ({ content }) => old(first256Tokens(`${content} ${LONG_TEXT}`)),
    longTexts: true,
    cause: /of the first 256 tokens of each text/,
    option: /leave --from out/,
  },
  {
    table: 'unknown',
    about: 'nothing that is tried',
    vector: ({ author, content }) => old(`${author} wrote ${content}`),
    cause: /none of the other text columns, .* explains it/,
    option: /correct --text or --from/,
  },
];

const { decode, encode } = await import('gpt-tokenizer/encoding/cl100k_base');
const first256Tokens = (text: string) => decode(encode(text).slice(0, 256));

for (const one of cases) {
  test.serial(`stored vectors that are not the old model's are explained: ${one.about}`, async (t) => {
    await createArticles(one.table, one.vector, one.type ?? 'vector(16)', one.longTexts);
    stage.provider.requests.length = 0;
    const { refusal, rows, disagreeing } = await check(one.table, one.model, one.prefix);
    t.is(refusal?.code, 'old_model_disagrees');
    t.deepEqual([rows, disagreeing], [10, 10]);
    t.regex(refusal?.message ?? '', one.cause);
    t.regex(refusal?.remedy ?? '', one.option);
    t.regex(refusal?.remedy ?? '', /--accept old-model-disagrees --reason "why"$/);
    t.true(stage.provider.requests.length <= 13 && stage.provider.requests.every(({ input }) => input.length <= 10));
    t.regex(refusal?.message ?? '', new RegExp(`\\(${stage.provider.requests.length} requests?, \\d+ tokens?\\)$`));
    t.notRegex(`${refusal?.message} ${refusal?.remedy}`, /river|Ada \d/);
  });
}

/** A table as LlamaIndex's PGVectorStore makes it, with what the recipe docs/recipes/llamaindex.md stores through the library itself. */
async function createChunks(name: string, embedded: (text: string) => string): Promise<void> {
  const { pool } = stage.db;
  await pool.query(
    `CREATE TABLE ${name} (id bigserial PRIMARY KEY, text varchar NOT NULL, metadata_ jsonb, node_id varchar, embedding vector(16))`,
  );
  for (const { title, content, author, year } of articles) {
    const metadata = { year, author, title, isDraft: false, editor: null };
    const node = { metadata, excluded_embed_metadata_keys: ['title'], text: '' };
    const lines = `year: ${year}\nauthor: ${author}\nisDraft: False\neditor: None`;
    await pool.query(`INSERT INTO ${name} (text, metadata_, node_id, embedding) VALUES ($1, $2, $3, $4)`, [
      content,
      JSON.stringify({ ...metadata, _node_content: JSON.stringify(node), _node_type: 'TextNode', doc_id: 'x' }),
      title,
      vectorText(old(embedded(`${lines}\n\n${content}`))),
    ]);
  }
}

test.serial(
  "of a table of LlamaIndex, create proposes what LlamaIndex embeds: order and exclusions of the node, Python's values",
  async (t) => {
    await createChunks('data_chunks', (text) => text);
    const { refusal } = await check('data_chunks', OLD_MODEL, '', 'text');
    t.regex(refusal?.message ?? '', /they are of LlamaIndex's metadata and text \(/);
    await createChunks('data_lines', (text) => text.replaceAll('\n', ' '));
    const replaced = await check('data_lines', OLD_MODEL, '', 'text');
    t.regex(replaced.refusal?.message ?? '', /they are of LlamaIndex's metadata and text with blanks in place of line breaks/);
    t.regex(replaced.refusal?.remedy ?? '', /create it with --text-sql "pg_catalog\.replace\(\(pg_catalog\.btrim/);
  },
);

test.serial('a text whose line breaks were replaced before it was embedded is explained', async (t) => {
  await createArticles('lined', ({ content }) => old(`${content} and more`), 'vector(16)');
  await stage.db.pool.query("UPDATE lined SET content = content || E'\\nand more'");
  const { refusal } = await check('lined');
  t.regex(refusal?.message ?? '', /they are of the text with blanks in place of line breaks/);
});

test.serial('vectors of the old model agree, in one request, and a few outdated ones are left to the audit', async (t) => {
  await createArticles('agreeing', ({ content }) => old(content), 'vector(16)');
  stage.provider.requests.length = 0;
  t.regex((await check('agreeing')).finding, /^10 of 10 stored vectors agree with old-model \(1 request, \d+ tokens\)$/);
  t.is(stage.provider.requests.length, 1);
  await stage.db.pool.query('DELETE FROM agreeing WHERE id > 9; UPDATE agreeing SET content = content || id WHERE id = 3');
  const { finding, refusal } = await check('agreeing');
  t.is(refusal, undefined);
  t.regex(finding, /^9 of 10 stored vectors agree .*the audit of a validation/);
});

test.serial('of a large table only a sample of the pages is read', async (t) => {
  await createDocuments(stage.db.pool, 2500, { table: 'large', index: false });
  t.regex((await check('large')).finding, /^10 of 10 stored vectors agree/);
});

test.serial('a column whose type has other dimensions than the old model is refused, with what explains it', async (t) => {
  await createArticles('narrow', ({ content }) => resized(vectorOf(LONG, content, 24), 16), 'vector(16)');
  const error = await t.throwsAsync<Error & { code?: string }>(check('narrow', LONG));
  t.is(error?.code, 'old_model_dimensions');
  t.is(
    error?.message,
    'long-model returns vectors of 24 dimensions, but those in narrow.embedding have 16; the stored vectors are of the first 16 of the 24 dimensions of long-model',
  );
});

const create = (table: string, more: string[] = [], env: Record<string, string> = {}) =>
  stage.workplace.run(
    ['migrate', 'create', '--table', table, '--text', 'content', '--to', NEW_MODEL, '--dimensions', '24', '--from', OLD_MODEL, ...more],
    env,
  );
const filesOf = () => {
  const folder = join(stage.workplace.directory, 'migrations');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

test.serial('create refuses a disagreement and writes nothing, and goes on when it is accepted with a reason', async (t) => {
  await createArticles('refused', ({ title }) => old(title), 'vector(16)');
  const refused = await create('refused');
  t.is(refused.code, 1);
  t.regex(refused.stderr, /10 of 10 stored vectors differ .* they are of column title .*\[old_model_disagrees\]/);
  t.deepEqual(filesOf(), []);
  const accept = ['--accept', 'old-model-disagrees'];
  const accepted = await create('refused', [...accept, '--reason', 'the titles were embedded']);
  t.is(accepted.code, 0, accepted.stderr);
  t.regex(accepted.stderr, /old +0 of 10 stored vectors agree with old-model \(.*\); accepted: the titles were embedded/);
  await stage.up();
  const { rows } = await stage.db.pool.query("SELECT reason, evidence FROM reembed.acceptance WHERE code = 'old-model-disagrees'");
  t.deepEqual(rows, [{ reason: 'the titles were embedded', evidence: { rows: 10, disagreeing: 10 } }]);
  // The column still holds vectors of the old model while the campaign runs.
  const { stdout, code } = await stage.workplace.run(['doctor', '--table', 'refused', '--json']);
  t.is(code, 1);
  const found = (JSON.parse(stdout) as { findings: { name: string; level: string; finding: string }[] }).findings;
  t.like(
    found.find(({ name }) => name === 'stored vectors'),
    { level: 'error' },
  );
});

test.serial('a disagreement that was not found cannot be accepted', async (t) => {
  await createArticles('correct', ({ content }) => old(content), 'vector(16)');
  const { code, stderr } = await create('correct', ['--dry-run', '--accept', 'old-model-disagrees', '--reason', 'to be sure']);
  t.is(code, 2);
  t.regex(stderr, /there is no old-model-disagrees to accept/);
});

test.serial('create goes on and says that it did not check where the old model cannot be called', async (t) => {
  await createArticles('gone', ({ title }) => old(title), 'vector(16)');
  const dry = async (more: string[] = [], env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await create('gone', ['--dry-run', '--json', ...more], env);
    t.is(code, 0, stderr);
    return (JSON.parse(stdout) as { oldModel: { finding: string; rows: number | null } }).oldModel;
  };
  stage.provider.script = ({ model }) => (model === OLD_MODEL ? { status: 404 } : undefined);
  t.like(await dry(), { finding: 'not checked: the provider has no model old-model (404)', rows: null });
  stage.provider.script = () => undefined;
  stage.provider.requests.length = 0;
  t.like(await dry(['--no-probe']), { finding: 'not checked: --no-probe' });
  t.like(await dry([], { OPENAI_API_KEY: '' }), { finding: 'not checked: no API key for old-model' });
  t.is(stage.provider.requests.length, 0);
});

test.serial('a known model whose dimensions are not those of the column is refused before a request', async (t) => {
  await createArticles('typed', ({ content }) => old(content), 'vector(16)');
  stage.provider.requests.length = 0;
  const { code, stderr } = await create('typed', ['--from', ADA]);
  t.is(code, 1);
  t.regex(
    stderr,
    /text-embedding-ada-002 returns vectors of 1536 dimensions, but those in typed\.embedding have 16 \[old_model_dimensions\]/,
  );
  t.is(stage.provider.requests.length, 0);
});

test.serial('doctor compares the stored vectors of a table with the model that is named', async (t) => {
  await createArticles('examined', ({ title }) => old(title), 'vector(16)');
  const examine = async (text: string) => {
    const { stdout } = await stage.workplace.run(['doctor', '--table', 'examined', '--text', text, '--from', OLD_MODEL, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; level: string; finding: string; remedy: string | null }[] };
    return findings.find(({ name }) => name === 'stored vectors');
  };
  t.like(await examine('title'), { level: 'ok', remedy: null });
  const found = await examine('content');
  t.is(found?.level, 'error');
  t.regex(found?.remedy ?? '', /--text title/);
});

test.serial('the text that is proposed is accepted by create as it is printed', async (t) => {
  await createArticles('proposed', ({ author, year, content }) => old(`author: ${author}\nyear: ${year}\n\n${content}`), 'vector(16)');
  const { refusal } = await check('proposed');
  const [, quoted = ''] = /--text-sql "(.*?[^\\])"; to go on/.exec(refusal?.remedy ?? '') ?? [];
  const expression = quoted.replace(/\\(["$`\\])/g, '$1');
  const args = [
    'migrate',
    'create',
    '--table',
    'proposed',
    '--text-sql',
    expression,
    '--to',
    NEW_MODEL,
    '--dimensions',
    '24',
    '--from',
    OLD_MODEL,
  ];
  const { code, stderr } = await stage.workplace.run(args);
  t.is(code, 0, stderr);
  t.regex(stderr, /old +10 of 10 stored vectors agree with old-model/);
  const expand = filesOf().find((path) => path.includes('proposed') && path.includes('expand')) ?? '';
  t.true(readFileSync(expand, 'utf8').includes('json_each_text'));
  await stage.up();
});

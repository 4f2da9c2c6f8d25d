import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createWorkplace, type Workplace } from './harness/command.ts';
import { createTestDatabase, type TestDatabase } from './harness/database.ts';
import { createDocuments, createOptions, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { startProvider, type TestProvider, vectorOf } from './harness/provider.ts';
import { assertPresentable, assertRefused, fingerprint, type Refusal, SECRETS } from './harness/refusal.ts';

let db: TestDatabase;
let provider: TestProvider;
let workplace: Workplace;
let untouched: string[];

const [KEY, OLD_KEY] = SECRETS;

test.before(async () => {
  db = await createTestDatabase();
  // Each fault has a model of its own, so that the cases can run side by side.
  const faults: Record<string, TestProvider['script']> = {
    'wrong-key': ({ key }) => ({ status: 401, body: { error: { message: `Incorrect API key provided: ${key}` } } }),
    'no-credit': () => ({ status: 429, body: { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } } }),
    'too-large': () => ({ status: 413, body: { error: { message: 'Request Entity Too Large' } } }),
    overloaded: () => ({ status: 429, headers: { 'retry-after': '3600' } }),
    broken: () => ({ status: 500, body: '<html>Internal Server Error</html>' }),
    'other-size': () => ({ vectors: [vectorOf('x', 'x', NEW_DIMENSIONS + 8)] }),
    'with-nulls': () => ({ vectors: [[1, null, ...Array(NEW_DIMENSIONS - 2).fill(0.5)] as number[]] }),
    'with-words': () => ({ vectors: [['1', 'NaN', ...Array(NEW_DIMENSIONS - 2).fill(0.5)] as number[]] }),
    'with-zeros': () => ({ vectors: [Array(NEW_DIMENSIONS).fill(0) as number[]] }),
    'no-vector': () => ({ vectors: [null] }),
    'too-few': () => ({ vectors: [] }),
    'too-many': () => ({ vectors: [vectorOf('x', 'x', NEW_DIMENSIONS), vectorOf('x', 'y', NEW_DIMENSIONS)] }),
    'wrong-place': () => ({ vectors: [vectorOf('x', 'x', NEW_DIMENSIONS)], indexes: [7] }),
  };
  const models = Object.keys(faults).map((name) => [name, NEW_DIMENSIONS]);
  provider = await startProvider({ [NEW_MODEL]: NEW_DIMENSIONS, ...Object.fromEntries(models) });
  provider.script = (request, count) => faults[request.model]?.(request, count);
  workplace = createWorkplace({ DATABASE_URL: db.url, OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: KEY, OPENAI_OLD_API_KEY: OLD_KEY });

  await createDocuments(db.pool, 20);
  await db.pool.query(`
    CREATE TABLE no_vector (id bigint PRIMARY KEY, content text, embedding text);
    INSERT INTO no_vector VALUES (1, 'a', '[1]');
    CREATE TABLE no_key (content text, embedding vector(3));
    INSERT INTO no_key VALUES ('a', '[1,2,3]');
    CREATE TABLE empty_table (id bigint PRIMARY KEY, content text, embedding vector(3));
    CREATE TABLE blank_text (id bigint PRIMARY KEY, content text, embedding vector(3));
    INSERT INTO blank_text VALUES (1, NULL, '[1,2,3]'), (2, E' \\n\\t', '[1,2,3]');
    CREATE TABLE v2_there (id bigint PRIMARY KEY, content text, embedding vector(3), embedding_v2 vector(3));
    INSERT INTO v2_there VALUES (1, 'a', '[1,2,3]', NULL);
    CREATE TABLE view_there (id bigint PRIMARY KEY, content text, embedding vector(3));
    INSERT INTO view_there VALUES (1, 'a', '[1,2,3]');
    CREATE VIEW view_there_live AS SELECT 1 AS one;
    CREATE TABLE parted (id bigint, content text, embedding vector(3), PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (1000);
    CREATE TABLE keyless_parted (id bigint, content text, embedding vector(3)) PARTITION BY RANGE (id);
    INSERT INTO parted VALUES (1, 'a', '[1,2,3]');
    CREATE TABLE parent (id bigint PRIMARY KEY, content text, embedding vector(3));
    CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
    INSERT INTO parent VALUES (1, 'a', '[1,2,3]');
    INSERT INTO child VALUES (2, 'b', '[1,2,3]');
    CREATE VIEW shown AS SELECT * FROM documents;
    CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
  `);
  untouched = await fingerprint(db.pool);
});

test.after.always(async () => {
  workplace?.remove();
  await provider?.close();
  await db?.close();
});

interface Case extends Refusal {
  /** what is wrong, as the title of the test goes on */
  about: string;
  table?: string;
  text?: string[];
  to?: string;
  dimensions?: number;
  more?: string[];
  env?: Record<string, string>;
}

const cases: Case[] = [
  { about: 'a table that is not there', table: 'documens', code: 'no_such_table', remedy: /public\.documents/ },
  { about: 'a schema that is not there', table: 'archive.documents', code: 'no_such_table' },
  { about: 'a name that is none', table: 'documents; DROP TABLE documents', code: 'no_such_table' },
  { about: 'an empty name', table: '', code: 'no_such_table' },
  { about: 'a vector column that is not there', more: ['--column', 'vec'], code: 'no_such_column', remedy: /embedding/ },
  { about: 'a text column that is not there', text: ['--text', 'body'], code: 'no_such_column', remedy: /content/ },
  { about: 'a column that holds no vectors', table: 'no_vector', code: 'column_not_a_vector', says: /is text/ },
  { about: 'a table without a primary key', table: 'no_key', code: 'no_primary_key', remedy: /ALTER TABLE no_key ADD COLUMN/ },
  { about: 'an empty table', table: 'empty_table', code: 'empty_table' },
  { about: 'a table whose texts are null or blank', table: 'blank_text', code: 'no_text', remedy: /--text/ },
  { about: 'a new column that is there already', table: 'v2_there', code: 'name_taken', says: /v2_there\.embedding_v2/ },
  { about: 'a live view that is there already', table: 'view_there', code: 'name_taken', says: /view_there_live/ },
  { about: 'a partitioned table without a primary key', table: 'keyless_parted', code: 'no_primary_key', says: /primary key/ },
  { about: 'a partition', table: 'part', code: 'not_an_ordinary_table', says: /partition/ },
  { about: 'a table others inherit from', table: 'parent', code: 'not_an_ordinary_table', says: /inherit/ },
  { about: 'a table that inherits', table: 'child', code: 'not_an_ordinary_table', says: /inherit/ },
  { about: 'a view', table: 'shown', code: 'not_an_ordinary_table', says: /a view/ },
  { about: 'an index', table: 'documents_pkey', code: 'not_an_ordinary_table', says: /an index/ },
  { about: 'a text expression that fails', text: ['--text-sql', 'content / 0'], code: 'bad_text_expression' },
  {
    about: 'a text expression of a function without its schema',
    text: ['--text-sql', 'shout(content)'],
    code: 'bad_text_expression',
    remedy: /schema/,
  },
  {
    about: 'a text expression that is more than one',
    text: ['--text-sql', 'content) FROM documents; DROP TABLE documents; --'],
    code: 'bad_text_expression',
  },
  {
    about: 'more dimensions than can be indexed',
    dimensions: 4001,
    more: ['--index', 'hnsw'],
    code: 'too_many_dimensions',
    remedy: /--index binary/,
  },
  { about: 'dimensions the provider does not return', dimensions: 32, code: 'wrong_dimensions', says: /24 dimensions instead of 32/ },
  { about: 'the model that the column already has', to: OLD_MODEL, code: 'same_model', remedy: /--to-name/ },
  { about: 'a model the provider does not know', to: 'gone', code: 'model_not_found', says: /\(404\): The model/, remedy: /model name/ },
  { about: 'a refused API key', to: 'wrong-key', code: 'provider_login', says: /401/, remedy: /OPENAI_API_KEY/ },
  { about: 'an account without credit', to: 'no-credit', code: 'provider_quota', remedy: /top it up/ },
  {
    about: 'a provider to which the shortest request is too large',
    to: 'too-large',
    code: 'request_too_large',
    says: /Entity Too Large/,
    remedy: /server behind/,
  },
  { about: 'a provider that is overloaded', to: 'overloaded', code: 'provider_unavailable', says: /answer: 429 scripted/ },
  { about: 'a provider that answers 500', to: 'broken', code: 'provider_unavailable', says: /500/ },
  {
    about: 'a provider that does not run',
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:54399/v1' },
    code: 'provider_unavailable',
    says: /ECONNREFUSED/,
  },
  { about: 'vectors of another size', to: 'other-size', code: 'wrong_dimensions', says: /32 dimensions instead of 24/ },
  { about: 'vectors with null for NaN', to: 'with-nulls', code: 'not_finite' },
  { about: 'vectors with words for numbers', to: 'with-words', code: 'not_finite' },
  { about: 'zero vectors', to: 'with-zeros', code: 'zero_vector' },
  { about: 'an answer with null for a vector', to: 'no-vector', code: 'wrong_dimensions' },
  { about: 'an answer with too few vectors', to: 'too-few', code: 'wrong_count', says: /0 vectors for 1 text/ },
  { about: 'an answer with too many vectors', to: 'too-many', code: 'wrong_count', says: /2 vectors for 1 text/ },
  { about: 'an answer whose index fits no text', to: 'wrong-place', code: 'wrong_order' },
  { about: 'storage parameters that are none', more: ['--index-with', 'm = 16); DROP TABLE documents; --'], code: 'usage', exit: 'usage' },
  { about: 'no text to embed', text: [], code: 'usage', exit: 'usage', remedy: /--text/ },
  { about: 'both kinds of text', text: ['--text', 'content', '--text-sql', 'content'], code: 'usage', exit: 'usage' },
  {
    about: 'a number in the environment that is none',
    env: { EMBED_PATIENCE_SECONDS: 'long' },
    code: 'usage',
    exit: 'usage',
    says: /EMBED_PATIENCE_SECONDS/,
  },
];

for (const {
  about,
  table = 'documents',
  text = ['--text', 'content'],
  to = NEW_MODEL,
  dimensions = NEW_DIMENSIONS,
  more = [],
  env,
  ...refusal
} of cases) {
  test(`create refuses ${about}`, async (t) => {
    const args = [
      'migrate',
      'create',
      '--table',
      table,
      ...text,
      '--to',
      to,
      '--dimensions',
      String(dimensions),
      '--from',
      OLD_MODEL,
      ...more,
    ];
    const folder = about.replaceAll(' ', '-');
    assertRefused(t, await workplace.run(args, { REEMBED_MIGRATIONS: folder, ...env }), refusal);
    t.false(existsSync(join(workplace.directory, folder)), 'no file was written');
    t.deepEqual(await fingerprint(db.pool), untouched);
  });
}

test('create without an API key still plans and says that nothing was probed', async (t) => {
  const args = ['migrate', 'create', ...createOptions(), '--dry-run'];
  const result = await workplace.run(args, { OPENAI_API_KEY: '' });
  t.is(result.code, 0, result.stderr);
  t.regex(result.stderr, /not probed: no API key for new-model/);
  assertPresentable(t, result);
});

const before: { args: string[]; code: string }[] = [
  { args: ['worker', '--drain'], code: 'not_installed' },
  { args: ['setting', 'paused=true'], code: 'not_installed' },
  { args: ['retry'], code: 'not_installed' },
  // Vectors may be cached before the installation.
  { args: ['purge', '--yes'], code: 'nothing_to_purge' },
  { args: ['report'], code: 'not_installed' },
  { args: ['migrate', 'down'], code: 'nothing_to_take_down' },
];

for (const { args, code } of before) {
  test(`${args.join(' ')} says so when nothing is installed`, async (t) => {
    assertRefused(t, await workplace.run(args), { code, remedy: /npm run (migrate up|status)/ });
    t.deepEqual(await fingerprint(db.pool), untouched);
  });
}

const swallowed: { args: string[]; option: string }[] = [
  { args: ['worker', '100'], option: 'limit' },
  { args: ['validate', 'queries.jsonl'], option: 'queries' },
  { args: ['migrate', 'down'], option: 'accept-missing' },
];

for (const { args, option } of swallowed) {
  test(`--${option} of ${args[0]} that npm kept for itself is not taken for left out`, async (t) => {
    const kept = { npm_lifecycle_event: args[0] ?? '', [`npm_config_${option.replaceAll('-', '_')}`]: 'true' };
    const refusal: Refusal = { code: 'usage', exit: 'usage', says: new RegExp(`--${option}`), remedy: /put -- before the options/ };
    assertRefused(t, await workplace.run(args, kept), refusal);
    t.deepEqual(await fingerprint(db.pool), untouched);
  });
}

test('what npm has in its own settings is not taken for an option of ours', async (t) => {
  const result = await workplace.run(['validate'], { npm_lifecycle_event: 'validate', npm_config_audit: '', npm_config_yes: 'true' });
  assertRefused(t, result, { code: 'not_installed' });
});

test('create without a table names the options that give one', async (t) => {
  const result = await workplace.run(['migrate', 'create', '--text', 'content']);
  assertRefused(t, result, { code: 'usage', exit: 'usage', remedy: /--table \(for many: --tables or --tables-query\)/ });
  t.deepEqual(await fingerprint(db.pool), untouched);
});

const misuses: string[][] = [
  ['migrate', 'create', '--table', 'documents', '--shape', 'round'],
  ['migrate', 'create', '--table', 'documents', '--dimensions', 'many'],
  ['migrate', 'create', '--table', 'documents', '--index', 'btree'],
  ['migrate', 'up', 'x'],
  ['migrate', 'down', '-1'],
  ['migrate', 'sideways'],
  ['worker', '--limit', '0'],
  ['frobnicate'],
];

for (const args of misuses) {
  test(`"${args.join(' ')}" is wrong usage and says in one line why`, async (t) => {
    const result = await workplace.run(args);
    t.is(result.code, 2, result.stderr);
    const [line = '', ...others] = result.stderr.trimEnd().split('\n');
    t.deepEqual(others, []);
    t.regex(line, /^(reembed|error): \w/);
    assertPresentable(t, result);
    t.deepEqual(await fingerprint(db.pool), untouched);
  });
}

import { readFileSync } from 'node:fs';
import test from 'ava';
import { chunksNamed, createChunks } from './harness/chunks.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
const chunks = chunksNamed('refused');

test.before(async () => {
  stage = await createStage();
  const { pool } = stage.db;
  await createChunks(pool, 20, chunks);
  await pool.query(`
    CREATE TABLE page (number integer, chunk_id bigint, body text, kind text);
    CREATE TABLE tag (id text PRIMARY KEY DEFERRABLE, body text);
    CREATE UNIQUE INDEX partial_page ON page (chunk_id) WHERE kind = 'first';
    CREATE TABLE parted (id bigint PRIMARY KEY, body text) PARTITION BY RANGE (id);
    CREATE VIEW chunk_view AS SELECT * FROM ${chunks.chunk};
    CREATE FUNCTION public.body_of(p_id bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT c.body FROM public.${chunks.chunk} AS c WHERE c.id = p_id);
    CREATE FUNCTION public.outer_body_of(p_id bigint) RETURNS text LANGUAGE sql STABLE RETURN 'x' || public.body_of(p_id);
    CREATE FUNCTION public.hidden_body_of(p_id bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT c.body FROM public.${chunks.chunk} AS c WHERE c.id = p_id); END $$;
    CREATE FUNCTION public.promised(p_text text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN upper(p_text); END $$`);
});
test.after.always(() => stage.close());

async function create(args: string[]) {
  return stage.workplace.run([
    'migrate',
    'create',
    '--dry-run',
    '--no-probe',
    '--json',
    ...['--table', chunks.embedding, '--to', 'new-model', '--dimensions', '24', '--from', 'old-model'],
    ...args,
  ]);
}

const JOIN = chunks.textFrom[0] ?? '';

const REFUSED: [what: string, args: string[], code: number, message: RegExp][] = [
  [
    'no unique column',
    ['--text-from', 'page AS p ON p.number = t.chunk_id', '--text', 'p.body'],
    1,
    /\[join_not_unique\] - CREATE UNIQUE INDEX CONCURRENTLY ON public\.page \(number\)/,
  ],
  ['a partial unique index', ['--text-from', 'page AS p ON p.chunk_id = t.chunk_id', '--text', 'p.body'], 1, /join_not_unique/],
  ['a deferrable key', ['--text-from', JOIN, '--text-from', 'tag AS g ON g.id = c.body', '--text', 'g.body'], 1, /join_not_unique/],
  [
    'a join to a table that is not named before',
    ['--text-from', 'tag AS g ON g.id = c.body', '--text', 'g.body'],
    2,
    /must be joined to one table/,
  ],
  ['types that do not compare', ['--text-from', 'tag AS g ON g.id = t.chunk_id', '--text', 'g.body'], 1, /join_types/],
  ['a view', ['--text-from', 'chunk_view AS c ON c.id = t.chunk_id', '--text', 'c.body'], 1, /join_not_a_table/],
  ['a partitioned table', ['--text-from', 'parted AS c ON c.id = t.chunk_id', '--text', 'c.body'], 1, /join_not_a_table/],
  [
    'a table that does not exist',
    ['--text-from', 'nowhere AS c ON c.id = t.chunk_id', '--text', 'c.body'],
    1,
    /nowhere.*\[join_no_table\]/,
  ],
  [
    'a column that does not exist',
    ['--text-from', `${chunks.chunk} AS c ON c.number = t.chunk_id`, '--text', 'c.body'],
    1,
    /c\.number.*\[join_no_column\]/,
  ],
  ['a text column that does not exist', ['--text-from', JOIN, '--text', 'c.nothing'], 1, /bad_text_expression/],
  ['no text', ['--text-from', JOIN], 2, /no text is named/],
  ['a condition of another kind', ['--text-from', `${chunks.chunk} AS c ON c.id > t.chunk_id`, '--text', 'c.body'], 2, /is not understood/],
  [
    'a statement in the condition',
    ['--text-from', `${chunks.chunk} AS c ON c.id = t.chunk_id; DROP TABLE page`, '--text', 'c.body'],
    2,
    /is not understood/,
  ],
  ['the name t', ['--text-from', `${chunks.chunk} AS t ON t.id = c.chunk_id`, '--text', 'c.body'], 2, /used twice/],
  [
    'a subquery',
    ['--text-sql', `(SELECT c.body FROM public.${chunks.chunk} AS c WHERE c.id = chunk_id)`],
    1,
    /_chunk.*\[text_reads_table\].*--text-from/,
  ],
  [
    'a subquery beside a join',
    ['--text-from', JOIN, '--text-sql', `c.body || (SELECT max(o.body) FROM public.${chunks.chunk} AS o)`],
    1,
    /text_reads_table/,
  ],
  [
    'a function that reads a table',
    ['--text-sql', 'public.body_of(chunk_id)'],
    1,
    /through function public\.body_of.*\[text_reads_table\]/,
  ],
  [
    'a function that calls such a function',
    ['--text-sql', 'public.outer_body_of(chunk_id)'],
    1,
    /through function public\.body_of.*\[text_reads_table\]/,
  ],
  [
    'a function whose body is hidden',
    ['--text-sql', 'public.hidden_body_of(chunk_id)'],
    1,
    /hidden_body_of.*\[unseen_function\].*IMMUTABLE/,
  ],
];

for (const [what, args, code, message] of REFUSED) {
  test.serial(`create refuses ${what}, with one clear line`, async (t) => {
    const result = await create(args);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
  });
}

const TAKEN: [what: string, args: string[]][] = [
  ['a join by the primary key', ['--text-from', JOIN, '--text', 'c.body']],
  ['the whole row of a joined table', ['--text-from', JOIN, '--text-sql', 'c::text']],
  ['an IMMUTABLE function of any language', ['--text-from', JOIN, '--text-sql', 'public.promised(c.body)']],
  [
    'a subquery over the values of the row',
    ['--text-from', JOIN, '--text-sql', "(SELECT string_agg(w, ' ') FROM regexp_split_to_table(c.body, ' ') AS w)"],
  ],
  [
    'a hidden function that is accepted',
    ['--text-sql', 'public.hidden_body_of(chunk_id)', '--accept', 'unseen-function', '--reason', 'chunks never change'],
  ],
];

for (const [what, args] of TAKEN) {
  test.serial(`create takes ${what}`, async (t) => {
    const result = await create(args);
    t.is(result.code, 0, result.stderr);
  });
}

test.serial('create asks for the index that finds the rows of a change, or for an acceptance', async (t) => {
  const { pool } = stage.db;
  await pool.query(`DROP INDEX ${chunks.embedding}_chunk_id_idx`);
  const args = ['--text-from', JOIN, '--text', 'c.body'];
  const refused = await create(args);
  t.is(refused.code, 1);
  t.regex(
    refused.stderr,
    new RegExp(`\\[joined_without_index\\] - CREATE INDEX CONCURRENTLY ON public\\.${chunks.embedding} \\(chunk_id\\)`),
  );
  t.is((await create([...args, '--accept', 'joined-without-index', '--reason', 'chunks hardly change'])).code, 0);
  await pool.query(`CREATE INDEX ON ${chunks.embedding} (chunk_id)`);
});

test.serial('the command of the documentation is taken as it stands there', async (t) => {
  await stage.db.pool.query(`
    CREATE TABLE document (id integer PRIMARY KEY, title text);
    CREATE TABLE chunk (id bigint PRIMARY KEY, document_id integer REFERENCES document, body text);
    CREATE INDEX ON chunk (document_id);
    CREATE TABLE chunk_embedding (chunk_id bigint PRIMARY KEY REFERENCES chunk, embedding vector(1536));
    INSERT INTO document VALUES (1, 'a title'); INSERT INTO chunk VALUES (1, 1, 'a body');
    INSERT INTO chunk_embedding SELECT 1, array_fill(1::real, ARRAY[1536])::vector`);
  const page = readFileSync(new URL('../docs/text-from.md', import.meta.url), 'utf8');
  const command = /```sh\n(.*?)```/s.exec(page)?.[1]?.replaceAll(/\\\n\s*/g, ' ') ?? '';
  const args = (command.replace('npm run migrate create -- ', '').match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
  const result = await stage.workplace.run(['migrate', 'create', '--dry-run', '--no-probe', ...args]);
  t.is(result.code, 0, result.stderr);
  t.regex(result.stdout, /p_joins => '\[/);
});

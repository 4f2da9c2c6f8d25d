import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type CompareRequest, compareModels } from '../src/compare/compare.ts';
import type { Comparison } from '../src/compare/result.ts';
import { readConfig } from '../src/config.ts';
import { appendVectors, cachedSpaces, readVectorFile } from '../src/embedding/cache/vector-file.ts';
import { textDigest } from '../src/text-digest.ts';
import { readJudgements } from '../src/validation/queries/judgements.ts';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { fingerprint } from './harness/refusal.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

const ROWS = 60;
const WIDE = 'wide-model';
const STRICT = 'strict-model';
const OTHER = 'other-model';
const QUERIES = Array.from({ length: 24 }, (_, i) => i + 1);

let stage: Stage;
let cacheDirectory: string;

test.before(async () => {
  stage = await createBareStage({ [WIDE]: 256, [STRICT]: 32, [OTHER]: OLD_DIMENSIONS });
  await createDocuments(stage.db.pool, ROWS);
  await stage.db.pool.query(`
    CREATE TABLE no_vectors (id bigint PRIMARY KEY, content text, embedding vector(3));
    INSERT INTO no_vectors VALUES (1, 'a text', NULL)`);
  cacheDirectory = join(mkdtempSync(join(tmpdir(), 'reembed-compare-')), 'cache');
  write(
    'queries.jsonl',
    QUERIES.map((i) => JSON.stringify({ id: `q${i}`, text: textOf(i).replace(/ number.*/, ''), language: i % 2 ? 'de' : 'en' })),
  );
  write(
    'qrels.tsv',
    QUERIES.map((i) => `q${i}\t${i}\t1`),
  );
  write(
    'other-qrels.tsv',
    QUERIES.map((i) => `q${i}\t${i + 1000}\t1`),
  );
  write('empty.txt', ['']);
});
test.after.always(async () => {
  rmSync(join(cacheDirectory, '..'), { recursive: true, force: true });
  await stage?.close();
});

const fileOf = (name: string) => join(stage.workplace.directory, name);
const write = (name: string, lines: string[]) => writeFileSync(fileOf(name), lines.join('\n'));

/** Compares in this process. */
async function compared(changed: Partial<CompareRequest> = {}): Promise<Comparison> {
  const env = { DATABASE_URL: stage.db.url, OPENAI_API_KEY: 'any-word', OPENAI_BASE_URL: stage.provider.url };
  const request: CompareRequest = {
    table: 'documents',
    column: 'embedding',
    text: ['content'],
    models: [NEW_MODEL, WIDE],
    from: OLD_MODEL,
    queries: fileOf('queries.jsonl'),
    judgements: readJudgements(fileOf('qrels.tsv')),
    sliceBy: [],
    sample: 30,
    mostQueries: 500,
    k: 10,
    sendDimensions: false,
    prices: new Map(),
    dryRun: false,
    acceptPresent: false,
    seed: 7,
    cacheDirectory,
    ...changed,
  };
  const hooks = { confirm: async () => true, onProgress: () => {} };
  return (await compareModels(stage.database, readConfig(env), request, hooks)) as Comparison;
}

test.serial('candidates are compared on the sampled and the judged rows, and the database is unchanged', async (t) => {
  const before = await fingerprint(stage.db.pool);
  const { models, sampledRows, judgedQueries } = await compared();
  t.deepEqual(await fingerprint(stage.db.pool), before);
  t.true(sampledRows > 30 && sampledRows <= ROWS, String(sampledRows));
  t.is(judgedQueries, 24);
  const [first, second] = models;
  t.is(first?.name, WIDE);
  t.true((first?.ndcg?.value.value ?? 0) > (second?.ndcg?.value.value ?? 1));
  const present = models.find(({ isPresent }) => isPresent);
  t.deepEqual([present?.name, present?.outcome, present?.ndcg?.difference], [OLD_MODEL, null, null]);
  for (const { outcome, overlap, wins, losses, ties, latencyMs } of models.filter(({ isPresent }) => !isPresent)) {
    t.truthy(outcome?.kind);
    t.is(wins + losses + ties, 24);
    t.true((overlap?.value ?? 2) <= 1 && (latencyMs ?? 0) > 0);
  }
  const requested = (model: string) => stage.provider.requests.filter((request) => request.model === model).flatMap(({ input }) => input);
  // The stored vectors of the present model are read: it embeds nothing but the queries and ten rows to check that they are its own.
  t.is(requested(OLD_MODEL).filter((text) => text.includes('number')).length, 10);
  t.is(new Set(requested(WIDE).filter((text) => text.includes('number'))).size, sampledRows);
});

test.serial('a second run asks no provider, and gives the same figures', async (t) => {
  const before = stage.provider.requests.length;
  const first = await compared();
  t.is(stage.provider.requests.length, before);
  const second = await compared();
  t.deepEqual({ ...second, at: null }, { ...first, at: null });
  t.true(first.models.every(({ requests, latencyMs }) => requests === 0 && latencyMs === null));
});

test.serial('more rows pay only for those that are new', async (t) => {
  const before = stage.provider.requests.length;
  const { sampledRows } = await compared({ sample: 40, models: [WIDE] });
  const sent = stage.provider.requests.slice(before).flatMap(({ input }) => input.filter((text) => text.includes('number')));
  t.true(sent.length > 0 && sent.length <= 10, String(sent.length));
  t.true(sampledRows > 40);
});

test.serial('queries made of rows give at most unsure, and slices their kinds', async (t) => {
  const { evidence, models } = await compared({ queries: undefined, judgements: undefined, models: [WIDE], sample: ROWS });
  t.is(evidence, 'rows');
  t.is(models.find(({ isPresent }) => !isPresent)?.outcome?.kind, 'unsure');
});

test.serial('a row that a provider refuses is found by no query, and the outcome says so', async (t) => {
  stage.provider.script = ({ model, input }) =>
    model === STRICT && input.includes(textOf(3)) ? { status: 400, body: { error: { message: 'refused' } } } : undefined;
  const { models } = await compared({ models: [STRICT] });
  stage.provider.script = () => undefined;
  const strict = models.find(({ name }) => name === STRICT);
  t.is(strict?.refusedRows, 1);
  t.regex(strict?.outcome?.reasons.join() ?? '', /refused the text of 1 sampled row/);
});

test.serial('the spend cap ends a comparison before the request that would exceed it, and what was paid is cached', async (t) => {
  const priced = {
    models: ['new-model'],
    prices: new Map([
      [NEW_MODEL, 1_000_000],
      [OLD_MODEL, 0],
    ]),
    sample: ROWS,
  };
  const before = stage.provider.requests.length;
  await t.throwsAsync(compared({ ...priced, maxUsd: 1 }), { code: 'spend_cap', message: /would exceed --max-usd 1/ });
  t.false(stage.provider.requests.slice(before).some(({ input }) => input.some((text) => text.includes('number'))));
});

const BAD: [string, Partial<CompareRequest>, string, RegExp][] = [
  ['a provider that no file names', { models: ['bge-m3@nowhere'] }, 'usage', /there is no provider nowhere/],
  ['a candidate without a name', { models: [':'] }, 'model_not_found', /the provider has no model/],
  ['a candidate named twice', { models: [WIDE, WIDE] }, 'usage', /named twice/],
  ['dimensions that the model does not return', { models: [`${WIDE}:128`], sample: 31 }, 'wrong_dimensions', /256 dimensions, not 128/],
  ['a present model of other dimensions', { from: WIDE, sample: 31 }, 'wrong_dimensions', /256 dimensions, not 16/],
  ['a present model that the vectors are not of', { from: OTHER }, 'old_model_disagrees', /10 of 10 stored vectors differ/],
  ['no present model', { from: undefined }, 'usage', /the model of the vectors in documents\.embedding is not known/],
  ['a file without queries', { queries: 'empty.txt' }, 'no_queries', /contains no query/],
  ['a table without vectors', { table: 'no_vectors', queries: undefined, judgements: undefined }, 'no_vectors', /no row of no_vectors/],
  [
    'judgements of rows that are not there',
    { judgements: new Map([['q1', new Map([['1001', 1]])]]) },
    'judgements_fit_no_row',
    /names 1001/,
  ],
  ['judgements of other queries', { judgements: new Map([['x', new Map([['1', 1]])]]) }, 'judgements_fit_no_query', /names query x/],
  ['a cap without a price', { models: ['unknown'], maxUsd: 1 }, 'usage', /--max-usd needs the price/],
  ['a column that is not there', { judgementColumn: 'nothing' }, 'column_missing', /has no column nothing/],
];
for (const [name, changed, code, message] of BAD) {
  test.serial(`compare refuses ${name}`, async (t) => {
    const queries = changed.queries === 'empty.txt' ? { queries: fileOf('empty.txt') } : {};
    await t.throwsAsync(compared({ ...changed, ...queries }), { code, message });
  });
}

test.serial('the command prints a price, a leaderboard and a page without scripts or texts', async (t) => {
  const args = [
    'compare',
    '--table',
    'documents',
    '--text',
    'content',
    '--from',
    OLD_MODEL,
    '--models',
    `${NEW_MODEL},${WIDE}`,
    '--sample',
    '30',
  ];
  const files = ['--queries', 'queries.jsonl', '--judgements', 'qrels.tsv', '--slice-by', 'language', '--price', `${WIDE}=0.5`];
  const dry = await stage.workplace.run([...args, ...files, '--dry-run']);
  t.is(dry.code, 0, dry.stderr);
  t.regex(dry.stderr, /wide-model +\d+ +24 +[\d,]+ +\$0\.00/);
  t.false(existsSync(fileOf('.reembed/cache')));
  const run = await stage.workplace.run([...args, ...files, '--out', 'compare.html']);
  t.is(run.code, 0, run.stderr);
  t.regex(run.stdout, /24 judged queries/);
  t.regex(run.stdout, /higher than there/);
  t.regex(run.stdout, new RegExp(`${WIDE} +\\d\\.\\d{3} +[+-]\\d\\.\\d{3} \\[`));
  t.regex(run.stdout, /wide-model: /);
  t.true(readdirSync(fileOf('.reembed/cache')).some((name) => name.endsWith('.vectors')));
  const page = readFileSync(fileOf('compare.html'), 'utf8');
  t.false(/<script|src=/.test(page) || page.includes('number 1'));
  t.true(/<svg /.test(page) && page.includes('Is a migration worth it?'));
  const refused = await stage.workplace.run([...args, '--out', 'nowhere/compare.html']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /cannot be written \(ENOENT\) \[report_unwritable\]/);
});

test.serial('the campaign takes cached vectors from the database, and pays only for the other rows', async (t) => {
  const directory = fileOf('.reembed/cache');
  await compared({ models: [NEW_MODEL], cacheDirectory: directory });
  const cached = new Set(cachedSpaces(directory).flatMap((space) => [...readVectorFile(directory, space).vectors.keys()]));
  const others = Array.from({ length: ROWS }, (_, i) => textOf(i + 1)).filter((text) => !cached.has(textDigest(text)));
  t.true(others.length > 0 && others.length <= ROWS - 30, String(others.length));
  const before = stage.provider.requests.length;
  await stage.createUsual();
  await stage.up();
  const { code, stderr } = await stage.workplace.run(['worker', '--drain']);
  t.is(code, 0, stderr);
  t.regex(stderr, /vectors moved to reembed\.cached_vector/);
  t.deepEqual(cachedSpaces(directory), []);
  const sent = stage.provider.requests.slice(before).flatMap(({ input }) => input.filter((text) => text.includes('number')));
  t.deepEqual(sent.sort(), others.sort());
  t.deepEqual(await wrongRows(stage.db.pool, { newColumn: 'embedding_v2' }), []);
});

test.serial('purge erases the cached vectors, after it was confirmed', async (t) => {
  const { run } = stage.workplace;
  appendVectors(fileOf('.reembed/cache'), textDigest('a space'), [{ digest: textDigest('a text'), vector: Float32Array.of(1, 2) }]);
  const asked = await run(['purge', '--cached-vectors']);
  t.is(asked.code, 2);
  t.regex(asked.stderr, /cached vectors? would be erased/);
  t.is((await run(['purge', '--cached-vectors', '--yes'])).code, 0);
  t.deepEqual(cachedSpaces(fileOf('.reembed/cache')), []);
  const { rows } = await stage.db.pool.query("SELECT to_regclass('reembed.cached_vector') IS NOT NULL AS yes");
  if (rows[0].yes) t.is((await stage.db.pool.query('SELECT FROM reembed.cached_vector')).rowCount, 0);
  t.regex((await run(['purge', '--cached-vectors', '--yes'])).stderr, /\[nothing_to_purge\]/);
});

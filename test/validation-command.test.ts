import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { startChat } from './harness/chat.ts';
import type { Workplace } from './harness/command.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { type TestProvider, vectorOf } from './harness/provider.ts';
import { createValidationWorkplace, type ValidationWorkplace } from './harness/validation-workplace.ts';

let stage: ValidationWorkplace;
let database: Database;
let provider: TestProvider;
let workplace: Workplace;
test.before(async () => {
  stage = await createValidationWorkplace();
  ({ database, provider, workplace } = stage);
});
test.after.always(() => stage?.close());

test.serial('a run that passes prints its figures and exits with 0', async (t) => {
  provider.requests.length = 0;
  const { code, stdout, stderr } = await workplace.run(['validate', '--queries', 'all.jsonl', '--judgements', 'all.tsv']);
  t.is(code, 0, stderr);
  t.regex(stderr, /^database: .*\n$/);
  t.regex(
    stdout,
    /^validation \d+: old-model -> new-model on public\.documents\.embedding\n100 queries from file all\.jsonl, 100 of them judged/,
  );
  t.regex(stdout, /nDCG@10 +1\.000 -> 1\.000 +\+0\.000 \[\+0\.000, \+0\.000\] +may lose 5\.00 % \(max_ndcg_loss\)/);
  t.regex(stdout, /index recall@10 +1\.000 /);
  t.regex(stdout, /coverage +100\.00 % +of 100 rows /);
  t.regex(stdout, /truth audit +100 of 100 +agree, lowest 1\.0000 /);
  t.true(stdout.split('\n').every((line) => line.length <= 100));
  t.regex(stdout, /\nlowest overlap:\n +0\.\d\d +.*q\d+: /);
  t.regex(stdout, /\nPASS\n$/);
  t.notRegex(stdout, /Judged queries measure/);
  // Beside them the short texts by which an encoding is tried.
  const requests = provider.requests.filter(({ input }) => input.length > 1);
  t.deepEqual(requests.map(({ model, key, input }) => `${model} ${key} ${input.length}`).sort(), [
    'new-model new-key 100',
    'new-model new-key 100',
    'old-model old-key 100',
    'old-model old-key 100',
  ]);
});

test.serial('queries go to the provider with the prefix for queries, in requests of the allowed size', async (t) => {
  provider.requests.length = 0;
  await database.pool.query("UPDATE reembed.model SET query_prefix = 'query: ', document_prefix = 'passage: ' WHERE name = $1", [
    NEW_MODEL,
  ]);
  const { code } = await workplace.run(['validate', '--queries', 'queries.jsonl', '--audit', '0'], { EMBED_REQUEST_INPUTS: '2' });
  await database.pool.query("UPDATE reembed.model SET query_prefix = '', document_prefix = ''");
  t.is(code, 5);
  const inputs = provider.requests.filter(({ model }) => model === NEW_MODEL).map(({ input }) => input);
  t.deepEqual(
    inputs.toSorted((a, b) => b.length - a.length),
    [[`query: ${textOf(5)}`, `query: ${textOf(6)}`], [`query: ${textOf(7)}`]],
  );
});

test.serial('without judgements it says that overlap is not quality', async (t) => {
  await database.pool.query('DELETE FROM reembed.validation');
  const { code, stdout, stderr } = await workplace.run(['validate', '--lowest', '2']);
  t.is(code, 5);
  t.regex(stdout, /\nUNSURE\n {2}- no query was judged, so nothing is known about the quality of the new model\n$/);
  t.regex(stderr, /validation \d+ is unsure: no query was judged.* \[validation_unsure\] - .*--accept unsure --reason "why"\n$/);
  t.regex(stdout, /\n100 queries from rows, /);
  t.regex(stdout, /Judged queries measure quality/);
  t.is(stdout.split('lowest overlap:\n')[1]?.split('\n\n')[0]?.split('\n').length, 2);
});

test.serial('a run that misses a threshold prints it and exits with 4', async (t) => {
  await database.pool.query('UPDATE reembed.setting SET min_overlap = 0.99');
  const plain = await workplace.run(['validate', '--sample', '10', '--audit', '0']);
  const json = await workplace.run(['validate', '--sample', '10', '--audit', '0', '--json']);
  await database.pool.query('UPDATE reembed.setting SET min_overlap = NULL');
  t.is(plain.code, 4);
  t.regex(
    plain.stdout,
    /\nFAIL\n {2}- overlap@10 of 10 queries is 0\.\d{4}, between 0\.\d+ and 0\.\d+; min_overlap is 0\.99\nnot decided:\n {2}- no query was judged/,
  );
  t.regex(plain.stderr, /^database: .*\nreembed: validation \d+ failed: overlap@10 .* \[validation_failed\] - .*npm run setting\n$/);
  t.is(json.code, 4);
  const result = JSON.parse(json.stdout);
  t.like(result, { verdict: 'fail', queries: 10, k: 10, ndcg_before: null, index_recall: 1, query_source: 'rows' });
  t.is(result.lowest_overlap.length, 5);
});

test.serial('the query set and the CI job of the documentation run, and --fail-on decides their exit code', async (t) => {
  const docs = readFileSync(new URL('../docs/validation.md', import.meta.url), 'utf8');
  const file = join(workplace.directory, 'reembed.config.json');
  writeFileSync(file, /```json\n(\{\s*"sets".*?)```/s.exec(docs)?.[1] ?? '');
  const job = /- run: npm run (validate) -- (.*) > validation\.json/.exec(docs);
  writeFileSync(join(workplace.directory, 'sliced.jsonl'), JSON.stringify({ id: 'q5', text: textOf(5), language: 'en' }));
  const args = ['validate', ...(job?.[2]?.split(' ') ?? []), '--queries', 'sliced.jsonl', '--audit', '0'];
  // One vector of zeros fails a run, whatever its queries.
  await database.pool.query('UPDATE documents SET embedding_v2 = embedding_v2 - embedding_v2 WHERE id = 90');
  const failed = await workplace.run(args);
  const ignored = await workplace.run([...args, '--fail-on', 'none', '-k', '3']);
  const unknown = await workplace.run(['validate', '--set', 'hourly']);
  await database.pool.query('UPDATE documents SET embedding_v2 = $1 WHERE id = 90', [
    vectorText(vectorOf(NEW_MODEL, textOf(90), NEW_DIMENSIONS)),
  ]);
  rmSync(file);
  t.is(failed.code, 4, failed.stderr);
  const result = JSON.parse(failed.stdout);
  t.like(result, { queries: 1, judged_queries: 1, k: 10, query_source: 'file sliced.jsonl' });
  t.true(result.metrics.some(({ slice }: { slice: string }) => slice === 'language'));
  t.is(ignored.code, 0, ignored.stderr);
  t.is(JSON.parse(ignored.stdout).k, 3);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /no query set "hourly" in reembed\.config \[usage\] - name one of "nightly"/);
});

test.serial('--sweep prints a measurement and stores no run', async (t) => {
  const runs = async () => (await database.pool.query('SELECT count(*)::int AS runs FROM reembed.validation')).rows[0].runs;
  const before = await runs();
  const { code, stdout, stderr } = await workplace.run(['validate', '--sweep', '--sample', '10', '--json']);
  t.is(code, 0, stderr);
  const { indexes } = JSON.parse(stdout);
  t.deepEqual(
    indexes.map(({ role, setting }: { role: string; setting: string }) => [role, setting]),
    [['new', 'hnsw.ef_search']],
  );
  t.is(await runs(), before);
});

test.serial('judged queries are counted by whether they got better, and the worst loss is listed first', async (t) => {
  writeFileSync(join(workplace.directory, 'wrong.tsv'), 'q5\t50\t1\nq6\t6\t1\nq7\t7\t1\n');
  await database.pool.query('UPDATE documents SET embedding_v2 = embedding_v2 - embedding_v2 - embedding_v2 WHERE id = 7');
  const { stdout } = await workplace.run(['validate', '--queries', 'queries.jsonl', '--judgements', 'wrong.tsv', '--audit', '0']);
  await database.pool.query('UPDATE documents SET embedding_v2 = embedding_v2 - embedding_v2 - embedding_v2 WHERE id = 7');
  t.regex(stdout, /\njudged queries, with p of a paired randomisation test:\n +nDCG@10 +\d better +1 worse +\d equal +p = \d\.\d{4}\n/);
  t.regex(stdout, /\nworst losses of nDCG, with the overlap:\n +\d\.\d\d +nDCG 1\.000 -> 0\.000 +q7: /);
});

test.serial('queries made of the rows, sliced, filtered and cut, print every part in a hundred columns', async (t) => {
  await database.pool.query('UPDATE reembed.setting SET min_index_recall = 0.9');
  const args = [
    'validate',
    '--queries-from',
    'generated',
    '--sample',
    '60',
    '--filter',
    'id > 50',
    '--cutoff',
    '0.7',
    '--slice-by',
    'id',
    '--lowest',
    '1',
  ];
  const { code, stdout, stderr } = await workplace.run(args);
  t.is(code, 5, stderr);
  t.regex(stdout, /\n60 queries from generated, each to find its own row, 10 nearest rows of each, seed \d+\n/);
  t.regex(stdout, /\nby id, with the number of queries:\n/);
  t.regex(stdout, /\n +and \d+ more values\n/);
  t.regex(stdout, /\nby kind, with the number of queries:\n +terms +60 +overlap 0\.\d{3} +nDCG@10 \d\.\d{3} -> \d\.\d{3}/);
  t.regex(stdout, /\n +id > 50 +strict_order +10\.0 of 10\.0 rows +index recall \d\.\d{3}\n/);
  t.regex(stdout, /\nscores \(cosine similarity\):\n +percent below +0 +10 /);
  t.regex(stdout, /\n +same share +0\.700 -> 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] +\d+\.\d %/);
  t.true(stdout.split('\n').every((line) => line.length <= 100));
  const seed = /seed (\d+)/.exec(stdout)?.[1] ?? '';
  const [first, second] = [
    await workplace.run([...args, '--json', '--seed', seed]),
    await workplace.run([...args, '--json', '--seed', seed]),
  ];
  t.is(first.code, 5, first.stderr);
  t.is(second.code, 5, second.stderr);
  const overlap = (text: string) => JSON.parse(text).metrics.find(({ metric }: { metric: string }) => metric === 'overlap');
  t.deepEqual(overlap(first.stdout), overlap(second.stdout));
});

test.serial('a grading prints its price and what leaves before the first request, and sends the key of the judge only', async (t) => {
  const chat = await startChat();
  t.teardown(chat.close);
  const args = ['validate', '--queries', 'queries.jsonl', '--grade', '--audit', '0', '-k', '3'];
  const judge = { JUDGE_MODEL: 'judge-model', JUDGE_BASE_URL: chat.url };
  const keyless = await workplace.run(args, judge);
  t.is(keyless.code, 1);
  t.regex(keyless.stderr, /no API key for judge-model .*JUDGE_API_KEY/);
  const none = await workplace.run(args);
  t.is(none.code, 1);
  t.regex(none.stderr, /--grade needs a chat model .*JUDGE_MODEL/);
  t.is(chat.requests.length, 0);

  const { stdout, stderr } = await workplace.run([...args, '--max-usd', '5'], {
    ...judge,
    JUDGE_API_KEY: 'secret-of-judge',
    JUDGE_PRICE: '0.15,0.60',
  });
  const host = new URL(chat.url).host;
  t.regex(
    stderr,
    new RegExp(`\nsending judge-model at ${host} (\\d+) pairs of query and row to grade: about [\\d,]+ tokens, \\$0\\.\\d{4}\n`),
  );
  t.is(Number(/ (\d+) pairs of query/.exec(stderr)?.[1]), chat.requests.length);
  t.true(chat.requests.length > 3 && chat.requests.every(({ key }) => key === 'secret-of-judge'));
  t.regex(stdout, /\n +judged of the 3 +1\.000 -> 1\.000 /);
  t.regex(stdout, /\njudge-model graded \d+ pairs of query and row, 0 of them in earlier runs\.\n/);
  t.notRegex(stdout + stderr, /secret-of-judge/);
  t.true(stdout.split('\n').every((line) => line.length <= 100));
});

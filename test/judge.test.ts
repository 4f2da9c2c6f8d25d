import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { gradeQueries } from '../src/judge/grade-queries.ts';
import type { JudgePlan } from '../src/judge/judge.ts';
import { JudgeMissing, JudgePriceMissing, NoQuestions } from '../src/judge/judge-error.ts';
import type { ValidateOptions } from '../src/validation/validate.ts';
import { NoQueries } from '../src/validation/validation-error.ts';
import { gradeOf, type ScriptedChat, startChat, type TestChat, testJudge } from './harness/chat.ts';
import { textOf } from './harness/documents.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './harness/validation.ts';

let database: Database;
let chat: TestChat;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 40);
  await database.pool.query(`CREATE TABLE search_log (id int, words text);
    INSERT INTO search_log VALUES (1, 'river stone'), (2, 'silver engine'), (3, 'violin')`);
  chat = await startChat();
});
test.beforeEach(async () => {
  chat.requests.length = 0;
  chat.tokens = 0;
  chat.script = () => undefined;
  await sql('DELETE FROM reembed.judge_grade; UPDATE reembed.setting SET max_tokens = NULL, max_usd = NULL');
});
test.after.always(async () => {
  await chat?.close();
  await database?.close();
});

const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);
const log = { kind: 'table', table: 'search_log', textColumn: 'words', idColumn: 'id' } as const;
const grade = (options: Partial<ValidateOptions> = {}, judge = testJudge(chat)) =>
  validateTable(database, 'documents', { queries: log, k: 4, judge, grade: true, ...options });
const count = async (where = 'true') =>
  (await sql(`SELECT count(*)::int AS n FROM reembed.judge_grade WHERE ${where}`)).rows[0].n as number;

test.serial('the results of both models are graded together, each pair once, and no grade is asked for again', async (t) => {
  const plans: JudgePlan[] = [];
  chat.script = () => {
    t.is(plans.length, 1, 'number of texts and price are announced before the first request');
    return undefined;
  };
  const result = await grade({}, testJudge(chat, { onPlan: (plan) => plans.push(plan) }));
  const pools = result.comparisons.map(({ query, results }) =>
    [...new Set([...results.before, ...results.after].map(({ key }) => key))].map((key) => `${query.text}/${textOf(Number(key))}`),
  );
  t.deepEqual(chat.requests.map(({ query, passage }) => `${query}/${passage}`).sort(), pools.flat().sort());
  t.like(plans[0], { purpose: 'grade', requests: pools.flat().length, known: 0, leftOut: 0, model: 'judge-model' });
  t.true(Math.abs((plans[0]?.tokens ?? 0) - chat.tokens) < 0.3 * chat.tokens, `${plans[0]?.tokens} of ${chat.tokens}`);
  t.true((plans[0]?.usd ?? 0) > 0);
  t.is(result.grading?.tokens, chat.tokens);

  for (const { query, judged, results } of result.comparisons) {
    const gains = pools
      .flat()
      .filter((pair) => pair.startsWith(`${query.text}/`))
      .map((pair) => gradeOf(query.text ?? '', pair.split('/')[1] ?? ''));
    t.is(judged?.grade, gains.some((gain) => gain > 0) ? 'model' : undefined);
    if (judged) t.deepEqual(judged.completeness?.judgedShare, { before: 1, after: 1 }, String(results.before.length));
  }
  const stored = await sql('SELECT query, grade FROM reembed.validation_query WHERE validation = $1 AND ndcg_before IS NOT NULL', [
    result.id,
  ]);
  t.true(stored.rows.length > 0 && stored.rows.every((row) => row.grade === 'model'));
  t.deepEqual(
    (
      await sql('SELECT judge_model, graded_pairs, ungraded_pairs, lexical_share, known_items FROM reembed.validation WHERE id = $1', [
        result.id,
      ])
    ).rows,
    [{ judge_model: 'judge-model', graded_pairs: pools.flat().length, ungraded_pairs: 0, lexical_share: null, known_items: false }],
  );
  t.is(await count(), pools.flat().length);

  const asked = chat.requests.length;
  const again = await grade({}, testJudge(chat, { onPlan: (plan) => plans.push(plan) }));
  t.is(chat.requests.length, asked);
  t.like(plans[1], { requests: 0, known: asked, tokens: 0 });
  t.deepEqual(again.ndcg, result.ndcg);
  t.is(again.grading?.knownPairs, asked);
});

test.serial('only grades of 2 and 3 are relevant for recall and MRR, all of them are gains of nDCG', async (t) => {
  chat.script = () => '{"grade": 1}';
  const related = await grade({ sample: 1 });
  t.deepEqual(related.recall, { before: 0, after: 0 });
  t.true((related.ndcg?.before ?? 0) > 0);
});

/** A fault of every answer, and how the run reports it. */
const FAULTS: [string, ScriptedChat | (() => Promise<ScriptedChat>), RegExp][] = [
  ['no number', 'It is relevant.', /did not answer what it was asked/],
  ['a number out of range', '{"grade": 7}', /did not answer/],
  ['several numbers', 'either 1 or 2', /did not answer/],
  ['an empty answer', '', /did not answer/],
  ['no text at all', { content: null }, /did not answer/],
  ['a refusal', { content: null, finish: 'content_filter' }, /did not answer/],
  ['an answer that is cut', { content: '{"grade": 2}', finish: 'length' }, /did not finish/],
  ['no choices', { body: {} }, /did not answer/],
  ['an error with status 200', { body: { error: { message: 'overloaded' } } }, /error with status 200/],
  ['a page', { body: '<html>502</html>' }, /not JSON/],
  ['500', { status: 500 }, /500/],
  ['429', { status: 429, headers: { 'retry-after-ms': '5' } }, /429/],
  ['400', { status: 400 }, /refused the input: 400/],
  ['no answer in time', () => new Promise((resolve) => setTimeout(resolve, 400, '{"grade": 1}')), /timed out/i],
];

for (const [fault, answer, problem] of FAULTS) {
  test.serial(`a pair stays without a grade after ${fault}, and the reason is known`, async (t) => {
    chat.script = () => (typeof answer === 'function' ? answer() : answer);
    const place = { campaign: 'move_documents', target: 'public.documents.embedding' };
    const grading = await gradeQueries(database.pool, testJudge(chat), place, [{ query: 'a bridge', texts: ['one text', 'another'] }]);
    t.like(grading, { gradedPairs: 0, ungradedPairs: 2, leftOut: 0 });
    t.is(chat.requests.length, fault === '400' ? 2 : 6);
    t.regex(grading.problem ?? '', problem);
    t.notRegex(grading.problem ?? '', /bridge|one text|another/);
    t.is(await count(), 0);
  });
}

test.serial('a run of which more than a fifth has no grade is stored, and says why it is not decided by the grades', async (t) => {
  chat.script = ({ passage }) => (passage.includes('stone') ? undefined : 'no idea');
  const result = await grade();
  const { gradedPairs = 0, ungradedPairs = 0 } = result.grading ?? {};
  t.true(gradedPairs > 0 && ungradedPairs > gradedPairs);
  const { rows } = await sql('SELECT outcome, code, reason FROM reembed.judge_grades($1)', [result.id]);
  t.is(rows.length, 1);
  t.like(rows[0], { outcome: 'unsure', code: 'few_graded' });
  t.true(
    rows[0].reason.startsWith(`${ungradedPairs} of ${gradedPairs + ungradedPairs} pairs of query and row have no grade of judge-model`),
  );
  t.regex(rows[0].reason, /did not answer what it was asked/);
  t.true(result.doubts.some((doubt) => doubt.includes('have no grade of judge-model')));
  t.is(result.verdict, 'unsure');
  await sql(
    `INSERT INTO reembed.validation_query (validation, ordinal, query, overlap, ndcg_before, ndcg_after, grade)
     SELECT $1, 1000 + i, 'query ' || i, 1, 0.5, 0.5, 'people' FROM generate_series(1, 400) AS i`,
    [result.id],
  );
  const overruled = await sql('SELECT outcome FROM reembed.judge_validation($1) WHERE code = $2', [result.id, 'few_graded']);
  t.deepEqual(overruled.rows, [{ outcome: 'warning' }], 'judgements of people decide');
  await sql('UPDATE reembed.validation SET ungraded_pairs = 1, graded_pairs = 4 WHERE id = $1', [result.id]);
  t.is((await sql('SELECT FROM reembed.judge_grades($1)', [result.id])).rowCount, 0, 'a fifth is not too much');
});

test.serial('a fault that passes costs a repetition and no grade', async (t) => {
  const failed = new Map<string, number>();
  const faults: ScriptedChat[] = [
    'who knows',
    { status: 500 },
    { status: 429, headers: { 'retry-after-ms': '5' } },
    { content: '{"grade', finish: 'length' },
  ];
  chat.script = ({ query, passage }) => {
    const pair = `${query}/${passage}`;
    const times = failed.get(pair) ?? 0;
    failed.set(pair, times + 1);
    return times === 0 ? faults[failed.size % faults.length] : undefined;
  };
  const result = await grade();
  t.is(result.grading?.ungradedPairs, 0);
  t.is(result.grading?.problem, null);
  t.is(await count(), result.grading?.gradedPairs ?? 0);
  t.is(chat.requests.length, 2 * failed.size);
  const cut = chat.requests.filter(({ others }) => others.max_tokens === 1024);
  t.true(
    cut.length > 0 && cut.every(({ others }) => Number(others.temperature) > 0),
    'a repetition may be longer and is not the same again',
  );
  const { rows } = await sql('SELECT FROM reembed.judge_grades($1)', [result.id]);
  t.is(rows.length, 0);
});

test.serial('a server that refuses the key, or does not answer ten times in a row, is not asked further', async (t) => {
  chat.script = () => ({ status: 401 });
  const refused = await grade({ k: 10 });
  t.true(chat.requests.length <= 4);
  t.true((refused.grading?.ungradedPairs ?? 0) > 20);
  t.regex(refused.grading?.problem ?? '', /refused the API key/);
  t.notRegex(JSON.stringify(refused.reasons.concat(refused.warnings)), /judge-key/);
  chat.requests.length = 0;
  chat.script = () => ({ status: 503 });
  await grade({ k: 10 });
  t.true(chat.requests.length <= 3 * (10 + 4), String(chat.requests.length));
});

test.serial('a model that takes neither a limit nor a temperature is asked without them', async (t) => {
  chat.script = ({ others }) =>
    'max_tokens' in others
      ? { status: 400, body: { error: { message: 'no', param: 'max_tokens', code: 'unsupported_parameter' } } }
      : undefined;
  const result = await grade({ sample: 1 }, testJudge(chat, { concurrency: 1 }));
  t.is(result.grading?.ungradedPairs, 0);
  t.is(chat.requests.filter(({ others }) => 'max_tokens' in others).length, 1);
});

test.serial('what people judged is not graded, and few of the results being judged gives the condensed nDCG too', async (t) => {
  const judgements = new Map([
    [
      '1',
      new Map([
        ['5', 1],
        ['6', 0],
      ]),
    ],
  ]);
  const result = await grade({ judgements });
  t.false(chat.requests.some(({ query }) => query === 'river stone'));
  const grades = Object.fromEntries(result.comparisons.map(({ query, judged }) => [query.id, judged?.grade]));
  t.like(grades, { 1: 'people', 2: 'model' });
  const alone = await validateTable(database, 'documents', { queries: log, k: 4, judgements });
  const share = alone.metrics.find(({ metric }) => metric === 'judged_share');
  t.true((share?.before ?? 1) < 0.8);
  t.true(alone.metrics.some(({ metric, low }) => metric === 'condensed_ndcg' && low !== null));
});

test.serial('limits leave out whole queries, and the server never counts more tokens', async (t) => {
  const all = await grade();
  const needed = chat.tokens;
  await sql('DELETE FROM reembed.judge_grade');
  chat.requests.length = 0;
  chat.tokens = 0;
  // Every request reserves the longest answer: four at a time.
  const maxTokens = Math.round(needed * 0.7) + 4 * 256;
  const some = await grade({}, testJudge(chat, { maxTokens }));
  t.true(chat.tokens <= maxTokens && chat.tokens > 0);
  t.true((some.grading?.leftOut ?? 0) >= 1);
  t.is(some.grading?.ungradedPairs, 0);
  t.true(new Set(chat.requests.map(({ query }) => query)).size === all.comparisons.length - (some.grading?.leftOut ?? 0));
  const none = await grade({}, testJudge(chat, { maxUsd: 0 }));
  t.is(none.grading?.leftOut, some.grading?.leftOut, 'what is graded costs nothing');
});

test.serial('requests to the chat model count against the spend cap of the campaign, and do not pause it', async (t) => {
  await sql(
    "UPDATE reembed.model SET usd_per_million_tokens = 1; UPDATE reembed.setting SET max_tokens = 100000, max_usd = 100 WHERE target ~ 'documents'",
  );
  await grade();
  const spent = async () => (await sql("SELECT tokens::int, usd::float8 FROM reembed.spending WHERE campaign = 'move_documents'")).rows[0];
  const first = await spent();
  t.is(first.tokens, chat.tokens, 'what the provider counted replaces what was reserved');
  t.true(first.usd > 0);
  await sql('DELETE FROM reembed.judge_grade');
  chat.requests.length = 0;
  await sql("UPDATE reembed.setting SET max_tokens = $1 WHERE target ~ 'documents'", [first.tokens + 300]);
  const capped = await grade();
  t.is(chat.requests.length, 0);
  t.is(capped.grading?.leftOut, capped.comparisons.length);
  t.is((await spent()).tokens, first.tokens);
  t.false((await sql('SELECT bool_or(paused) AS paused FROM reembed.setting')).rows[0].paused);
  // Another process takes what was left after the plan.
  await sql("UPDATE reembed.setting SET max_tokens = 100000 WHERE target ~ 'documents'");
  let taken: Promise<unknown> | undefined;
  chat.script = async () => {
    taken ??= sql("UPDATE reembed.spending SET tokens = 100000 WHERE campaign = 'move_documents'");
    await taken;
    return undefined;
  };
  const late = await grade();
  t.true((late.grading?.ungradedPairs ?? 0) > 0);
  t.regex(late.grading?.problem ?? '', /exceeds the spend cap/);
  t.true((await spent()).tokens <= 100000);
});

test.serial('a limit in dollars needs a price, and a grading needs a model and queries with a text, before anything is sent', async (t) => {
  const priceless = testJudge(chat, { price: null, maxUsd: 1 });
  await t.throwsAsync(grade({}, priceless), { instanceOf: JudgePriceMissing, message: /--max-usd needs the price of judge-model/ });
  await sql("UPDATE reembed.model SET usd_per_million_tokens = 1; UPDATE reembed.setting SET max_usd = 100 WHERE target ~ 'documents'");
  await t.throwsAsync(grade({}, testJudge(chat, { price: null })), { instanceOf: JudgePriceMissing, message: /^max_usd needs/ });
  await t.throwsAsync(grade({ judge: undefined }), { instanceOf: JudgeMissing });
  await t.throwsAsync(grade({ queries: { kind: 'paraphrases' }, judge: undefined, grade: false }), { instanceOf: JudgeMissing });
  await t.throwsAsync(grade({ queries: { kind: 'rows' } }), { code: 'usage', message: /rows as queries have none/ });
  t.is(chat.requests.length, 0);
});

test.serial('queries that are parts of their rows have a lexical share near 1, questions of the chat model a low one', async (t) => {
  const parts = await validateTable(database, 'documents', { queries: { kind: 'generated' }, sample: 10 });
  t.is(parts.lexicalShare, 1);
  const questions = await grade({ queries: { kind: 'paraphrases' }, sample: 10, grade: false });
  t.is(questions.comparisons.length, 10);
  t.true((questions.lexicalShare ?? 1) < 0.3, String(questions.lexicalShare));
  t.true(questions.knownItems);
  t.is(questions.querySource, 'paraphrases');
  const { rows } = await sql(
    'SELECT lexical_share, (SELECT array_agg(DISTINCT q.grade) FROM reembed.validation_query AS q WHERE q.validation = v.id) AS grades FROM reembed.validation AS v WHERE id = $1',
    [questions.id],
  );
  t.deepEqual(rows[0], { lexical_share: questions.lexicalShare, grades: ['rows'] });
});

test.serial('a row for which the chat model writes no question is left out; without any question there is no run', async (t) => {
  chat.script = ({ passage }) => (passage.includes('river') ? 'I am unable to help.' : undefined);
  const result = await grade({ queries: { kind: 'paraphrases' }, sample: 40, grade: false });
  t.true(result.comparisons.length > 20 && result.comparisons.length < 40);
  t.false(result.comparisons.some(({ query }) => textOf(Number(query.rowKey)).includes('river')));
  chat.script = () => ({ status: 401 });
  await t.throwsAsync(grade({ queries: { kind: 'paraphrases' }, sample: 5, grade: false }), {
    instanceOf: NoQuestions,
    message: /refused the API key/,
  });
});

test.serial('titles outside the embedded text are the queries made of rows, also without being asked for', async (t) => {
  await t.throwsAsync(grade({ queries: { kind: 'titles' }, grade: false }), { instanceOf: NoQueries, message: /has no title column/ });
  await createFilledCampaign(database.pool, 'pages', 30);
  await sql('ALTER TABLE pages ADD COLUMN "Headline" text; UPDATE pages SET "Headline" = \'Page about topic \' || id * 7');
  const result = await validateTable(database, 'pages', { queries: { kind: 'generated' }, sample: 8 });
  t.is(result.querySource, 'titles of column Headline');
  t.is(result.comparisons.length, 8);
  t.true(result.comparisons.every(({ query }) => query.text === `Page about topic ${Number(query.rowKey) * 7}`));
  t.true((result.lexicalShare ?? 1) < 0.2);
  // Where the text contains them, titles are no better than a part of the text.
  await sql('UPDATE pages SET "Headline" = split_part(content, \' number\', 1)');
  const contained = await validateTable(database, 'pages', { queries: { kind: 'generated' }, sample: 8 });
  t.is(contained.querySource, 'generated');
  await t.throwsAsync(validateTable(database, 'pages', { queries: { kind: 'titles' } }), {
    instanceOf: NoQueries,
    message: /no title in column Headline/,
  });
});

test.serial('erasing a row erases its grades and the questions that were made of it', async (t) => {
  const result = await grade({ queries: { kind: 'paraphrases' }, sample: 10 });
  const key = result.comparisons[0]?.query.rowKey ?? '';
  const before = await count();
  const hash = 'text_hash = sha256(convert_to((SELECT content FROM documents WHERE id = $1), $2))';
  const ofRow = async () => (await sql(`SELECT count(*)::int AS n FROM reembed.judge_grade WHERE ${hash}`, [key, 'UTF8'])).rows[0].n;
  t.true((await ofRow()) > 0);
  const { rows } = await sql(
    "SELECT place, rows::int FROM reembed.erase('documents', jsonb_build_object('id', $1::bigint)) WHERE rows > 0",
    [key],
  );
  t.true(rows.some(({ place }) => place === 'judge_grade'));
  t.is(await ofRow(), 0);
  t.true((await count()) > 0 && (await count()) < before);
  t.is(
    (await sql("SELECT FROM reembed.validation_query WHERE validation = $1 AND starts_with(query, $2 || ': ')", [result.id, key])).rowCount,
    0,
  );
  t.is((await sql('SELECT FROM reembed.validation_query WHERE validation = $1', [result.id])).rowCount, 9);
});

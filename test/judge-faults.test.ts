import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { gradeQueries } from '../src/judge/grade-queries.ts';
import { type ScriptedChat, type TestChat, testJudge } from './harness/chat.ts';
import { createJudgedCampaign, type JudgedCampaign } from './harness/judged-campaign.ts';

let judged: JudgedCampaign;
let database: Database;
let chat: TestChat;
test.before(async () => {
  judged = await createJudgedCampaign();
  ({ database, chat } = judged);
});
test.beforeEach(() => judged.reset());
test.after.always(() => judged?.close());

const sql = (text: string, values?: unknown[]) => database.pool.query(text, values);
const grade: JudgedCampaign['grade'] = (options, judge) => judged.grade(options, judge);
const grades = () => judged.grades();

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
    t.is(await grades(), 0);
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
  t.is(await grades(), result.grading?.gradedPairs ?? 0);
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

import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import type { JudgePlan } from '../src/judge/judge.ts';
import { JudgeMissing, JudgePriceMissing } from '../src/judge/judge-error.ts';
import { gradeOf, type TestChat, testJudge } from './harness/chat.ts';
import { textOf } from './harness/documents.ts';
import { createJudgedCampaign, type JudgedCampaign, SEARCH_LOG } from './harness/judged-campaign.ts';
import { validateTable } from './harness/validation.ts';

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
  t.is(await grades(), pools.flat().length);

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
  const alone = await validateTable(database, 'documents', { queries: SEARCH_LOG, k: 4, judgements });
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

test.serial('erasing a row erases its grades and the questions that were made of it', async (t) => {
  const result = await grade({ queries: { kind: 'paraphrases' }, sample: 10 });
  const key = result.comparisons[0]?.query.rowKey ?? '';
  const before = await grades();
  const hash = 'text_hash = sha256(convert_to((SELECT content FROM documents WHERE id = $1), $2))';
  const ofRow = async () => (await sql(`SELECT count(*)::int AS n FROM reembed.judge_grade WHERE ${hash}`, [key, 'UTF8'])).rows[0].n;
  t.true((await ofRow()) > 0);
  const { rows } = await sql(
    "SELECT place, rows::int FROM reembed.erase('documents', jsonb_build_object('id', $1::bigint)) WHERE rows > 0",
    [key],
  );
  t.true(rows.some(({ place }) => place === 'judge_grade'));
  t.is(await ofRow(), 0);
  t.true((await grades()) > 0 && (await grades()) < before);
  t.is(
    (await sql("SELECT FROM reembed.validation_query WHERE validation = $1 AND starts_with(query, $2 || ': ')", [result.id, key])).rowCount,
    0,
  );
  t.is((await sql('SELECT FROM reembed.validation_query WHERE validation = $1', [result.id])).rowCount, 9);
});

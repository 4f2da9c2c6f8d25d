import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { NoQuestions } from '../src/judge/judge-error.ts';
import { NoQueries } from '../src/validation/validation-error.ts';
import type { TestChat } from './harness/chat.ts';
import { textOf } from './harness/documents.ts';
import { createJudgedCampaign, type JudgedCampaign } from './harness/judged-campaign.ts';
import { createFilledCampaign, validateTable } from './harness/validation.ts';

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

import type { Queryable } from '../../database/connection.ts';
import { askEach } from '../../judge/ask-each.ts';
import { createBudget } from '../../judge/budget.ts';
import { withoutThoughts } from '../../judge/grade-answer.ts';
import { type Judge, priceOf } from '../../judge/judge.ts';
import { NoQuestions } from '../../judge/judge-error.ts';
import { questionPrompt } from '../../judge/prompts.ts';
import { tokenCounter } from '../../plan/count-tokens.ts';
import type { TextRow } from './draw-rows.ts';
import type { GeneratedQueries } from './generated-queries.ts';
import { lexicalShare } from './lexical-share.ts';
import { wordsOf } from './words.ts';

const MOST_OUTPUT_TOKENS = 256;
const EXPECTED_OUTPUT_TOKENS = 25;
const QUESTION_CHARACTERS = { fewest: 5, most: 300 };
const REFUSAL = /^(i.?m sorry|sorry\b|i (cannot|can.?t|am unable|.?m unable)|as an ai\b)/i;

/**
 * Has the chat model write, for each row, the question of a user that the row answers. The relevant row of a question is its row. A row for
 * which the model writes no usable question is left out.
 *
 * @param rows random rows
 * @param common words that do not count in the lexical share
 * @param campaign name of the campaign, whose spend cap counts
 * @throws NoQuestions when no row has a question; JudgePriceMissing
 */
export async function paraphraseRows(
  db: Queryable,
  judge: Judge,
  campaign: string,
  rows: readonly TextRow[],
  common: ReadonlySet<string>,
): Promise<GeneratedQueries> {
  const budget = await createBudget(db, campaign, judge);
  const count = await tokenCounter();
  const questions = rows.map(({ text }) => {
    const prompt = questionPrompt(text);
    return { text, prompt, inputTokens: count(`${prompt.system}\n${prompt.user}`) };
  });
  const input = questions.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const output = questions.length * EXPECTED_OUTPUT_TOKENS;
  const left = await budget.tokensLeft(priceOf(judge, { input, output }) / (input + output));
  // Whole rows, the last ones left out.
  let tokens = judge.concurrency * MOST_OUTPUT_TOKENS;
  const within = questions.filter(({ inputTokens }) => {
    tokens += inputTokens + EXPECTED_OUTPUT_TOKENS;
    return tokens <= left;
  });
  const expected = {
    input: within.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    output: within.length * EXPECTED_OUTPUT_TOKENS,
  };
  judge.onPlan?.({
    purpose: 'question',
    model: judge.chat.model,
    host: judge.chat.host,
    requests: within.length,
    known: 0,
    leftOut: rows.length - within.length,
    tokens: expected.input + expected.output,
    usd: judge.price === null ? null : priceOf(judge, expected),
  });
  const { answers, problem } = await askEach(judge, within, {
    mostOutputTokens: MOST_OUTPUT_TOKENS,
    read: (answer, { text }) => readQuestion(answer, text),
    budget,
  });
  const queries = answers.flatMap((question, i) => {
    const { key, text, slices } = rows[i] as TextRow;
    return question === undefined
      ? []
      : [{ id: key, text: question, rowKey: key, lexicalShare: lexicalShare(question, text, common), slices }];
  });
  if (queries.length === 0) throw new NoQuestions(judge.chat.model, within.length === 0 ? 'the limits allow no request' : problem);
  return { queries, judgements: new Map(queries.map(({ id }) => [id, new Map([[id, 1]])])) };
}

/**
 * Reads a question from an answer.
 *
 * @param passage the text that it is asked about
 * @returns undefined for a refusal, a page, several lines, or a quotation of the passage
 */
export function readQuestion(answer: string, passage: string): string | undefined {
  const question = withoutThoughts(answer)
    .replace(/^["“„«]|["”“»]$/gu, '')
    .trim();
  const { fewest, most } = QUESTION_CHARACTERS;
  if (question.length < fewest || question.length > most || /[\r\n<>]/.test(question) || REFUSAL.test(question)) return undefined;
  const words = wordsOf(question);
  if (words.length === 0 || ` ${wordsOf(passage).join(' ')} `.includes(` ${words.join(' ')} `)) return undefined;
  return question;
}

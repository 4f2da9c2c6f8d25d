import type { Queryable } from '../database/connection.ts';
import { tokenCounter } from '../plan/count-tokens.ts';
import { askEach, type Question } from './ask-each.ts';
import { type Budget, createBudget } from './budget.ts';
import { digestOf } from './digest.ts';
import { type Grade, readGrade } from './grade-answer.ts';
import { openGradeCache, type PairDigest, pairId } from './grade-cache.ts';
import { type Judge, priceOf } from './judge.ts';
import { gradePrompt } from './prompts.ts';

/** A query and the texts to grade for it. */
export interface QueryToGrade {
  query: string;
  texts: readonly string[];
}

/** Grades of one run, and what they took. */
export interface Grading {
  /** name of the chat model */
  model: string;
  /** the grade of a text for a query; undefined where the model gave none */
  gradeOf(query: string, text: string): Grade | undefined;
  /** whether the query was left out because of a limit */
  isLeftOut(query: string): boolean;
  /** queries left out because of a limit */
  leftOut: number;
  /** pairs that have a grade */
  gradedPairs: number;
  /** pairs among them whose grade was stored already */
  knownPairs: number;
  /** pairs without a readable answer */
  ungradedPairs: number;
  tokens: number;
  /** null where the price is not known */
  usd: number | null;
  /** the last reason that a pair has no grade */
  problem: string | null;
}

interface PairQuestion extends Question {
  pair: PairDigest;
}

/** The questions of a query that are not answered yet. */
interface OpenQuery {
  query: string;
  questions: PairQuestion[];
  tokens: number;
}

// An answer is a few tokens; a model that thinks needs more.
const MOST_OUTPUT_TOKENS = 256;
const EXPECTED_OUTPUT_TOKENS = 10;
// Roles and separators of a chat message.
const TOKENS_BESIDE = 10;

/**
 * Has the chat model grade texts for queries. A grade that is stored is not asked for again. Where the limits do not allow all of it, whole
 * queries are left out, the last ones first.
 *
 * @throws JudgePriceMissing; errors of the database
 */
export async function gradeQueries(
  db: Queryable,
  judge: Judge,
  { campaign, target }: { campaign: string; target: string },
  queries: readonly QueryToGrade[],
): Promise<Grading> {
  const budget = await createBudget(db, campaign, judge);
  const cache = openGradeCache(db, target, judge.chat.model);
  const count = await tokenCounter();
  const tokensOf = remembered(count);
  const digest = remembered(digestOf);
  const digestsOf = ({ query, texts }: QueryToGrade) =>
    [...new Set(texts)].map((text) => ({ pair: { query: digest(query), text: digest(text) }, query, text }));

  const known = await cache.find(queries.flatMap((one) => digestsOf(one).map(({ pair }) => pair)));
  const grades = new Map(known);
  const empty = gradePrompt('', '');
  const promptTokens = count(`${empty.system}\n${empty.user}`) + TOKENS_BESIDE;

  const planned = new Set<string>();
  const questionsOf = (one: QueryToGrade): PairQuestion[] =>
    digestsOf(one)
      .filter(({ pair }) => !known.has(pairId(pair)) && !planned.has(pairId(pair)))
      .map(({ pair, query, text }) => ({
        pair,
        // Assembled when it is asked, so that the texts of all pairs are not held twice.
        get prompt() {
          return gradePrompt(query, text);
        },
        inputTokens: promptTokens + tokensOf(query) + tokensOf(text),
      }));
  const needed: OpenQuery[] = queries.map((one) => {
    const questions = questionsOf(one);
    for (const { pair } of questions) planned.add(pairId(pair));
    return { query: one.query, questions, tokens: sum(questions.map(({ inputTokens }) => inputTokens + EXPECTED_OUTPUT_TOKENS)) };
  });
  const { within, leftOut } = await fitLimits(needed, judge, budget);
  const questions = within.flatMap((one) => one.questions);
  const expected = expectedOf(within);
  judge.onPlan?.({
    purpose: 'grade',
    model: judge.chat.model,
    host: judge.chat.host,
    requests: questions.length,
    known: known.size,
    leftOut: leftOut.size,
    tokens: expected.input + expected.output,
    usd: judge.price === null ? null : priceOf(judge, expected),
  });

  const { answers, problem } = await askEach(judge, questions, {
    mostOutputTokens: MOST_OUTPUT_TOKENS,
    read: readGrade,
    budget,
    keep: async ({ pair }, grade) => {
      grades.set(pairId(pair), grade);
      await cache.keep(pair, grade);
    },
  });
  return {
    model: judge.chat.model,
    gradeOf: (query, text) => grades.get(pairId({ query: digest(query), text: digest(text) })),
    isLeftOut: (query) => leftOut.has(query),
    leftOut: leftOut.size,
    gradedPairs: grades.size,
    knownPairs: known.size,
    ungradedPairs: answers.filter((answer) => answer === undefined).length,
    tokens: budget.used.tokens,
    usd: judge.price === null ? null : budget.used.usd,
    problem,
  };
}

/** The queries that the limits allow, in their order, and those left out. */
async function fitLimits(
  needed: readonly OpenQuery[],
  judge: Judge,
  budget: Budget,
): Promise<{ within: OpenQuery[]; leftOut: Set<string> }> {
  const all = expectedOf(needed);
  const tokens = all.input + all.output;
  // Every request reserves the longest answer until it is answered.
  const reserved = judge.concurrency * MOST_OUTPUT_TOKENS;
  let left = (await budget.tokensLeft(tokens === 0 ? 0 : priceOf(judge, all) / tokens)) - reserved;
  const within: OpenQuery[] = [];
  const leftOut = new Set<string>();
  for (const one of needed) {
    if (one.tokens <= left || one.questions.length === 0) within.push(one);
    else leftOut.add(one.query);
    // Once a query does not fit, only those without a question follow: a cheap query is no better sample than an expensive one.
    left = leftOut.size > 0 ? 0 : left - one.tokens;
  }
  return { within, leftOut };
}

function expectedOf(queries: readonly OpenQuery[]): { input: number; output: number } {
  const all = queries.flatMap(({ questions }) => questions);
  return { input: sum(all.map(({ inputTokens }) => inputTokens)), output: all.length * EXPECTED_OUTPUT_TOKENS };
}

function remembered<V>(compute: (text: string) => V): (text: string) => V {
  const known = new Map<string, V>();
  return (text) => {
    const value = known.get(text) ?? compute(text);
    known.set(text, value);
    return value;
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { mayBeCharged } from '../embedding/send-in-turn.ts';
import { messageOf, ReembedError } from '../errors.ts';
import { inParallel } from '../validation/search/in-parallel.ts';
import type { Budget } from './budget.ts';
import type { Prompt } from './chat.ts';
import type { Judge } from './judge.ts';
import { JudgeLimitReached, UnreadableAnswer } from './judge-error.ts';

/** One question to a chat model. */
export interface Question {
  prompt: Prompt;
  /** expected tokens of the prompt */
  inputTokens: number;
}

/** Options of askEach(). */
export interface AskOptions<Q, A> {
  /** maximum number of tokens of an answer at the first attempt */
  mostOutputTokens: number;
  /** reads an answer; undefined if it is not one */
  read(text: string, question: Q): A | undefined;
  budget: Budget;
  /** called with each answer, before the next question */
  keep?(question: Q, answer: A): Promise<void>;
}

/** Answers in the order of the questions. */
export interface Answers<A> {
  /** undefined where the model gave no readable answer */
  answers: (A | undefined)[];
  /** the last reason that a question has no answer; null when all have one */
  problem: string | null;
}

const TRIES = 3;
// A longer answer is paid for; a chain of thought may need it.
const LONGER_AFTER_CUT = 4;
// At temperature 0 a model repeats the answer that could not be read.
const TEMPERATURE_OF_RETRIES = 0.5;
const FAILURES_IN_A_ROW = 10;
const LONGEST_HOLD_SECONDS = 30;

/**
 * Asks a chat model many questions, some at a time. An answer that cannot be read and an error that may pass are retried twice; then the
 * question stays without an answer. When the model refuses to serve at all, does not answer ten questions in a row, or a limit is reached,
 * no further question is sent. Never throws an error of the provider.
 *
 * @throws errors of `keep` and of the database
 */
export async function askEach<Q extends Question, A>(
  judge: Judge,
  questions: readonly Q[],
  options: AskOptions<Q, A>,
): Promise<Answers<A>> {
  const { chat, concurrency, pauseMs, onProgress } = judge;
  let problem: string | null = null;
  let isStopped = false;
  let failuresInARow = 0;
  let holdUntil = 0;
  let done = 0;

  const answers = await inParallel(questions, concurrency, async (question) => {
    const answer = isStopped ? undefined : await answerTo(question);
    if (answer !== undefined) await options.keep?.(question, answer);
    onProgress?.(++done, questions.length);
    return answer;
  });
  return { answers, problem };

  async function answerTo(question: Q): Promise<A | undefined> {
    try {
      const answer = await pRetry((attempt) => ask(question, attempt), {
        retries: TRIES - 1,
        minTimeout: pauseMs,
        randomize: true,
        shouldRetry: ({ error }) => !isStopped && (error instanceof UnreadableAnswer || error instanceof ProviderUnavailable),
        onFailedAttempt({ error }) {
          const seconds = error instanceof ProviderUnavailable ? (error.retryAfterSeconds ?? 0) : 0;
          holdUntil = Math.max(holdUntil, Date.now() + Math.min(seconds, LONGEST_HOLD_SECONDS) * 1000);
        },
      });
      failuresInARow = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof ReembedError)) throw error;
      problem = messageOf(error);
      failuresInARow += 1;
      // 403 and 404 may be the answer of a firewall to one text.
      const isForAll = error instanceof JudgeLimitReached || (error instanceof ProviderRefused && !error.mayBeOfText);
      if (isForAll || failuresInARow >= FAILURES_IN_A_ROW) isStopped = true;
      return undefined;
    }
  }

  async function ask(question: Q, attempt: number): Promise<A> {
    await sleep(Math.max(0, holdUntil - Date.now()));
    const mostOutput = options.mostOutputTokens * LONGER_AFTER_CUT ** (attempt - 1);
    const correct = await options.budget.reserve({ input: question.inputTokens, output: mostOutput });
    const answered = await chat.ask(question.prompt, mostOutput, attempt === 1 ? 0 : TEMPERATURE_OF_RETRIES).catch(async (error) => {
      if (!mayBeCharged(error)) await correct({ input: 0, output: 0 });
      throw error;
    });
    // A provider that counts no tokens is not free: the expected number stays.
    if (answered.tokens) await correct(answered.tokens);
    const answer = answered.isCut ? undefined : options.read(answered.text, question);
    if (answer === undefined) throw new UnreadableAnswer(chat.model, answered.isCut);
    return answer;
  }
}

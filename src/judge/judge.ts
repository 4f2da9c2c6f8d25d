import type { Chat } from './chat.ts';

/** US dollars per million tokens. */
export interface ChatPrice {
  input: number;
  output: number;
}

/** What a number of requests will take, known before the first one is sent. */
export interface JudgePlan {
  purpose: 'grade' | 'question';
  model: string;
  host: string;
  /** requests to send; each sends the text of a row */
  requests: number;
  /** pairs whose grade is stored already */
  known: number;
  /** queries that are left out because of a limit */
  leftOut: number;
  /** expected tokens, input and output together */
  tokens: number;
  /** expected price; null where it is not known */
  usd: number | null;
}

/** A chat model that judges, and the limits that it is used within. */
export interface Judge {
  chat: Chat;
  /** null where it is not known */
  price: ChatPrice | null;
  /** maximum number of tokens that a run may use */
  maxTokens?: number | undefined;
  /** maximum price of a run, in US dollars */
  maxUsd?: number | undefined;
  /** maximum number of concurrent requests */
  concurrency: number;
  /** pause before a request is repeated, in milliseconds; doubled with each repetition */
  pauseMs: number;
  /** called before the first request */
  onPlan?: ((plan: JudgePlan) => void) | undefined;
  /** called after each answer */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Expected price of tokens in US dollars; 0 where the price is not known. */
export function priceOf({ price }: Pick<Judge, 'price'>, tokens: { input: number; output: number }): number {
  return price === null ? 0 : (tokens.input * price.input + tokens.output * price.output) / 1_000_000;
}

import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { messageOf, ReembedError } from '../errors.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { hideQuotedSecrets } from '../secrets.ts';
import type { Bound } from './request-limits.ts';
import { SHORT_TEXT } from './short-text.ts';

/** How a provider failed to answer. */
export type FailureClass = 'server_error' | 'timed_out' | 'connection_failed' | 'not_json' | 'error_answer' | 'no_answer';

/** The provider cannot be reached or is overloaded: the same request may succeed later. */
export class ProviderUnavailable extends ReembedError {
  readonly class: FailureClass;
  /** seconds to wait, as requested by the provider */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    model: string,
    message: string,
    details: { class?: FailureClass; retryAfterSeconds?: number | undefined; words?: string | undefined } = {},
  ) {
    super(
      'provider_unavailable',
      `the provider of ${model} does not answer: ${message}`,
      'nothing is lost: run the command again later; raise EMBED_PATIENCE_SECONDS to wait longer',
      { words: details.words },
    );
    this.class = details.class ?? 'no_answer';
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The provider is overloaded and asks for fewer requests (429). */
export class ProviderOverloaded extends ProviderUnavailable {}

/** Only the operator can fix it: key, quota, address or model name. Not counted as an attempt of any row. */
export class ProviderRefused extends ReembedError {
  /** the model that cannot be called */
  readonly model: string;
  /** whether a firewall or a proxy before the provider may have refused the texts of this request only */
  readonly mayBeOfText: boolean;

  constructor(
    code: string,
    message: string,
    remedy: string,
    details: { model: string; words?: string | undefined; mayBeOfText?: boolean },
  ) {
    super(code, message, remedy, { words: details.words });
    this.model = details.model;
    this.mayBeOfText = details.mayBeOfText ?? false;
  }
}

/** The provider refuses this input; another one may pass. Splitting the request finds the row. */
export class InputRefused extends ReembedError {
  constructor(code: string, model: string, message: string, words?: string) {
    super(
      code,
      `the provider of ${model} refused the input: ${message}`,
      'shorten or correct the text of the row, then run npm run retry',
      {
        words,
      },
    );
  }
}

/** A request of several texts is larger than the provider accepts. For a single text: it is too long. */
export class RequestTooLarge extends InputRefused {
  /** whether the number of texts or their total size is too large */
  readonly bound: Bound;

  constructor(bound: Bound, model: string, message: string, words?: string) {
    super('request_too_large', model, message, words);
    this.bound = bound;
  }
}

/** No API key for a provider that needs one. */
export class MissingApiKey extends ProviderRefused {
  constructor(model: string, variable: string) {
    super(
      'missing_api_key',
      `no API key for ${model}`,
      `set ${variable} in .env (any value works for a local server without authentication)`,
      { model },
    );
  }
}

/** The model names a provider that this process does not have. */
export class UnknownProvider extends ProviderRefused {
  constructor(model: string, provider: string) {
    super(
      'unknown_provider',
      `this process has no provider ${provider}, which ${model} names`,
      `add ${provider} to reembed.config.ts, .js or .json where the process runs, or: SELECT reembed.set_provider(MODEL, PROVIDER)`,
      { model },
    );
  }
}

/** What a request was sent for: the model, and the provider's configuration. */
export interface Asked {
  model: string;
  access: Pick<ProviderAccess, 'keyVariable' | 'addressSetting'>;
}

/**
 * Classifies an error of the openai client by its cause: transient, caused by the input, or for the operator to fix.
 * The message has status and code. The server's text is in `words`, because servers often quote what they were sent.
 *
 * @param secrets values that must not appear in it
 * @param texts the texts that were sent; if all of them are our own, the message contains the server's text as well
 */
export function classifyProviderError(error: unknown, { model, access }: Asked, secrets: string[], texts: string[]): Error {
  if (error instanceof ReembedError) return error;
  // An error thrown by our fetch function arrives as the cause.
  if (error instanceof APIConnectionError && error.cause instanceof ReembedError) return error.cause;
  const words = presentable(reasonOf(error), secrets, texts);
  const mayBeSaid = texts.length > 0 && texts.every((text) => text === SHORT_TEXT);
  // The cause is omitted on purpose: the client's error carries request headers, which contain the key.
  const unavailable = () =>
    new ProviderUnavailable(model, mayBeSaid ? words : unansweredBecause(error), { class: unansweredClass(error), words });
  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return unavailable();
  if (!(error instanceof APIError)) return unavailable();
  const { status, code } = error;
  // The client puts the status before the provider's message.
  const said = [mayBeSaid ? words.replace(new RegExp(`^${status} `), '') : wordOf(code)].filter(Boolean);
  const reason = [status, ...said].join(' ');
  if (status === 401 || status === 403) {
    return new ProviderRefused(
      'provider_login',
      `the provider of ${model} refused the API key (${status})`,
      `check ${access.keyVariable} and ${access.addressSetting}`,
      { model, words, mayBeOfText: status === 403 },
    );
  }
  if (status === 404) {
    return new ProviderRefused(
      'model_not_found',
      `the provider has no model ${model} (404)${said.map((word) => `: ${word}`).join('')}`,
      `check the model name, the account and ${access.addressSetting}; for a retired old model: npm run setting -- old_model_gone=true`,
      { model, words, mayBeOfText: true },
    );
  }
  if (status === 402 || code === 'insufficient_quota') {
    return new ProviderRefused(
      'provider_quota',
      `the account at the provider of ${model} has no credit left`,
      'top it up, then start the worker again; nothing is lost',
      { model },
    );
  }
  if (status === 429 && isLargerThanLimit(words)) return new RequestTooLarge('tokens', model, reason, words);
  if (status === 429) return new ProviderOverloaded(model, reason, { retryAfterSeconds: retryAfter(error), words });
  if (status === 408 || status === 409 || (status !== undefined && status >= 500)) {
    return new ProviderUnavailable(model, reason, { class: 'server_error', retryAfterSeconds: retryAfter(error), words });
  }
  const bound = status === 413 || status === 400 || status === 422 ? exceededBound(words) : undefined;
  if (bound || status === 413) return new RequestTooLarge(bound ?? 'tokens', model, reason, words);
  return new InputRefused('input_refused', model, reason, words);
}

// Phrases of OpenAI, Azure, Gemini, Vertex, Voyage, Cohere, Mistral, TEI and others. They must not match what these say
// about a single text that is too long.
const TOO_MANY_TOKENS = /tokens (per|in (a|the|this))\b.{0,20}\b(request|batch)|too many tokens overall/i;
const TOO_MANY_INPUTS =
  /batch[ _]?size|too many (inputs|texts|documents|instances|requests in)|number of (inputs|texts|documents)\b|array too long|at most \d+ (inputs|texts|documents|requests|instances)|instance\(s\) (is|are) allowed/i;

/** The limit of a whole request that was exceeded according to the provider's message, if it names one. */
function exceededBound(message: string): Bound | undefined {
  if (TOO_MANY_TOKENS.test(message)) return 'tokens';
  return TOO_MANY_INPUTS.test(message) ? 'inputs' : undefined;
}

/** Whether a 429 says that this request alone is larger than the limit of a minute, so that no wait helps. */
function isLargerThanLimit(message: string): boolean {
  if (/request (is )?too large/i.test(message)) return true;
  const [, limit, requested] = /\blimit:? ([\d,]+)\b.*\brequested:? ([\d,]+)/i.exec(message) ?? [];
  return limit !== undefined && requested !== undefined && countOf(requested) > countOf(limit);
}

const countOf = (figure: string) => Number(figure.replaceAll(',', ''));

/** A code of the provider, if it looks like one: a sentence in its place may quote a text. */
export function wordOf(code: unknown): string {
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : '';
}

/** Why there is no answer, in our own words and not the server's. */
function unansweredBecause(error: unknown): string {
  if (error instanceof SyntaxError) return 'its answer is not JSON';
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const said = error instanceof APIConnectionError || error instanceof APIUserAbortError ? messageOf(error) : (error as Error).name;
  return [said, wordOf((deepest as { code?: unknown }).code)].filter(Boolean).join(' ');
}

function unansweredClass(error: unknown): FailureClass {
  if (error instanceof SyntaxError) return 'not_json';
  if (error instanceof APIConnectionTimeoutError) return 'timed_out';
  return error instanceof APIConnectionError ? 'connection_failed' : 'no_answer';
}

/** The message of the error and of its root cause, such as a refused connection. */
function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const { code } = deepest as { code?: unknown };
  const reason = deepest === error ? '' : ` ${typeof code === 'string' ? code : messageOf(deepest)}`;
  return `${messageOf(error)}${reason}`.replace(/\s+/g, ' ').slice(0, 2000);
}

const MOST_WORDS = 300;
const QUOTED = 12;

/** A provider's message without secrets and without quotations of the texts, of limited length. */
export function presentable(message: string, secrets: string[], texts: string[]): string {
  return withoutTexts(hideQuotedSecrets(message, secrets), texts).slice(0, MOST_WORDS);
}

/** Replaces every quotation of the texts in a message, whole or partial, by a mark. */
function withoutTexts(message: string, texts: string[]): string {
  const sources = texts.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => text.length > 3);
  const quoted = new Array<boolean>(message.length).fill(false);
  for (const source of sources) {
    const length = Math.min(QUOTED, source.length);
    for (let at = 0; at + length <= message.length; at++) {
      if (source.includes(message.slice(at, at + length))) quoted.fill(true, at, at + length);
    }
  }
  return message.replace(/./gs, (character, at: number) => (quoted[at] ? (quoted[at - 1] ? '' : '[text]') : character));
}

function retryAfter(error: APIError): number | undefined {
  const milliseconds = Number(error.headers?.get('retry-after-ms'));
  if (milliseconds > 0) return milliseconds / 1000;
  const value = error.headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number.isFinite(Number(value)) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return seconds > 0 ? Math.min(seconds, 3600) : undefined;
}

import { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { messageOf, ReembedError } from '../errors.ts';
import { hideQuotedSecrets } from '../secrets.ts';
import type { Bound } from './request-limits.ts';

/** The provider cannot be reached or is overloaded: the same request may succeed later. */
export class ProviderUnavailable extends ReembedError {
  /** what the provider asked to wait, in seconds */
  readonly retryAfterSeconds: number | undefined;

  constructor(model: string, message: string, retryAfterSeconds?: number, cause?: unknown) {
    super(
      'provider_unavailable',
      `the provider of ${model} does not answer: ${message}`,
      'nothing is lost: run the command again later; raise EMBED_PATIENCE_SECONDS to wait longer',
      {
        cause,
      },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The provider asks for fewer requests (429). */
export class ProviderOverloaded extends ProviderUnavailable {}

/** Only the operator can mend it: key, quota, address or model name. Costs no row an attempt. */
export class ProviderRefused extends ReembedError {
  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(code, message, remedy, { cause });
  }
}

/** The provider will not take this input; another one may pass. Splitting finds the row. */
export class InputRefused extends ReembedError {
  constructor(code: string, model: string, message: string, cause?: unknown) {
    super(code, `the provider of ${model} refused the input: ${message}`, 'shorten or correct the text of the row, then npm run retry', {
      cause,
    });
  }
}

/** A request of several texts is more than the provider takes at once; a single one is too long. */
export class RequestTooLarge extends InputRefused {
  /** whether there are too many texts, or too much of them */
  readonly bound: Bound;

  constructor(bound: Bound, model: string, message: string) {
    super('request_too_large', model, message);
    this.bound = bound;
  }
}

/** No API key for a provider that needs one. */
export class MissingApiKey extends ProviderRefused {
  constructor(model: string, variable: string) {
    super('missing_api_key', `no API key for ${model}`, `set ${variable} in .env (any word will do for a local server that needs none)`);
  }
}

/**
 * Sorts an error of the openai client by whose fault it is: passing, the input's, or the operator's.
 *
 * @param secrets values that must not appear in the message
 * @param texts the texts that were sent; servers like to quote them, and messages are stored where more people can read
 */
export function classifyProviderError(error: unknown, model: string, secrets: string[], texts: string[]): Error {
  if (error instanceof ReembedError) return error;
  // What was thrown in the place of fetch comes as the cause.
  if (error instanceof APIConnectionError && error.cause instanceof ReembedError) return error.cause;
  const message = withoutTexts(hideQuotedSecrets(reasonOf(error), secrets), texts).slice(0, 300);
  // The cause is left out on purpose: the client's error carries request headers with the key in them.
  if (error instanceof APIConnectionError || error instanceof APIUserAbortError) return new ProviderUnavailable(model, message);
  if (!(error instanceof APIError)) {
    return error instanceof SyntaxError
      ? new ProviderUnavailable(model, 'its answer is not JSON')
      : new ProviderUnavailable(model, message);
  }
  const { status, code } = error;
  // The client puts the status before what the provider said.
  const said = message.replace(new RegExp(`^${status} `), '');
  if (status === 401 || status === 403) {
    return new ProviderRefused(
      'provider_login',
      `the provider of ${model} refused the API key (${status})`,
      'check OPENAI_API_KEY and OPENAI_BASE_URL (for the old model OPENAI_OLD_API_KEY and OPENAI_OLD_BASE_URL)',
    );
  }
  if (status === 404) {
    return new ProviderRefused(
      'model_not_found',
      `the provider does not know model ${model} (404): ${said}`,
      'check the model name, the account and OPENAI_BASE_URL; for a retired old model: npm run setting -- keep_old_current=false',
    );
  }
  if (status === 402 || code === 'insufficient_quota') {
    return new ProviderRefused(
      'provider_quota',
      `the account at the provider of ${model} has no credit left`,
      'top it up, then start the worker again; nothing is lost',
    );
  }
  if (status === 429) return new ProviderOverloaded(model, `429 ${said}`, retryAfter(error));
  if (status === 408 || status === 409 || (status !== undefined && status >= 500)) {
    return new ProviderUnavailable(model, `${status} ${said}`, retryAfter(error));
  }
  const bound = status === 413 || status === 400 || status === 422 ? exceededBound(message) : undefined;
  if (bound || status === 413) return new RequestTooLarge(bound ?? 'tokens', model, message);
  return new InputRefused('input_refused', model, message);
}

// In the words of OpenAI, Azure, Gemini, Vertex, Voyage, Cohere, Mistral, TEI and others. What they say of a single text that is
// too long must not be among them.
const TOO_MANY_TOKENS = /tokens (per|in (a|the|this))\b.{0,20}\b(request|batch)|too many tokens overall/i;
const TOO_MANY_INPUTS =
  /batch[ _]?size|too many (inputs|texts|documents|instances|requests in)|number of (inputs|texts|documents)\b|array too long|at most \d+ (inputs|texts|documents|requests|instances)|instance\(s\) (is|are) allowed/i;

/** Which limit of a whole request the provider says was exceeded, if it says so. */
function exceededBound(message: string): Bound | undefined {
  if (TOO_MANY_TOKENS.test(message)) return 'tokens';
  return TOO_MANY_INPUTS.test(message) ? 'inputs' : undefined;
}

/** What the error says and what lies at the bottom of it, such as a refused connection. */
function reasonOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const { code } = deepest as { code?: unknown };
  const reason = deepest === error ? '' : ` ${typeof code === 'string' ? code : messageOf(deepest)}`;
  return `${messageOf(error)}${reason}`.replace(/\s+/g, ' ').slice(0, 2000);
}

const QUOTED = 12;

/** Replaces whatever of the texts a message quotes, whole or in part, by a mark. */
export function withoutTexts(message: string, texts: string[]): string {
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

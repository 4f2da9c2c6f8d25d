import { ProviderOverloaded, ProviderUnavailable, presentable } from './provider-error.ts';
import { SHORT_TEXT } from './short-text.ts';

/**
 * The error that a server reports with status 200: an object with `error` in place of vectors, or a page that is not JSON.
 *
 * @param secrets values that must not appear in it
 * @param texts the texts that were sent
 * @returns undefined for an answer that is neither
 */
export function errorInAnswer(answer: unknown, model: string, secrets: string[], texts: string[]): ProviderUnavailable | undefined {
  const { data, error } = (typeof answer === 'object' && answer !== null ? answer : {}) as { data?: unknown; error?: unknown };
  if (typeof answer !== 'string' && (Array.isArray(data) || error === undefined || error === null)) return undefined;
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  const said = typeof answer === 'string' ? answer : typeof message === 'string' ? message : JSON.stringify(error);
  const words = presentable(said.replace(/\s+/g, ' '), secrets, texts);
  const kind = typeof answer === 'string' ? 'not_json' : 'error_answer';
  const reason = kind === 'not_json' ? 'its answer is not JSON' : 'its answer is an error with status 200';
  // A text of our own cannot be quoted.
  const full = texts.every((text) => text === SHORT_TEXT) ? `${reason}: ${words}` : reason;
  return Number(code) === 429
    ? new ProviderOverloaded(model, full, { class: kind, words })
    : new ProviderUnavailable(model, full, { class: kind, words });
}

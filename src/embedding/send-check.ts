import pRetry from 'p-retry';
import { BadAnswer } from './check-vectors.ts';
import type { DistinctText } from './distinct-texts.ts';
import { refusalOf } from './probe.ts';
import type { Provider } from './provider.ts';
import { ProviderUnavailable } from './provider-error.ts';

const PLAIN = 'This sentence of plain words asks whether the provider answers. ';
// A longer text may be refused for its length, which says nothing about an outage.
const LONGEST_PLAIN = 2000;

/**
 * Sends a text of about the size of a suspected one that the model embedded before. If none is known, it is of plain words.
 * It is never a short one for a long one: an overloaded server may still embed short texts.
 *
 * @returns the failure of a provider that does not answer; undefined when it embedded the text
 * @throws ProviderRefused for any other failure, which no text can have caused, and the reason of an aborted signal
 */
export async function sendCheck(
  suspect: DistinctText,
  { findings, model }: Provider,
  ask: (text: DistinctText) => Promise<unknown>,
): Promise<ProviderUnavailable | undefined> {
  try {
    // One bad answer may be accidental; three are systematic.
    await pRetry(() => ask({ ...(findings.succeeded.pick(suspect.tokens) ?? plain(suspect)), hasFailed: false, sent: 0, failures: 0 }), {
      retries: 2,
      minTimeout: 200,
      shouldRetry: ({ error }) => error instanceof BadAnswer,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ProviderUnavailable) return error;
    throw refusalOf(error, model.name, 'a text that it had no reason to refuse');
  }
}

function plain({ text, tokens }: DistinctText): { text: string; tokens: number } {
  const length = Math.min(text.length, LONGEST_PLAIN);
  return { text: PLAIN.repeat(Math.ceil(length / PLAIN.length)).slice(0, length), tokens: Math.min(tokens, LONGEST_PLAIN) };
}

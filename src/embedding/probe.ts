import pRetry from 'p-retry';
import type { Config } from '../config.ts';
import { BadAnswer } from './check-vectors.ts';
import type { ModelRow } from './models.ts';
import { openProvider } from './open-provider.ts';
import type { Provider } from './provider.ts';
import { InputRefused, MissingApiKey, ProviderRefused } from './provider-error.ts';
import { SHORT_TEXT } from './short-text.ts';

/**
 * Sends one short text, so that a wrong key, name or dimension is found before anything is written.
 *
 * @returns a sentence for the plan
 * @throws ProviderUnavailable, ProviderRefused
 */
export async function probeProvider(model: ModelRow, config: Config): Promise<string> {
  try {
    await sendProbe(openProvider(model, 'new', config));
    return 'the provider answered with vectors of the right size';
  } catch (error) {
    // Planning must be possible without a key; any other error is better found now than during the campaign.
    if (error instanceof MissingApiKey) return `not probed: ${error.message}`;
    throw error;
  }
}

/**
 * Sends one short text of our own, so that a refusal cannot be caused by a row.
 *
 * @throws ProviderUnavailable, ProviderRefused
 */
export async function sendProbe(provider: Provider): Promise<void> {
  try {
    // One bad answer may be accidental; three are systematic.
    await pRetry(() => provider.embed([SHORT_TEXT], 'document'), {
      retries: 2,
      minTimeout: 200,
      shouldRetry: ({ error }) => error instanceof BadAnswer,
    });
  } catch (error) {
    throw refusalOf(error, provider.model.name, 'a short test text');
  }
}

/**
 * What a failure means that no text can have caused: a refused input and a bad answer are for the operator to fix as well.
 *
 * @param sent what was sent, in words
 */
export function refusalOf(error: unknown, model: string, sent: string): unknown {
  if (error instanceof BadAnswer && error.code === 'wrong_dimensions')
    return new ProviderRefused(error.code, error.message, error.remedy, { model });
  if (!(error instanceof InputRefused || error instanceof BadAnswer)) return error;
  return new ProviderRefused(
    error.code,
    error.message,
    `the provider gave this answer to ${sent}: check the model name, the options and the server behind ${model}`,
    { model, words: error.words },
  );
}

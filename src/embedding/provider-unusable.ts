import type { ReembedError } from '../errors.ts';
import { ProviderRefused } from './provider-error.ts';

/** More than half of a batch was refused, so the provider is at fault. Recording good rows as failed would hide that. */
export class ProviderUnusable extends ProviderRefused {
  constructor(model: string, refused: number, total: number, { message, words }: ReembedError) {
    super(
      'provider_unusable',
      `${refused} of ${total} texts were refused, so the cause is not a single row; the last reason: ${message}`,
      `check the model name, the dimensions and the server behind ${model}, then start again; no row was marked as failed`,
      { model, words },
    );
  }
}

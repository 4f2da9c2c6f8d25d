import { openBatchApi } from '../../embedding/open-provider.ts';
import { ProviderUnavailable } from '../../embedding/provider-error.ts';
import { messageOf } from '../../errors.ts';
import type { WorkContext } from '../context.ts';

/**
 * Finds out whether the provider has a batch API before any row is set aside for it. One that merely does not answer is waited
 * for by the work itself. What is there already is checked at once: whoever starts a worker may have fixed something.
 *
 * @throws BatchApiMissing, MissingApiKey, ProviderRefused
 */
export async function requireBatchApi(context: WorkContext): Promise<void> {
  try {
    await openBatchApi(context.config).requireOffered();
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    context.notice(messageOf(error));
  }
  await context.database.pool.query("UPDATE reembed.provider_batch SET next_check_at = clock_timestamp() WHERE state <> 'settled'");
}

/** Sets rows aside for the batch API where there are any to be sent; a job then sends them. */
export async function claimForBatchApi({ config, database }: WorkContext): Promise<void> {
  await database.pool.query('SELECT reembed.claim_provider_batch($1, $2)', [config.batchApiInputs, config.batchApiOpen]);
}

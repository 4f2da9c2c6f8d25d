import { openBatchApi } from '../../embedding/open-provider.ts';
import { ProviderUnavailable } from '../../embedding/provider-error.ts';
import { messageOf } from '../../errors.ts';
import type { WorkContext } from '../context.ts';

/**
 * Checks that the provider has a batch API before any row is set aside for it. An API that only fails to answer is no
 * error here: the work itself waits for it. Open provider batches are checked immediately, because the operator may
 * have fixed something before starting the worker.
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

/** Sets rows aside for the batch API if there are any to send; a job then sends them. */
export async function claimForBatchApi({ config, database }: WorkContext): Promise<void> {
  await database.pool.query('SELECT reembed.claim_provider_batch($1, $2)', [config.batchApiInputs, config.batchApiOpen]);
}

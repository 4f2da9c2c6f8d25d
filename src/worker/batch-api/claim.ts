import type { ModelRow } from '../../embedding/models.ts';
import { openBatchApi } from '../../embedding/open-provider.ts';
import { ProviderUnavailable } from '../../embedding/provider-error.ts';
import { messageOf } from '../../errors.ts';
import type { WorkContext } from '../context.ts';

/**
 * Checks that the providers of running backfills have a batch API before any row is set aside for it. An API that only fails to answer is no
 * error here: the work itself waits for it. Open provider batches are checked immediately, because the operator may
 * have fixed something before starting the worker.
 *
 * @throws BatchApiMissing, MissingApiKey, ProviderRefused
 */
export async function requireBatchApi(context: WorkContext): Promise<void> {
  const { rows: models } = await context.database.pool.query<Pick<ModelRow, 'name' | 'provider'>>(
    `SELECT DISTINCT ON (o.provider) o.name, o.provider FROM reembed.campaign AS m JOIN reembed.model AS o ON o.name = m.to_model
      WHERE m.phase = 'backfill' AND m.target = coalesce($1, m.target) ORDER BY o.provider, o.name`,
    [context.target ?? null],
  );
  for (const model of models) {
    try {
      await openBatchApi(model, context.config).requireOffered();
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      context.notice(messageOf(error));
    }
  }
  await context.database.pool.query("UPDATE reembed.provider_batch SET next_check_at = clock_timestamp() WHERE state <> 'settled'");
}

/** Sets rows aside for the batch API if there are any to send; a job then sends them. */
export async function claimForBatchApi({ config, database, target }: WorkContext): Promise<void> {
  await database.pool.query('SELECT reembed.claim_provider_batch($1, $2, $3)', [
    config.batchApiInputs,
    config.batchApiOpen,
    target ?? null,
  ]);
}

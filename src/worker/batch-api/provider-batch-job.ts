import type { BatchApi, BatchStatus } from '../../embedding/batch-api.ts';
import { openBatchApi } from '../../embedding/open-provider.ts';
import { ProviderUnavailable } from '../../embedding/provider-error.ts';
import { messageOf, ReembedError } from '../../errors.ts';
import type { WorkContext } from '../context.ts';
import { loadTarget, vectorColumn } from '../target.ts';
import { collect } from './collect.ts';
import { type ProviderBatch, readProviderBatch, recordCheck, recordError, recordSilence } from './provider-batch.ts';
import { giveBack, settle } from './settle.ts';
import { cancelOthers, findMade, submit } from './submit.ts';
import type { BatchWork } from './work.ts';

/** Payload of a provider batch job in the queue. */
export interface ProviderBatchJob {
  id: string;
}

// A provider has one day to complete a batch; an answer that is still missing a day later will not come.
const GIVE_UP_AFTER_SECONDS = 2 * 24 * 3600;
const TOKEN_LIMIT = 'token_limit_exceeded';

/**
 * Runs the next step of a provider batch: submits it, checks its status, stores its results, or cancels it. Every step
 * is idempotent and can be run by any worker.
 *
 * @throws BatchApiMissing, BatchApiRefused, ProviderRefused; ProviderUnavailable only when `giveUp` is set
 */
export async function runProviderBatch(context: WorkContext, { id }: ProviderBatchJob, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const batch = await readProviderBatch(pool, id);
  if (!batch) return;
  // Its day is over, so nothing is left to cancel, whether or not its provider can still be called.
  if (batch.state === 'abandoned' && batch.age > GIVE_UP_AFTER_SECONDS) return forget(context, batch);
  try {
    const api = openBatchApi({ name: batch.model, provider: batch.provider }, context.config);
    if (batch.state === 'abandoned') return await cancel(context, api, batch, signal);
    const target = batch.target === undefined ? undefined : await loadTarget(pool, batch.target);
    const vector = target && vectorColumn(target, 'new');
    if (!target || vector?.model !== batch.model || target.campaign !== batch.campaign) return;
    const work: BatchWork = { context, api, batch, target, vector, signal };
    await (batch.state === 'submitting' ? submit(work) : checkBatch(work));
  } catch (error) {
    // Best effort: an uncancelled batch costs nothing more once its day is over.
    const isHopeless = batch.state === 'abandoned' && error instanceof ReembedError;
    if (signal?.aborted || !(error instanceof ProviderUnavailable || isHopeless)) throw error;
    await recordSilence(pool, batch, error);
    if (context.giveUp && batch.state !== 'abandoned' && batch.failingFor > context.config.patienceSeconds) throw error;
    context.notice(messageOf(error));
  }
}

async function checkBatch(work: BatchWork): Promise<void> {
  const { context, api, batch, signal } = work;
  const { pool } = context.database;
  const status = await api.retrieve(batch.providerBatchId ?? '', signal);
  if (!status) {
    // Most likely the key or the address has changed since the batch was submitted.
    if (batch.age < GIVE_UP_AFTER_SECONDS) throw new ProviderUnavailable('the batch API', `it has no batch ${batch.providerBatchId}`);
    await recordError(pool, batch, 'not_known', 'the provider no longer has this batch; its rows are embedded by ordinary requests');
    return settle(work);
  }
  await recordCheck(pool, batch, status);
  if (batch.tries > 1) await cancelOthers(api, batch, signal);
  if (!status.isOver) return;
  if (status.state === 'failed') await recordFailure(work, status);
  else if (!(await collect(work, status))) return;
  const isOverLimit = status.failure?.code === TOKEN_LIMIT;
  // The provider need not keep the texts any longer.
  await removeFiles(api, status, signal);
  await (isOverLimit ? giveBack(pool, batch) : settle(work));
}

async function recordFailure({ context, batch }: BatchWork, { failure }: BatchStatus): Promise<void> {
  const { pool } = context.database;
  const code = failure?.code ?? 'unknown';
  await pool.query('SELECT reembed.fail_provider_batch($1, $2, $3)', [batch.id, code, 'the provider failed it as a whole']);
  if (failure?.words) await pool.query('SELECT reembed.record_words($1, $2)', ['batch API', failure.words]);
  context.notice(`a batch of ${batch.campaign} failed at the batch API: ${code}`);
}

/** Cancels a batch whose vectors are no longer wanted. */
async function cancel(context: WorkContext, api: BatchApi, batch: ProviderBatch, signal: AbortSignal | undefined): Promise<void> {
  const { pool } = context.database;
  const { providerBatchId, inputFileId } = batch;
  const found = providerBatchId === null ? inputFileId !== null && (await findMade(api, batch, signal)) : undefined;
  const status = providerBatchId === null ? found || undefined : await api.retrieve(providerBatchId, signal);
  if (status && !status.isOver) {
    if (status.state !== 'cancelling') await api.cancel(status.id, signal);
    // A stopped batch writes its results to an output file, which has to be removed as well.
    await recordCheck(pool, batch, status);
    return;
  }
  if (status) await removeFiles(api, status, signal);
  else if (inputFileId !== null) await api.removeFile(inputFileId, signal);
  await forget(context, batch);
}

async function forget({ database }: WorkContext, { id }: ProviderBatch): Promise<void> {
  await database.pool.query("DELETE FROM reembed.provider_batch WHERE id = $1 AND state = 'abandoned'", [id]);
}

/** Best effort: a provider deletes batch files automatically after some weeks. */
async function removeFiles(api: BatchApi, status: BatchStatus, signal: AbortSignal | undefined): Promise<void> {
  for (const fileId of [status.inputFileId, status.outputFileId, status.errorFileId]) {
    if (fileId) await api.removeFile(fileId, signal).catch(() => {});
  }
}

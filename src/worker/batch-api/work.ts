import type { BatchApi } from '../../embedding/batch-api.ts';
import type { WorkContext } from '../context.ts';
import type { TargetColumn } from '../target.ts';
import type { ProviderBatch } from './provider-batch.ts';

/** A provider batch of an existing campaign, the column that its vectors are stored in, and what is needed to work on it. */
export interface BatchWork extends TargetColumn {
  context: WorkContext;
  api: BatchApi;
  batch: ProviderBatch;
  /** aborts requests under way and every wait */
  signal: AbortSignal | undefined;
}

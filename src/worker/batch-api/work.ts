import type { BatchApi } from '../../embedding/batch-api.ts';
import type { WorkContext } from '../context.ts';
import type { VectorColumn, WorkTarget } from '../target.ts';
import type { ProviderBatch } from './provider-batch.ts';

/** A provider batch of an existing campaign, with the context needed to work on it. */
export interface BatchWork {
  context: WorkContext;
  api: BatchApi;
  batch: ProviderBatch;
  target: WorkTarget;
  /** the column that its vectors are stored in */
  vector: VectorColumn;
  /** aborts requests under way and every wait */
  signal: AbortSignal | undefined;
}

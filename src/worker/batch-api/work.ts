import type { BatchApi } from '../../embedding/batch-api.ts';
import type { WorkContext } from '../context.ts';
import type { VectorColumn, WorkTarget } from '../target.ts';
import type { ProviderBatch } from './provider-batch.ts';

/** A provider batch of a campaign that is there, and what it takes to work on it. */
export interface BatchWork {
  context: WorkContext;
  api: BatchApi;
  batch: ProviderBatch;
  target: WorkTarget;
  /** the column its vectors go into */
  vector: VectorColumn;
  /** ends requests under way and every wait */
  signal: AbortSignal | undefined;
}

import { type CampaignPlan, type IndexPlan, literal } from '../plan/plan.ts';
import { RESET_BUILD_SETTINGS } from './index-statements.ts';
import { CONCURRENT_LOCK_WAIT, present, RESET_LOCK_WAIT } from './phase.ts';

/**
 * Statements of a file that are run once for each index of the leaves of a partitioned table, or of a part of a table; what is known of it
 * stands as \0index.name\0.
 */
export interface EachLeafIndex {
  /** which list of reembed.present_names() */
  list: 'leafIndexes' | 'oldLeafIndexes' | 'partIndexes' | 'movedIndexes' | 'oldPartIndexes';
  run: string[];
}

/** Whether each partition has an index of its own on the new vectors: the indexes of a side table are on the side table. */
export function isOnLeaves({ isPartitioned, sideTable }: CampaignPlan): boolean {
  return isPartitioned && sideTable === null;
}

/** The statement that builds an index on a leaf, with placeholders as in reembed.planned_index. */
export function leafPattern({ isUnique, definition }: IndexPlan): string {
  return `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY IF NOT EXISTS {name} ON {leaf} ${definition.replaceAll(present('column'), '{column}')}`;
}

/** Builds the index on every leaf, one after another. No transaction may be open. */
export function buildLeafIndexes(plan: CampaignPlan, list: EachLeafIndex['list']): EachLeafIndex {
  const model = list === 'leafIndexes' ? plan.indexes[0] : plan.oldIndexes[0];
  const index = { method: model?.method ?? 'hnsw', parameters: model?.parameters ?? '' };
  return {
    list,
    run: [
      `${CONCURRENT_LOCK_WAIT}
SELECT reembed.prepare_index_build(
  p_name => ${literal(plan.campaign)},
  p_index => \0index.literal\0,
  p_method => ${literal(index.method)},
  p_parameters => ${literal(index.parameters)}
);`,
      '\0index.statement\0;',
      `SELECT reembed.finish_index_build(${literal(plan.campaign)}, \0index.literal\0);`,
      `${RESET_LOCK_WAIT} ${RESET_BUILD_SETTINGS}`,
    ],
  };
}

/** Drops the index of every leaf. No transaction may be open. */
export const DROP_LEAF_INDEXES: EachLeafIndex = { list: 'leafIndexes', run: [CONCURRENT_LOCK_WAIT, '\0index.drop\0;', RESET_LOCK_WAIT] };

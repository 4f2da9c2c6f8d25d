import { isElementType } from '../database/element-types.ts';
import { type CampaignPlan, literal, type OldIndex } from '../plan/plan.ts';
import { CONCURRENT_LOCK_WAIT, present, RESET_LOCK_WAIT } from './phase.ts';

/** An index that a file builds. */
export interface PlannedIndex {
  name: string;
  method: string;
  /** storage parameters as written in WITH (…) */
  parameters: string;
  /** element type if it differs from the model's, as in an index on (embedding::halfvec(3072)) */
  elementType?: string;
  /** CREATE INDEX CONCURRENTLY … */
  statement: string;
}

const RESET_BUILD_SETTINGS = 'RESET maintenance_work_mem; RESET max_parallel_maintenance_workers; RESET min_parallel_table_scan_size;';

/**
 * Returns statements that build the indexes one after another, each with its own memory and parallel workers. No transaction may be open.
 */
export function buildIndexes(plan: CampaignPlan, indexes: PlannedIndex[]): string[] {
  return indexes.flatMap((index) => buildIndex(plan, index));
}

function buildIndex(plan: CampaignPlan, index: PlannedIndex): string[] {
  if (index.method !== 'hnsw' && index.method !== 'ivfflat') return [CONCURRENT_LOCK_WAIT, index.statement, RESET_LOCK_WAIT];
  return [
    `${CONCURRENT_LOCK_WAIT}
-- Sets maintenance_work_mem and parallel workers of this session, and says what it chose.
SELECT reembed.prepare_index_build(
  p_name => ${literal(plan.campaign)},
  p_index => ${literal(index.name)},
  p_method => ${literal(index.method)},
  p_parameters => ${literal(index.parameters)}${index.elementType ? `,\n  p_element_type => ${literal(index.elementType)}` : ''}
);`,
    index.statement,
    `SELECT reembed.finish_index_build(${literal(plan.campaign)}, ${literal(index.name)});`,
    `${RESET_LOCK_WAIT} ${RESET_BUILD_SETTINGS}`,
  ];
}

/** An index on the old vectors, as the way back from contract builds it under the present name of the table. */
export function restoredIndex(
  plan: CampaignPlan,
  { name, method, parameters, elementType, statement: [before, after] }: OldIndex,
): PlannedIndex {
  return {
    name,
    // The SQL that chooses build settings does not support indexes on other types, such as bits.
    method: isElementType(elementType) ? method : 'other',
    parameters,
    ...(elementType !== plan.from.elementType ? { elementType } : {}),
    statement: `${before}${present('table')}${after};`,
  };
}

import { isElementType } from '../database/element-types.ts';
import { CONCURRENT_LOCK_WAIT, RESET_LOCK_WAIT } from './phase.ts';
import { type CampaignPlan, literal } from './plan.ts';

/** An index to be built by a file. */
export interface PlannedIndex {
  name: string;
  method: string;
  /** storage parameters as they stand in WITH (…) */
  parameters: string;
  /** where it differs from that of the model, as in an index on (embedding::halfvec(3072)) */
  elementType?: string;
  /** CREATE INDEX CONCURRENTLY … */
  statement: string;
}

const RESET_BUILD_SETTINGS = 'RESET maintenance_work_mem; RESET max_parallel_maintenance_workers; RESET min_parallel_table_scan_size;';

/** Statements that build indexes one after another, each with memory and parallel workers of its own; no transaction may be open. */
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

/** What a file has to know of an index that is defined by a statement of pg_get_indexdef(). */
export function readDefinition(plan: CampaignPlan, { name, definition }: { name: string; definition: string }): PlannedIndex {
  const [, method = '', key = ''] = / USING (\w+) \((.*)\)/.exec(definition) ?? [];
  const [, type] = /(\w+?)_\w+_ops/.exec(key) ?? [];
  const [, parameters = ''] = / WITH \(([^)]*)\)/.exec(definition) ?? [];
  return {
    name,
    // The build of an index on something else, such as bits, is not known to the SQL that chooses.
    method: type === undefined || isElementType(type) ? method : 'other',
    parameters: parameters.replaceAll("'", ''),
    ...(type !== undefined && type !== plan.from.elementType ? { elementType: type } : {}),
    statement: `${definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY IF NOT EXISTS ')};`,
  };
}

import { isElementType } from '../database/element-types.ts';
import { type CampaignPlan, literal } from '../plan/plan.ts';
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

const NAME = '(?:"(?:[^"]|"")+"|[^\\s".]+)';
const INDEX_ON_TABLE = new RegExp(`^CREATE (UNIQUE )?INDEX (${NAME}) ON (?:ONLY )?${NAME}(?:\\.${NAME})? USING `);
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

/** Parses an index definition from pg_get_indexdef(). */
export function readDefinition(plan: CampaignPlan, { name, definition }: { name: string; definition: string }): PlannedIndex {
  const [, method = '', key = ''] = / USING (\w+) \((.*)\)/.exec(definition) ?? [];
  const [, type] = /(\w+?)_\w+_ops/.exec(key) ?? [];
  const [, parameters = ''] = / WITH \(([^)]*)\)/.exec(definition) ?? [];
  return {
    name,
    // The SQL that chooses build settings does not support indexes on other types, such as bits.
    method: type === undefined || isElementType(type) ? method : 'other',
    parameters: parameters.replaceAll("'", ''),
    ...(type !== undefined && type !== plan.from.elementType ? { elementType: type } : {}),
    statement: `${definition.replace(INDEX_ON_TABLE, `CREATE $1INDEX CONCURRENTLY IF NOT EXISTS $2 ON ${present('table')} USING `)};`,
  };
}

import { isElementType } from '../database/element-types.ts';
import { isVectorMethod } from '../plan/carried-index.ts';
import type { OldIndex } from '../plan/old-indexes.ts';
import { type CampaignPlan, type IndexPlan, identifier, literal } from '../plan/plan.ts';
import { CONCURRENT_LOCK_WAIT, present, RESET_LOCK_WAIT } from './phase.ts';

/** An index that a file builds. */
export interface PlannedIndex {
  name: string;
  method: string;
  /** storage parameters as written in WITH (…) */
  parameters: string;
  /** element type if it differs from the model's, as in an index on (embedding::halfvec(3072)) */
  elementType?: string;
  /** undefined: that of new indexes; empty: that of the database */
  tablespace?: string;
  /** CREATE INDEX CONCURRENTLY … */
  statement: string;
}

/** Ends the settings of one index build. */
export const RESET_BUILD_SETTINGS =
  'RESET maintenance_work_mem; RESET max_parallel_maintenance_workers; RESET min_parallel_table_scan_size;';

/**
 * Returns statements that build the indexes one after another, each with its own memory and parallel workers. No transaction may be open.
 */
export function buildIndexes(plan: CampaignPlan, indexes: PlannedIndex[]): string[] {
  return indexes.flatMap((index) => buildIndex(plan, index));
}

function buildIndex(plan: CampaignPlan, index: PlannedIndex): string[] {
  // A statement cannot name the tablespace where its text is the catalog's.
  const begin =
    index.tablespace === undefined
      ? CONCURRENT_LOCK_WAIT
      : `${CONCURRENT_LOCK_WAIT} SET default_tablespace = ${literal(index.tablespace)};`;
  const end = index.tablespace === undefined ? RESET_LOCK_WAIT : `${RESET_LOCK_WAIT} RESET default_tablespace;`;
  if (!isVectorMethod(index.method)) return [begin, index.statement, end];
  return [
    `${begin}
-- Sets maintenance_work_mem and parallel workers of this session, and says what it chose.
SELECT reembed.prepare_index_build(
  p_name => ${literal(plan.campaign)},
  p_index => ${literal(index.name)},
  p_method => ${literal(index.method)},
  p_parameters => ${literal(index.parameters)}${index.elementType ? `,\n  p_element_type => ${literal(index.elementType)}` : ''}
);`,
    index.statement,
    `SELECT reembed.finish_index_build(${literal(plan.campaign)}, ${literal(index.name)});`,
    `${end} ${RESET_BUILD_SETTINGS}`,
  ];
}

/** An index on the new vectors, as phase index builds it. */
export function newIndex(
  plan: CampaignPlan,
  { name, method, parameters, elementType, isUnique, definition, tablespace }: IndexPlan,
): PlannedIndex {
  return {
    name,
    parameters,
    ...(tablespace === null ? {} : { tablespace }),
    ...measured(method, elementType, plan.to.elementType),
    statement: `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX CONCURRENTLY IF NOT EXISTS ${identifier(plan, name)} ON ${present('vectors')}
  ${definition};`,
  };
}

/** The SQL that chooses build settings does not support indexes on other types, such as bits. */
function measured(method: string, elementType: string, ofModel: string): Pick<PlannedIndex, 'method' | 'elementType'> {
  return { method: isElementType(elementType) ? method : 'other', ...(elementType === ofModel ? {} : { elementType }) };
}

/** An index on the old vectors, as the way back from contract builds it under the present name of the table. */
export function restoredIndex(
  plan: CampaignPlan,
  { name, method, parameters, elementType, tablespace, statement: [before, after] }: OldIndex,
): PlannedIndex {
  return {
    name,
    parameters,
    tablespace,
    ...measured(method, elementType, plan.from.elementType),
    statement: `${before}${present('table')}${after};`,
  };
}

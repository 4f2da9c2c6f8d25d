import type { Distance } from '../database/element-types.ts';
import { distanceOf, formClass, formKey, type IndexForm } from '../database/index-form.ts';
import { UsageError } from '../errors.ts';
import { present } from '../phases/phase.ts';
import type { CampaignRequest } from './campaign-request.ts';
import { type CarriedIndex, carryIndex, isVectorMethod } from './carried-index.ts';
import type { TableFacts } from './inspect.ts';
import { IndexNeedsTable } from './inspect-error.ts';
import type { OldIndex } from './old-indexes.ts';
import { type CampaignPlan, type IndexPlan, identifier, type ModelDefinition } from './plan.ts';
import { shortName } from './short-name.ts';

/** What the indexes on the new vectors depend on besides the request and the table. */
export interface IndexPlace {
  to: ModelDefinition;
  sideTable: string | null;
  toColumn: string;
  /** schema of the extension vector as written in SQL */
  quotedSchema: string;
  /** what the index that serves searches holds */
  form: IndexForm;
}

/** Old indexes that get a successor on the new vectors. */
export function keptIndexes(request: CampaignRequest, facts: TableFacts): OldIndex[] {
  const dropped = request.dropIndex ?? [];
  const unknown = dropped.find((name) => !facts.indexes.some((index) => index.name === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `${unknown} is not an index on ${facts.table}.${facts.column}`,
      facts.indexes.length === 0 ? 'leave --drop-index out' : `its indexes: ${facts.indexes.map(({ name }) => name).join(', ')}`,
    );
  }
  return request.index === 'none' ? [] : facts.indexes.filter(({ name }) => !dropped.includes(name));
}

/** Distance of the index that serves the application's searches; undefined without one. */
export function distanceOfIndexes(indexes: OldIndex[]): Distance | undefined {
  const main = indexes.find(({ keyForm, predicate, method }) => keyForm === 'column' && predicate === null && isVectorMethod(method));
  return distanceOf((main ?? indexes[0])?.operatorClass);
}

/**
 * Plans the indexes on the new vectors: a successor of every kept index, and an index that serves searches where the old vectors have no vector
 * index or the request names one. The first is the main index, if there is one.
 *
 * @throws IndexNotCarried, IndexNeedsTable, UsageError
 */
export function planIndexes(request: CampaignRequest, facts: TableFacts, place: IndexPlace): IndexPlan[] {
  const kept = keptIndexes(request, facts);
  if (request.index === 'none') return [];
  const tied = kept.find(({ namesOthers }) => namesOthers && (place.sideTable !== null || facts.sideTable !== null));
  if (tied) throw new IndexNeedsTable(tied.name);
  const from = { dimensions: facts.dimensions ?? 1, elementType: facts.elementType };
  const carried = kept.map((old) => carryIndex(old, { ...place, from }));
  const whole = carried.filter(({ isWhole }) => isWhole);
  const served = whole.find(({ old }) => old.keyForm === 'view' || distanceOf(old.operatorClass) === place.to.distance);
  const main = served ?? (request.distance === undefined ? undefined : whole[0]);
  const isWanted =
    request.index !== undefined ||
    request.indexWith !== undefined ||
    place.form.name !== 'plain' ||
    !facts.indexes.some(({ method }) => isVectorMethod(method));
  const taken = new Set(facts.indexes.map(({ name }) => name));
  const others = carried.filter((index) => index !== main);
  const finalTaken = new Set(others.map(({ old }) => old.name));
  return [
    ...(main || isWanted ? [mainIndex(request, facts, place, { carried: main, taken, finalTaken })] : []),
    ...others.map((index, i) => otherIndex(facts, place, index, { position: i + 2, taken })),
  ];
}

function mainIndex(
  request: CampaignRequest,
  facts: TableFacts,
  place: IndexPlace,
  { carried, taken, finalTaken }: { carried: CarriedIndex | undefined; taken: Set<string>; finalTaken: Set<string> },
): IndexPlan {
  const old = carried?.old ?? facts.indexes.find((index) => isVectorMethod(index.method));
  const { to, sideTable, toColumn, quotedSchema, form } = place;
  const method = form.name === 'plain' ? (request.index ?? (old?.method === 'ivfflat' ? 'ivfflat' : 'hnsw')) : 'hnsw';
  const inherited = old?.method === method ? old.parameters : '';
  const parameters = request.indexWith ?? (inherited || (method === 'ivfflat' ? `lists = ${ivfflatLists(facts.rows)}` : ''));
  if (!/^(\s*[a-z_]+\s*=\s*[\d.]+\s*(,|$))*$/.test(parameters)) {
    throw new UsageError(
      `--index-with takes storage parameters such as "m = 16, ef_construction = 64", not "${parameters}"`,
      'see CREATE INDEX in the manual of pgvector',
    );
  }
  const key = formKey(form, present('column'), to.elementType, to.dimensions, quotedSchema);
  const name = unused(sideTable ? shortName(sideTable, '_idx') : shortName(`${facts.table}_${toColumn}`, '_idx'), taken);
  return {
    method,
    parameters,
    elementType: to.elementType,
    form,
    isMain: true,
    isUnique: false,
    definition: `USING ${method} (${key} ${quotedSchema}.${formClass(form, to.elementType, to.distance)})${parameters ? ` WITH (${parameters})` : ''}`,
    tablespace: carried?.old.tablespace ?? null,
    ...names(facts, sideTable, carried?.old ?? null, {
      name,
      usual: unused(shortName(`${facts.table}_${facts.column}`, '_idx'), finalTaken),
    }),
  };
}

function otherIndex(
  facts: TableFacts,
  { sideTable }: IndexPlace,
  index: CarriedIndex,
  { position, taken }: { position: number; taken: Set<string> },
): IndexPlan {
  const { old, key, operatorClass, rest, elementType, form } = index;
  const name = unused(sideTable ? shortName(sideTable, `_${position}_idx`) : shortName(old.name, '_v2'), taken);
  return {
    method: old.method,
    parameters: old.parameters,
    elementType,
    form,
    isMain: false,
    isUnique: old.isUnique,
    definition: `USING ${old.method} (${key} ${operatorClass}${old.order})${rest}`,
    tablespace: old.tablespace,
    ...names(facts, sideTable, old, { name, usual: shortName(`${facts.table}_${facts.column}`, `_${position}_idx`) }),
  };
}

/** Names of an index during the campaign and after it. In a side table it keeps the first; an old side table keeps those of its indexes. */
function names(facts: TableFacts, sideTable: string | null, old: OldIndex | null, { name, usual }: { name: string; usual: string }) {
  // Each leaf has an index of another name.
  const oldName = old && !old.isOnLeaves ? old.name : null;
  return {
    name,
    oldName,
    oldOnLeaves: old && facts.leaves ? old.qualified : null,
    // Contract moves the vectors of a part into the table, where the index needs a name of its own.
    finalName: sideTable ? (facts.part ? partName(sideTable, name) : name) : ((facts.sideTable ? null : oldName) ?? usual),
  };
}

/** Name of the index on the column: like that of the side table's, without what says that it is on a side table. */
function partName(sideTable: string, name: string): string {
  return shortName(sideTable.replace(/_vectors$/, ''), name.slice(name.lastIndexOf('_')));
}

function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = shortName(name, `_${i}`);
  taken.add(free);
  return free;
}

/** What follows the name of the table in the index's CREATE INDEX, with the column's name at first. */
export function shownDefinition(plan: CampaignPlan, { definition }: IndexPlan): string {
  return definition.replaceAll(present('column'), identifier(plan, plan.toColumn));
}

/** Number of lists of an IVFFlat index: rows / 1000, above a million rows the square root of rows (pgvector's README). */
function ivfflatLists(rows: number): number {
  return Math.max(1, Math.round(rows <= 1_000_000 ? rows / 1000 : Math.sqrt(rows)));
}

import { vectorBytes } from '../database/element-types.ts';
import type { TableFacts } from './inspect.ts';
import type { InventoryFinding } from './inventory/finding.ts';
import type { ModelDefinition } from './plan.ts';

/** Where the new vectors of a campaign are stored. */
export type Storage = 'column' | 'side-table';

/** Expected cost of writing the new vectors of every row, without the provider. */
export interface StorageCost {
  /** seconds with one writer */
  seconds: number;
  /** bytes of write-ahead log */
  walBytes: number;
}

/** Costs of both storages. */
export interface StorageCosts {
  column: StorageCost;
  sideTable: StorageCost;
}

// Measured by `npm run bench` (docs/performance.md): a machine of two cores, 768 dimensions.
const MICROSECONDS_A_VECTOR = 70;
const MICROSECONDS_A_ROW_VERSION = 40;
const MICROSECONDS_A_VECTOR_INDEX_ENTRY = 1000;
const MICROSECONDS_AN_INDEX_ENTRY = 10;
const WAL_BYTES_A_VECTOR_INDEX_ENTRY = 1500;
const WAL_BYTES_AN_INDEX_ENTRY = 120;
const WAL_BYTES_A_ROW = 1000;
const DIMENSIONS_MEASURED = 768;

/**
 * Compares both storages. For each full page, about one update finds no room in the page while its rows are rewritten: that row moves to
 * another page and gets a new entry in every index of the table, of which the index on the old vectors is by far the most expensive. A side
 * table avoids this cost but needs a join by key in every search.
 */
export function storageCosts(facts: TableFacts, model: Pick<ModelDefinition, 'elementType' | 'dimensions'>): StorageCosts {
  const { rows } = facts;
  const rowBytes = vectorBytes(model.elementType, model.dimensions) + 100;
  const scale = model.dimensions / DIMENSIONS_MEASURED;
  const moved = Math.min(1, facts.pages / Math.max(1, rows) + 0.05);
  const vectorIndexes = facts.tableIndexes.filter(({ method }) => method === 'hnsw' || method === 'ivfflat').length;
  const otherIndexes = facts.tableIndexes.length - vectorIndexes;
  const indexMicroseconds = vectorIndexes * MICROSECONDS_A_VECTOR_INDEX_ENTRY * scale + otherIndexes * MICROSECONDS_AN_INDEX_ENTRY;
  const indexWal = vectorIndexes * WAL_BYTES_A_VECTOR_INDEX_ENTRY + otherIndexes * WAL_BYTES_AN_INDEX_ENTRY;
  const sideTable = {
    seconds: (rows * MICROSECONDS_A_VECTOR * Math.max(0.5, scale)) / 1e6,
    walBytes: rows * (rowBytes + WAL_BYTES_A_ROW),
  };
  const column = {
    seconds: sideTable.seconds + (rows * (MICROSECONDS_A_ROW_VERSION + moved * indexMicroseconds)) / 1e6,
    walBytes: sideTable.walBytes + rows * (facts.rowBytes + moved * indexWal),
  };
  return { column, sideTable };
}

/**
 * Chooses for --storage auto: the side table only where it avoids a harm, and where the application is known not to write the vectors,
 * because after contract the table has no column for them.
 */
export function chooseAutomatically(
  facts: TableFacts,
  findings: readonly InventoryFinding[],
  isOnlyRead: boolean,
): { storage: Storage; reason: string } {
  const avoided = findings.find(({ severity, storage }) => severity !== 'note' && storage === 'column');
  if (!avoided) return { storage: 'column', reason: 'a side table would avoid no harm' };
  if (facts.rowSecurity) return { storage: 'column', reason: 'the policies of the table would not apply to a side table' };
  if (findings.some(({ severity, storage, code }) => severity === 'refusal' && storage === 'side-table' && code !== avoided.code))
    return { storage: 'column', reason: 'a side table would be refused as well' };
  if (!isOnlyRead && facts.sideTable === null)
    return { storage: 'column', reason: `the application may write ${facts.column}: --only-read says that it does not` };
  return { storage: 'side-table', reason: `it avoids ${avoided.code}` };
}

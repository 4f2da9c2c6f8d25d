import { vectorBytes } from '../database/element-types.ts';
import type { TableFacts } from './inspect.ts';
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

/** Costs of both storages, and the recommended one. */
export interface StorageAdvice {
  column: StorageCost;
  sideTable: StorageCost;
  recommended: Storage;
  /** one clause */
  reason: string;
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
/** Smaller savings do not justify a second table. */
const WORTH_SECONDS = 300;
const WORTH_WAL_BYTES = 2 ** 31;

/**
 * Compares both storages. For each full page, about one update finds no room in the page while its rows are rewritten: that row moves to
 * another page and gets a new entry in every index of the table, of which the index on the old vectors is by far the most expensive. A side
 * table avoids this cost but needs a join by key in every search.
 */
export function adviseStorage(facts: TableFacts, model: ModelDefinition): StorageAdvice {
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
  return { column, sideTable, ...recommend(facts, column, sideTable) };
}

function recommend(facts: TableFacts, column: StorageCost, sideTable: StorageCost): Pick<StorageAdvice, 'recommended' | 'reason'> {
  if (facts.rowSecurity) return { recommended: 'column', reason: 'the policies of the table would not apply to a side table' };
  const isLong = column.seconds - sideTable.seconds > WORTH_SECONDS;
  const isHeavy = column.walBytes - sideTable.walBytes > WORTH_WAL_BYTES;
  if (!isLong && !isHeavy) return { recommended: 'column', reason: 'the table is small enough to be updated in place' };
  return { recommended: 'side-table', reason: 'updating every row would also write to the other indexes of the table' };
}

import { vectorBytes } from '../database/element-types.ts';
import type { TableFacts } from './inspect.ts';
import type { ModelDefinition } from './plan.ts';

/** Where the new vectors of a campaign go. */
export type Storage = 'column' | 'side-table';

/** What writing the new vectors of every row is expected to take, without the provider. */
export interface StorageCost {
  /** seconds of one writer */
  seconds: number;
  /** bytes of write-ahead log */
  walBytes: number;
}

/** Both ways to keep the new vectors, and which of them fits the table. */
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
/** Less than this is not worth a second table. */
const WORTH_SECONDS = 300;
const WORTH_WAL_BYTES = 2 ** 31;

/**
 * Compares the two ways to keep the new vectors. An update of a row finds no room in a full page once for all its rows: that
 * one row goes to another page and into every index of the table again, the index on the old vectors above all. A side table
 * has none of this, and costs a join by key in every search.
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
  if (facts.rowSecurity) return { recommended: 'column', reason: 'the policies of the table would not reach a side table' };
  const isLong = column.seconds - sideTable.seconds > WORTH_SECONDS;
  const isHeavy = column.walBytes - sideTable.walBytes > WORTH_WAL_BYTES;
  if (!isLong && !isHeavy) return { recommended: 'column', reason: 'the table is small enough to be updated in place' };
  return { recommended: 'side-table', reason: 'updating every row would also go into the other indexes of the table' };
}

import { createHash, type Hash } from 'node:crypto';
import { type Database, inOwnTransactions, inTransaction } from '../database/connection.ts';
import { plainMessageOf } from '../database/database-error.ts';
import { storeDivided } from '../worker/store-divided.ts';
import type { Page, Source } from './chroma-collection.ts';
import { createDestination, type Destination, findDestination } from './destination.ts';
import { IdsTaken, TooManyLeftOut } from './import-error.ts';
import type { ImportedRecord } from './record.ts';
import { compareRecords, type Standing, storeRecords } from './table-records.ts';

const MOST_IDS_NAMED = 5;
const MOST_LEFT_OUT = 1000;
const STORE_LOCK_TIMEOUT = '10s';

/** What to import, and where. */
export interface ImportRequest {
  table: string;
  /** overwrite rows that have the id of a record and another content */
  replace: boolean;
  dryRun: boolean;
}

/** A record that could not be stored. */
export interface LeftOut {
  id: string;
  reason: string;
}

/** How table and collection compare after a pass over the whole collection. */
export interface Comparison {
  records: number;
  equal: number;
  missing: number;
  different: number;
  withoutDocument: number;
  /** SHA-256 over the checksums of all vectors that could be stored, in the order of the collection */
  checksum: { collection: string; table: string };
}

export interface ImportResult {
  collection: string;
  table: string;
  records: number;
  dimensions: number;
  /** whether the table is there already */
  exists: boolean;
  /** how it was before; null for a table that did not exist */
  before: Comparison | null;
  /** null when nothing was to be written */
  written: number | null;
  leftOut: LeftOut[];
  after: Comparison | null;
}

/** Called while a pass goes through the collection. */
export type ImportProgress = (pass: 'checking' | 'copying' | 'comparing', done: number, total: number) => void;

/**
 * Copies a collection into a table, page by page with a commit each, and then compares every record with its row. A second run copies only
 * what is missing.
 *
 * @throws NoSuchSchema, TableDoesNotFit, UnfitDimensions; IdsTaken before anything is written; TooManyLeftOut
 */
export async function importCollection(
  { pool }: Database,
  source: Source,
  { table, replace, dryRun }: ImportRequest,
  onProgress: ImportProgress,
): Promise<ImportResult> {
  const destination = await findDestination(pool, table, source);
  const { collection, count, dimensions } = source;
  const plan = { collection, table: destination.name, records: count, dimensions, exists: destination.exists };
  const compare = (page: Page) => compareRecords(inOwnTransactions(pool), destination, storable(page.records));

  let before: Comparison | null = null;
  // Undefined: all of them.
  let offsets: number[] | undefined;
  if (destination.exists) {
    const check = new Tally(destination);
    offsets = [];
    for await (const page of source.pages()) {
      const standings = await compare(page);
      if (standings.some(({ state }) => state === 'missing' || (replace && state === 'different'))) offsets.push(page.offset);
      onProgress('checking', check.add(page.records, standings), count);
    }
    before = check.result();
    if (before.different > 0 && !replace) throw new IdsTaken(destination.name, before.different, check.differentIds);
  }
  if (dryRun) return { ...plan, before, written: null, leftOut: [], after: null };

  if (!destination.exists) await createDestination(pool, destination, dimensions);
  const refused = new LeftOutList(destination);
  let written = 0;
  let copied = 0;
  for await (const { records } of source.pages(offsets)) {
    written += await storePage(pool, destination, storable(records), replace, refused);
    copied += records.length;
    onProgress('copying', copied, count);
  }

  const last = new Tally(destination);
  for await (const page of source.pages()) onProgress('comparing', last.add(page.records, await compare(page)), count);
  return { ...plan, before, written, leftOut: [...last.unstorable.all, ...refused.all], after: last.result() };
}

function storable(records: readonly ImportedRecord[]): ImportedRecord[] {
  return records.filter(({ flaw }) => flaw === undefined);
}

/** Stores a page and returns the number of rows written; a record that PostgreSQL refuses is left out alone. */
async function storePage(
  pool: Database['pool'],
  destination: Destination,
  records: ImportedRecord[],
  replace: boolean,
  refused: LeftOutList,
): Promise<number> {
  let written = 0;
  await storeDivided(records, {
    portionOf: (rest) => rest,
    isRefused: async (error) => isRefused(error),
    async store(some) {
      if (some.length > 0)
        written += await inTransaction(pool, (client) => storeRecords(client, destination, some, replace), STORE_LOCK_TIMEOUT);
    },
    async park({ id }, error) {
      refused.add(id, plainMessageOf(error));
      return true;
    },
  });
  return written;
}

// 22: data exception; 23: integrity constraint; 42: an object that a trigger lacks; 54: too large for an index; P0: raised by a function.
function isRefused(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as Record<string, unknown>;
  return typeof severity === 'string' && typeof code === 'string' && /^(22|23|54|P0|42(?!501))/.test(code);
}

class LeftOutList {
  readonly all: LeftOut[] = [];
  private readonly table: string;

  constructor({ name }: Destination) {
    this.table = name;
  }

  /** @throws TooManyLeftOut */
  add(id: string, reason: string): void {
    this.all.push({ id, reason });
    if (this.all.length > MOST_LEFT_OUT) throw new TooManyLeftOut(this.table, this.all.length, reason);
  }
}

class Tally {
  readonly differentIds: string[] = [];
  readonly unstorable: LeftOutList;
  private readonly counts = { records: 0, equal: 0, missing: 0, different: 0, withoutDocument: 0 };
  private readonly collection: Hash = createHash('sha256');
  private readonly table: Hash = createHash('sha256');

  constructor(destination: Destination) {
    this.unstorable = new LeftOutList(destination);
  }

  /** Returns how many records were counted so far. */
  add(records: readonly ImportedRecord[], standings: readonly Standing[]): number {
    this.counts.records += records.length;
    this.counts.withoutDocument += records.filter(({ document }) => !document?.trim()).length;
    for (const { id, flaw } of records) if (flaw !== undefined) this.unstorable.add(id, flaw);
    for (const { state, record, inCollection, inTable } of standings) {
      this.counts[state] += 1;
      if (state === 'different' && this.differentIds.length < MOST_IDS_NAMED) this.differentIds.push(record.id);
      this.collection.update(inCollection ?? '-');
      this.table.update(inTable ?? '-');
    }
    return this.counts.records;
  }

  result(): Comparison {
    return { ...this.counts, checksum: { collection: this.collection.digest('hex'), table: this.table.digest('hex') } };
  }
}

import { encodeVectorArray } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import type { Portion } from './portion.ts';
import type { BatchRow, SourceRow, StaleRow } from './reader.ts';
import type { VectorColumn, WorkTarget } from './target.ts';
import type { Throttle } from './throttle.ts';

/** A vector for a row; null takes the vector away, because the row has no text any more. */
export interface RowVector {
  row: SourceRow;
  vector: Float32Array | null;
}

/** A vector for a row of a batch. */
export interface BatchVector extends RowVector {
  row: BatchRow;
}

/** How many rows to write at a time, and when. */
export interface Pacing {
  /** of rows that nothing is known of, or that are the first of their pages to be written: most of them go into every index */
  portion: Portion;
  /** of the later waves of a column: most of them stay in their pages, at a fraction of that price */
  laterWaves: Portion;
  throttle: Throttle;
}

/** A row that could not be embedded. */
export interface RowFailure {
  row: SourceRow;
  code: string;
  message: string;
}

// Every write is one call of one function, a transaction by itself: a worker that is frozen or cut off between two
// statements would keep the application waiting for the rows it holds.

/**
 * Stores vectors and failures of rows, and nothing for a row whose text is not the one that was embedded. See reembed.store_vectors().
 *
 * @returns keys (as JSON text) of the rows that were written
 */
export async function storeVectors(
  db: Queryable,
  portion: Portion,
  target: WorkTarget,
  vector: VectorColumn,
  items: RowVector[],
  failures: RowFailure[],
): Promise<Set<string>> {
  const written = new Set<string>();
  for (let at = 0; at === 0 || at < items.length; ) {
    const some = items.slice(at, at + portion.rows);
    at += some.length || 1;
    const isLast = at >= items.length;
    const startedAt = performance.now();
    const { rows } = await db.query<{ written: string[] }>(
      `SELECT reembed.store_vectors($1, $2, $3, $4, $5, $6, $7::${target.vectorType}[], $8) AS written`,
      [target.name, target.migration, vector.model, vector.column, ...arrays(target, some), refusals(isLast ? failures : [])],
    );
    portion.took(some.length, performance.now() - startedAt);
    for (const key of rows[0]?.written ?? []) written.add(key);
  }
  return written;
}

/**
 * Stores what became of a batch, its row in the ledger with the last portion. See reembed.store_batch().
 *
 * @param outcome vectors in the order to write them; `done` when every row of the range was asked for
 * @returns how many rows got their vector
 */
export async function storeBatch(
  db: Queryable,
  pacing: Pacing,
  target: WorkTarget,
  vector: VectorColumn,
  batch: { migration: string; batch: number },
  outcome: { items: BatchVector[]; failures: RowFailure[]; tokens: number; requests: number; done: boolean },
): Promise<number> {
  const { items } = outcome;
  let written = 0;
  for (let at = 0; at === 0 || at < items.length; ) {
    const isFirst = at === 0;
    const portion = portionOfWave(pacing, items[at]?.row.wave);
    const some = ofOneWave(items.slice(at, at + portion.rows), ({ row }) => row.wave);
    at += some.length || 1;
    const isLast = at >= items.length;
    written += await paced(
      { portion, throttle: pacing.throttle },
      db,
      `SELECT reembed.store_batch($1, $2, $3, $4, $5, $6, $7::${target.vectorType}[], $8, $9, $10, $11) AS rows`,
      [
        ...[batch.migration, batch.batch, vector.model, vector.column],
        ...arrays(target, some),
        refusals(isLast ? outcome.failures : []),
        isFirst ? outcome.tokens : 0,
        isFirst ? outcome.requests : 0,
        isLast && outcome.done,
      ],
      some.length,
    );
  }
  return written;
}

/**
 * Gives rows of a batch the vectors that their texts have from other rows already. See reembed.copy_repeated().
 *
 * @returns how many rows got their vector
 */
export async function copyRepeated(
  db: Queryable,
  pacing: Pacing,
  vector: VectorColumn,
  batch: { migration: string; batch: number },
): Promise<number> {
  let copied = 0;
  for (let some = 1; some > 0; copied += some) {
    some = await paced(pacing, db, 'SELECT reembed.copy_repeated($1, $2, $3, $4, $5) AS rows', [
      ...[batch.migration, batch.batch, vector.model, vector.column],
      pacing.portion.rows,
    ]);
  }
  return copied;
}

/**
 * Stores vectors of rows that one request of a provider batch carried, and takes the rows out of its record. See
 * reembed.store_sent_rows().
 *
 * @param items rows of the request that are still on record, in the order to write them
 * @param tokens what the provider counted for the request
 * @returns how many rows got their vector
 */
export async function storeSentRows(
  db: Queryable,
  pacing: Pacing,
  target: WorkTarget,
  vector: VectorColumn,
  { providerBatch, request }: { providerBatch: string; request: number },
  items: { position: number; wave: number; vector: Float32Array }[],
  tokens: number,
): Promise<number> {
  let written = 0;
  for (let at = 0; at < items.length; ) {
    const isFirst = items[at]?.position === 0;
    const portion = portionOfWave(pacing, items[at]?.wave);
    const some = ofOneWave(items.slice(at, at + portion.rows), ({ wave }) => wave);
    at += some.length;
    written += await paced(
      { portion, throttle: pacing.throttle },
      db,
      `SELECT reembed.store_sent_rows($1, $2, $3, $4::${target.vectorType}[], $5, $6, $7) AS rows`,
      [
        ...[providerBatch, request],
        some.map(({ position }) => position),
        encodeVectorArray(
          some.map((item) => item.vector),
          target.vectorOid,
        ),
        vector.column,
        isFirst ? tokens : 0,
        isFirst ? 1 : 0,
      ],
      some.length,
    );
  }
  return written;
}

/** Takes what one role needed out of the notes of rows. See reembed.settle_notes(). */
export async function settleNotes(
  db: Queryable,
  target: WorkTarget,
  role: VectorColumn['role'],
  notes: StaleRow[],
  stored: { rows: number; tokens: number },
): Promise<void> {
  if (notes.length === 0) return;
  await db.query('SELECT reembed.settle_notes($1, $2, $3, $4, $5, $6, $7)', [
    target.name,
    target.migration,
    role,
    notes.flatMap(({ versions }) => versions),
    notes.filter(({ exists }) => !exists).map(({ keyText }) => keyText),
    stored.rows,
    stored.tokens,
  ]);
}

/**
 * Writes a portion when nothing speaks against it; how long that takes decides how large the next one is.
 *
 * @param handedOver rows of the portion; left out where only the answer says how many there were
 * @returns how many rows were written
 */
async function paced(
  { portion, throttle }: Pick<Pacing, 'portion' | 'throttle'>,
  db: Queryable,
  statement: string,
  values: unknown[],
  handedOver?: number,
): Promise<number> {
  await throttle.pass();
  const startedAt = performance.now();
  const answer = await db.query<{ rows: number }>(statement, values);
  const took = performance.now() - startedAt;
  const written = answer.rows[0]?.rows ?? 0;
  if (handedOver ?? written) {
    throttle.wrote(took);
    // As if it had taken longer: what is held back is spread over the time in many short pieces.
    portion.took(handedOver ?? written, took / throttle.share);
  }
  return written;
}

/** Waves differ in price by ten times and more: judged by the cheap ones, a portion of the first would take a second. */
function portionOfWave(pacing: Pacing, wave = 1): Portion {
  return wave === 1 ? pacing.portion : pacing.laterWaves;
}

/** The rows up to the next wave: in one transaction a page gains room for one row only. */
function ofOneWave<T>(items: T[], waveOf: (item: T) => number): T[] {
  const next = items.findIndex((item) => waveOf(item) !== waveOf(items[0] as T));
  return next === -1 ? items : items.slice(0, next);
}

function arrays(target: WorkTarget, items: RowVector[]): [string[], (string | null)[], Buffer] {
  return [
    items.map(({ row }) => row.keyText),
    items.map(({ row }) => row.textHash),
    encodeVectorArray(
      items.map(({ vector }) => vector),
      target.vectorOid,
    ),
  ];
}

function refusals(failures: RowFailure[]): string {
  return JSON.stringify(failures.map(({ row, code, message }) => ({ key: row.keyText, class: code, message })));
}

import { encodeVectorArray } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import type { Throttle } from '../throttle/throttle.ts';
import type { Portion } from './portion.ts';
import type { BatchName, BatchRow, ChangedRow, SourceRow } from './reader.ts';
import { textDigest } from './repeated-texts.ts';
import { compiled, type VectorColumn, type WorkTarget } from './target.ts';

/** A vector for a row; null removes the vector, because the row has no text any more. */
export interface RowVector {
  row: SourceRow;
  vector: Float32Array | null;
}

/** A vector for a row of a batch. */
export interface BatchVector {
  row: BatchRow;
  vector: Float32Array | null;
}

/** Number of rows to write at a time, and when. */
export interface Pacing {
  /** for rows of unknown cost and for the first row of each page: most of these updates go into every index */
  portion: Portion;
  /** for later waves of a column: most of these updates are HOT and cost a fraction of the first */
  laterWaves: Portion;
  throttle: Throttle;
}

/** A row that could not be embedded. */
export interface RowFailure {
  row: SourceRow;
  code: string;
  message: string;
  /** the other program's message, which may quote the text */
  words?: string | undefined;
}

// Every write is a single statement and a transaction of its own. Between two statements a frozen or interrupted worker
// would hold row locks and block the application.

/**
 * Stores vectors and failures of changed rows. A row whose text is no longer the one that was embedded is skipped.
 *
 * @returns keys (as JSON text) of the rows that were written, without those that failed and were not recorded, see reembed.record_failed()
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
  if (items.length === 0 && failures.length === 0) return written;
  for (let at = 0; at === 0 || at < items.length; ) {
    const some = items.slice(at, at + portion.rows);
    at += some.length || 1;
    const isLast = at >= items.length;
    const startedAt = performance.now();
    const { rows } = await db.query<{ written: string[]; left: string[] }>(
      `SELECT w.written, reembed.record_failed($6, $1, $7, w.written) AS left
         FROM (SELECT ARRAY(SELECT ${compiled(target, `store_${vector.role}`)}($1, $2, $3, $4, $5::${target.vectorType}[])) AS written OFFSET 0) AS w`,
      [vector.model, ...arrays(target, some), target.name, refusals(isLast ? failures : [])],
    );
    portion.took(some.length, performance.now() - startedAt);
    for (const key of rows[0]?.written ?? []) written.add(key);
    // Neither embedded nor recorded as failed: the change stays in the log.
    for (const key of rows[0]?.left ?? []) written.delete(key);
  }
  return written;
}

/**
 * Stores the outcome of a batch; each portion also updates its row in the ledger. See reembed.settle_batch().
 *
 * @param outcome vectors in the order to write them; `done` when nothing of the range is left to be embedded
 * @returns number of rows that got their vector
 */
export async function storeBatch(
  db: Queryable,
  pacing: Pacing,
  target: WorkTarget,
  vector: VectorColumn,
  batch: BatchName,
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
    const digests = target.hasRepeatedTexts ? some.map(({ row, vector }) => (vector ? textDigest(row.text ?? '') : null)) : null;
    written += await paced(
      { portion, throttle: pacing.throttle },
      db,
      `SELECT reembed.settle_batch($6, $7, $1, w.written, $8, CASE WHEN $8::uuid[] IS NOT NULL THEN $5::${target.vectorType}[] END, $9, $10, $11, $12) AS rows
         FROM (SELECT ARRAY(SELECT ${compiled(target, `store_${vector.role}`)}($1, $2, $3, $4, $5::${target.vectorType}[])) AS written OFFSET 0) AS w`,
      [
        vector.model,
        ...arrays(target, some),
        ...[batch.campaign, batch.batch, digests],
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

/** A row of a request of a provider batch, and its vector. */
export interface SentVector {
  position: number;
  batch: number;
  keyText: string;
  textHash: string;
  wave: number;
  vector: Float32Array;
}

/**
 * Stores the vectors of rows that one request of a provider batch carried, and removes the rows from its record. See
 * reembed.settle_sent_rows().
 *
 * @param items rows of the request that are still recorded, in the order to write them
 * @param tokens token count of the request as reported by the provider
 * @returns number of rows that got their vector
 */
export async function storeSentRows(
  db: Queryable,
  pacing: Pacing,
  target: WorkTarget,
  vector: VectorColumn,
  { providerBatch, request }: { providerBatch: string; request: number },
  items: SentVector[],
  tokens: number,
): Promise<number> {
  let written = 0;
  for (let at = 0; at < items.length; ) {
    const isFirst = items[at]?.position === 0;
    const portion = portionOfWave(pacing, items[at]?.wave);
    const some = ofOneWave(items.slice(at, at + portion.rows), ({ wave }) => wave);
    at += some.length;
    // Skips rows whose record another worker has removed in the meantime: that worker stored the same vector.
    const awaited = `(SELECT array_agg(r.position) FROM reembed.provider_batch_row AS r WHERE r.provider_batch = $6 AND r.request = $8 AND r.position = ANY ($9))`;
    written += await paced(
      { portion, throttle: pacing.throttle },
      db,
      `SELECT reembed.settle_sent_rows($6, $7, $8, $9, $5::${target.vectorType}[], w.written, $10, $11) AS rows
         FROM (SELECT ARRAY(SELECT ${compiled(target, `store_${vector.role}`)}($1, $2, $3, $4, $5::${target.vectorType}[]) WHERE ${awaited} @> $9) AS written OFFSET 0) AS w`,
      [
        vector.model,
        ...arrays(
          target,
          some.map(({ keyText, textHash, vector: values }) => ({ row: { keyText, textHash, version: null }, vector: values })),
        ),
        ...[providerBatch, some[0]?.batch, request],
        some.map(({ position }) => position),
        isFirst ? tokens : 0,
        isFirst ? 1 : 0,
      ],
      some.length,
    );
  }
  return written;
}

/** Changes that were processed: for both models, or for one only. */
export interface ServedChanges {
  both: ChangedRow[];
  newOnly: ChangedRow[];
  oldOnly: ChangedRow[];
  gone: ChangedRow[];
  rows: number;
  tokens: number;
}

/** Removes processed changes from the log, in one statement. See reembed.settle_live(). */
export async function settleChanges(db: Queryable, target: WorkTarget, served: ServedChanges): Promise<void> {
  const seqs = (changes: ChangedRow[]) => changes.flatMap((change) => change.seqs.map(BigInt)).sort((a, b) => (a < b ? -1 : 1));
  const settle = compiled(target, 'settle');
  const goneKeys = served.gone.map(({ keyText }) => keyText);
  const forget =
    goneKeys.length === 0
      ? []
      : target.vectors.flatMap(({ role, storage }) => (storage === 'side_table' ? [`${compiled(target, `forget_${role}`)}($3)`] : []));
  await db.query(
    `SELECT ${[`${settle}($6::bigint[], true, true)`, `${settle}($7::bigint[], true, false)`, `${settle}($8::bigint[], false, true)`, ...forget].join(', ')}
       FROM (SELECT reembed.settle_live($1, $2, $3::text[]::jsonb[], $4, $5) AS is_current OFFSET 0) AS w WHERE w.is_current`,
    [
      ...[target.name, target.campaign, goneKeys, served.rows, served.tokens],
      ...[seqs([...served.both, ...served.gone]), seqs(served.newOnly), seqs(served.oldOnly)],
    ],
  );
}

/**
 * Writes a portion as soon as the throttle allows it. The time it takes determines the size of the next one.
 *
 * @param handedOver number of rows in the portion; left out if only the result says how many there were
 * @returns number of rows that were written
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
    // Counts the throttled time as well, so that delayed writes are spread over time in many short pieces.
    portion.took(handedOver ?? written, took / throttle.share);
  }
  return written;
}

/**
 * Waves differ in cost by a factor of ten and more. A size derived from the cheap ones would make a portion of the
 * first wave take a second.
 */
function portionOfWave(pacing: Pacing, wave = 1): Portion {
  return wave === 1 ? pacing.portion : pacing.laterWaves;
}

/** The rows up to the next wave: within one transaction a page gains free space for only one row. */
function ofOneWave<T>(items: T[], waveOf: (item: T) => number): T[] {
  const next = items.findIndex((item) => waveOf(item) !== waveOf(items[0] as T));
  return next === -1 ? items : items.slice(0, next);
}

function arrays(
  target: WorkTarget,
  items: { row: Pick<SourceRow, 'keyText' | 'version' | 'textHash'>; vector: Float32Array | null }[],
): [string[], (string | null)[], (string | null)[], Buffer] {
  return [
    items.map(({ row }) => row.keyText),
    items.map(({ row }) => row.version),
    items.map(({ row }) => row.textHash),
    encodeVectorArray(
      items.map(({ vector }) => vector),
      target.vectorOid,
    ),
  ];
}

function refusals(failures: RowFailure[]): string {
  return JSON.stringify(failures.map(({ row, code, message, words }) => ({ key: row.keyText, class: code, message, words })));
}

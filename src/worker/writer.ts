import { encodeVectorArray } from '../database/binary-vectors.ts';
import type { Queryable } from '../database/connection.ts';
import { queryToEnd } from '../database/query-to-end.ts';
import { textDigest } from '../text-digest.ts';
import { nextOfOneWave, type Pacing, paced, portionOfWave } from './pacing.ts';
import type { BatchName, BatchRow, SourceRow } from './reader.ts';
import { isRefusedRow, type RowFailure, refusalOf, refusals } from './refused-row.ts';
import { storeDivided } from './store-divided.ts';
import { compiled, type TargetColumn, type VectorColumn, type WorkTarget } from './target.ts';

/** A vector for a row; null removes the vector, because the row has no text any more. */
export interface RowVector {
  row: SourceRow;
  vector: Float32Array | null;
}

/** What the rows of a batch got. */
export interface BatchOutcome {
  /** in the order to write them */
  items: { row: BatchRow; vector: Float32Array | null }[];
  failures: RowFailure[];
  tokens: number;
  requests: number;
  /** whether nothing of the range is left to be embedded */
  done: boolean;
}

// Every write is a single statement and a transaction of its own. Between two statements a frozen or interrupted worker
// would hold row locks and block the application.

/**
 * Stores vectors and failures of changed rows. A row whose text is no longer the one that was embedded is skipped. A row that its table
 * refuses is recorded as failed.
 *
 * @returns keys (as JSON text) of the rows that were written or recorded, without those beyond the limit of reembed.record_failed()
 */
export async function storeVectors(
  db: Queryable,
  { portion, inTurn }: Pick<Pacing, 'portion' | 'inTurn'>,
  { target, vector }: TargetColumn,
  { items, failures }: { items: RowVector[]; failures: RowFailure[] },
): Promise<Set<string>> {
  const settled = new Set<string>();
  if (items.length === 0 && failures.length === 0) return settled;
  await storeDivided(items, {
    portionOf: (rest) => rest.slice(0, portion.rows),
    isRefused: (error) => isRefusedRow(db, error),
    async store(some, isLast) {
      const { rows } = await inTurn(async () => {
        const startedAt = performance.now();
        const answer = await queryToEnd<{ written: string[]; skipped: string[]; left: string[] }>(
          db,
          `SELECT w.written, w.skipped, reembed.record_failed($6, $1, reembed.with_skipped($7, w.skipped), w.written) AS left FROM ${stored(target, vector)} AS w`,
          [vector.model, ...arrays(target, some), target.name, refusals(isLast ? failures : [])],
        );
        portion.took(some.length, performance.now() - startedAt);
        return answer;
      });
      for (const { written, skipped, left } of rows) {
        for (const key of [...written, ...skipped]) settled.add(key);
        // Neither stored nor recorded as failed: the change stays in the log.
        for (const key of left) settled.delete(key);
      }
    },
    async park({ row }, error) {
      const refusal = refusals([await refusalOf(db, target.name, row, error)]);
      const { rows } = await db.query<{ left: string[] }>("SELECT reembed.record_failed($1, $2, $3, '{}') AS left", [
        ...[target.name, vector.model, refusal],
      ]);
      if (rows[0]?.left.length === 0) settled.add(row.keyText);
      return isServed(db, target);
    },
  });
  return settled;
}

/**
 * Stores the outcome of a batch; each portion also updates its row in the ledger. A row that its table refuses is recorded as failed. See
 * reembed.settle_batch().
 *
 * @returns number of rows that got their vector
 */
export async function storeBatch(
  db: Queryable,
  pacing: Pacing,
  { target, vector }: TargetColumn,
  { campaign, batch, ...outcome }: BatchName & BatchOutcome,
): Promise<number> {
  let written = 0;
  let isFirst = true;
  await storeDivided(outcome.items, {
    portionOf: (rest) => nextOfOneWave(rest, pacing, ({ row }) => row.wave),
    isRefused: (error) => isRefusedRow(db, error),
    async store(some, isLast) {
      const digests = target.hasRepeatedTexts ? some.map((item) => (item.vector ? textDigest(item.row.text ?? '') : null)) : null;
      written += await paced(
        { portion: portionOfWave(pacing, some[0]?.row.wave), throttle: pacing.throttle, inTurn: pacing.inTurn },
        db,
        `SELECT reembed.settle_batch($6, $7, $1, w.written, $8, CASE WHEN $8::uuid[] IS NOT NULL THEN $5::${target.vectorType}[] END,
                                     reembed.with_skipped($9, w.skipped), $10, $11, $12) AS rows
           FROM ${stored(target, vector)} AS w`,
        [
          vector.model,
          ...arrays(target, some),
          ...[campaign, batch, digests],
          refusals(isLast ? outcome.failures : []),
          isFirst ? outcome.tokens : 0,
          isFirst ? outcome.requests : 0,
          isLast && outcome.done,
        ],
        some.length,
      );
      isFirst = false;
    },
    async park({ row }, error) {
      const refusal = refusals([await refusalOf(db, target.name, row, error)]);
      await db.query("SELECT reembed.settle_batch($1, $2, $3, '{}', NULL, NULL, $4, 0, 0, false)", [
        ...[campaign, batch, vector.model, refusal],
      ]);
      return isServed(db, target);
    },
  });
  return written;
}

/** What one request of a provider batch brought. */
export interface SentRequest {
  providerBatch: string;
  request: number;
  /** rows of the request that are still recorded, in the order to write them */
  items: SentVector[];
  /** as reported by the provider */
  tokens: number;
}

interface SentVector {
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
 * @returns number of rows that got their vector
 */
export async function storeSentRows(
  db: Queryable,
  pacing: Pacing,
  { target, vector }: TargetColumn,
  { providerBatch, request, items, tokens }: SentRequest,
): Promise<number> {
  if (items.length === 0) return 0;
  // Without the rows that another worker has stored in the meantime.
  const awaited = `(SELECT array_agg(i.key ORDER BY i.place) AS keys, array_agg(i.version ORDER BY i.place) AS versions, array_agg(i.hash ORDER BY i.place) AS hashes,
                           array_agg(i.vector ORDER BY i.place) AS vectors, array_agg(i.position ORDER BY i.place) AS positions
                      FROM reembed.lock_sent_rows($6, $8, $9) AS l(positions)
                     CROSS JOIN unnest($2::text[], $3::text[], $4::bigint[], $5::${target.vectorType}[], $9::integer[]) WITH ORDINALITY AS i(key, version, hash, vector, position, place)
                     WHERE i.position = ANY (l.positions) OFFSET 0)`;
  let written = 0;
  await storeDivided(items, {
    portionOf: (rest) => nextOfOneWave(rest, pacing, ({ wave }) => wave),
    isRefused: (error) => isRefusedRow(db, error),
    async store(some) {
      if (some.length === 0) return;
      written += await paced(
        { portion: portionOfWave(pacing, some[0]?.wave), throttle: pacing.throttle, inTurn: pacing.inTurn },
        db,
        `SELECT reembed.settle_sent_rows($6, $7, $8, a.positions, a.vectors, w.written, reembed.with_skipped('[]', w.skipped),
                                         CASE WHEN 0 = ANY (a.positions) THEN $10::bigint ELSE 0 END, CASE WHEN 0 = ANY (a.positions) THEN 1 ELSE 0 END) AS rows
           FROM ${awaited} AS a CROSS JOIN LATERAL ${stored(target, vector, 'a.keys, a.versions, a.hashes, a.vectors')} AS w`,
        [
          vector.model,
          ...arrays(
            target,
            some.map(({ keyText, textHash, vector: values }) => ({ row: { keyText, textHash, version: null }, vector: values })),
          ),
          ...[providerBatch, some[0]?.batch, request],
          some.map(({ position }) => position),
          tokens,
        ],
        some.length,
      );
    },
    async park(item, error) {
      const isFirst = item.position === 0;
      await db.query(`SELECT reembed.settle_sent_rows($1, $2, $3, $4, $5::${target.vectorType}[], '{}', $6, $7, $8)`, [
        ...[providerBatch, item.batch, request, [item.position]],
        encodeVectorArray([item.vector], target.vectorOid),
        refusals([await refusalOf(db, target.name, item, error)]),
        ...[isFirst ? tokens : 0, isFirst ? 1 : 0],
      ]);
      return isServed(db, target);
    },
  });
  return written;
}

/** SQL of the call that stores vectors, as one row: the keys that were written, and those whose write their table suppressed. $1 is the model. */
function stored(target: WorkTarget, { role }: VectorColumn, rows = `$2, $3, $4, $5::${target.vectorType}[]`): string {
  const keys = (written: string) => `coalesce(array_agg(s.key) FILTER (WHERE ${written}), '{}')`;
  return `(SELECT ${keys('s.is_written')} AS written, ${keys('NOT s.is_written')} AS skipped
             FROM ${compiled(target, `store_${role}`)}($1, ${rows}) AS s OFFSET 0)`;
}

/** Whether the target is still served: recording a failed row may have paused it. */
async function isServed(db: Queryable, { name }: WorkTarget): Promise<boolean> {
  const { rows } = await db.query<{ paused: boolean }>('SELECT paused FROM reembed.setting WHERE target = $1', [name]);
  return rows[0]?.paused === false;
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

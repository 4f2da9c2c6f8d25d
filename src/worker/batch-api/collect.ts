import type { BatchStatus } from '../../embedding/batch-api.ts';
import { type AnsweredRequest, readAnsweredRequest, vectorsOf } from '../../embedding/batch-lines.ts';
import { BadAnswer } from '../../embedding/check-vectors.ts';
import type { Embedded } from '../../embedding/provider.ts';
import { observeStore } from '../../metrics/observe-work.ts';
import { counted, plural } from '../../wording.ts';
import { storeSentRows } from '../writer.ts';
import { recordError } from './provider-batch.ts';
import { customIdOf } from './requests.ts';
import type { BatchWork } from './work.ts';

/** A row whose vector has not been stored yet. */
interface AwaitedRow {
  request: number;
  position: number;
  input: number;
  /** number of texts in the request */
  inputs: number;
  wave: number;
  batch: number;
  keyText: string;
  textHash: string;
}

const PAUSE_CHECK_MS = 1000;

/**
 * Stores the results of a provider batch, request by request as the lines arrive, with the same checks and fence as any
 * other answer. Results that are already stored are skipped, so it can be restarted at any point.
 *
 * @returns false when it was stopped or paused before the end
 */
export async function collect(work: BatchWork, status: BatchStatus): Promise<boolean> {
  const { api, batch, signal } = work;
  const awaited = await readAwaited(work);
  const failures = new Map<string, number>();
  const mustStop = createStopCheck(work);
  for (const fileId of [status.outputFileId, status.errorFileId]) {
    if (fileId === undefined) continue;
    for await (const line of api.readLines(fileId, signal)) {
      if (awaited.size === 0) return true;
      if (await mustStop()) return false;
      const answer = readAnsweredRequest(line);
      const request = answer && numberOf(answer, work);
      const rows = request && awaited.get(request);
      if (!rows) continue;
      const failure = answer.failure || (await store(work, answer, rows));
      if (failure) failures.set(failure, (failures.get(failure) ?? 0) + 1);
      else awaited.delete(request);
    }
  }
  // Rows that are still awaited go back to ordinary requests, which find the faulty row.
  if (awaited.size > 0) await recordError(work.context.database.pool, batch, 'incomplete', wordsOf(awaited.size, failures));
  return true;
}

/** Stores the vectors of one request. Returns the reason when they cannot be stored. */
async function store({ context, batch, target, vector }: BatchWork, answer: AnsweredRequest, rows: AwaitedRow[]): Promise<string> {
  const [first] = rows as [AwaitedRow];
  const { model } = await context.providerOf(vector);
  let embedded: Embedded;
  try {
    embedded = vectorsOf(answer, model, first.inputs, batch.encoding ?? 'float');
  } catch (error) {
    if (error instanceof BadAnswer) return error.code;
    throw error;
  }
  const pacing = context.pacingOf(target.name);
  const items = rows.map((row) => ({ ...row, vector: embedded.vectors[row.input] as Float32Array }));
  // If the first rows are already stored, the tokens are already counted.
  const tokens = first.position === 0 ? embedded.tokens : 0;
  const sent = { providerBatch: batch.id, request: first.request, items, tokens };
  const of = { target: target.name, model: vector.model };
  context.monitor?.counted(of, tokens, null);
  context.monitor?.embedded(of, { embedded: rows.length, refused: 0 });
  const storeRows = () => storeSentRows(context.database.pool, pacing, { target, vector }, sent);
  await context.writerOf(target.name)(() => observeStore(of, context.monitor, items.length, storeRows, (written) => written));
  return '';
}

/** The recorded rows by request number, in the order to write them. */
async function readAwaited({ context, batch }: BatchWork): Promise<Map<number, AwaitedRow[]>> {
  const { rows } = await context.database.pool.query<Omit<AwaitedRow, 'batch'> & { batch: string }>(
    `SELECT request, position, input, inputs, wave, batch::text, key::text AS "keyText", text_hash::text AS "textHash"
       FROM reembed.provider_batch_row WHERE provider_batch = $1 ORDER BY request, position`,
    [batch.id],
  );
  return Map.groupBy(
    rows.map((row) => ({ ...row, batch: Number(row.batch) })),
    ({ request }) => request,
  );
}

/** The number of our request that an answer belongs to; undefined when it belongs to none of this attempt. */
function numberOf({ customId }: AnsweredRequest, { batch }: BatchWork): number | undefined {
  const prefix = customIdOf(batch, batch.attempt, '');
  const number = customId.startsWith(prefix) ? Number(customId.slice(prefix.length)) : 0;
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

function createStopCheck({ context, target, signal }: BatchWork): () => Promise<boolean> {
  let checkedAt = 0;
  let isPaused = false;
  return async () => {
    if (Date.now() - checkedAt >= PAUSE_CHECK_MS) {
      const { rows } = await context.database.pool.query<{ paused: boolean }>('SELECT paused FROM reembed.setting WHERE target = $1', [
        target.name,
      ]);
      isPaused = rows[0]?.paused ?? false;
      checkedAt = Date.now();
    }
    return isPaused || (signal?.aborted ?? false) || (context.stopping?.aborted ?? false);
  };
}

function wordsOf(requests: number, failures: Map<string, number>): string {
  const reasons = [...failures].map(([reason, count]) => `${reason}: ${count}`).slice(0, 5);
  return `${counted(requests, 'request')} returned no vectors${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}; ${plural(requests, 'its', 'their')} rows are embedded by ordinary requests`;
}

import { type BatchApi, BatchApiMissing, BatchApiRefused, type BatchStatus } from '../../embedding/batch-api.ts';
import type { Encoding } from '../../embedding/encoding.ts';
import { SpendCapReached } from '../../embedding/spending.ts';
import { textDigest } from '../../text-digest.ts';
import {
  ATTEMPT_LABEL,
  LABEL,
  ledgerBatchesOf,
  type ProviderBatch,
  readProviderBatch,
  recordError,
  recordSubmission,
  recordUpload,
} from './provider-batch.ts';
import { customIdOf, requestsOf, type SentRequest } from './requests.ts';
import { copyTexts, giveBack, settle } from './settle.ts';
import type { BatchWork } from './work.ts';

// Half of what OpenAI and others accept, because the whole file is in memory until it is sent.
const MOST_BYTES = 50_000_000;

/**
 * Submits a provider batch: builds its requests, records the rows of each, uploads them and creates the batch. It first
 * searches for what an earlier attempt created, so that nothing is paid for twice.
 *
 * @throws BatchApiMissing, BatchApiRefused, after the rows were given back; ProviderUnavailable
 */
export async function submit(work: BatchWork): Promise<void> {
  const { context, api, batch, signal } = work;
  const { pool } = context.database;
  let { inputFileId, attempt } = batch;
  await pool.query('UPDATE reembed.provider_batch SET tries = tries + 1 WHERE id = $1', [batch.id]);
  try {
    if (inputFileId === null) {
      const upload = await uploadRequests(work);
      if (!upload) return;
      inputFileId = upload.fileId;
      attempt = upload.attempt;
    } else {
      const made = await findMade(api, batch, signal);
      if (made) {
        await recordSubmission(pool, batch, inputFileId, made);
        return;
      }
    }
    const made = await api.create(inputFileId, { [LABEL]: batch.id, [ATTEMPT_LABEL]: String(attempt) }, signal);
    if (await recordSubmission(pool, batch, inputFileId, made)) return;
    // The batch was abandoned, or another worker presumed this one dead and submitted it. One batch is enough, unless
    // the other worker found this very batch.
    const present = await readProviderBatch(pool, batch.id);
    if (present?.providerBatchId !== made.id) await api.cancel(made.id, signal);
  } catch (error) {
    if (error instanceof BatchApiMissing || error instanceof BatchApiRefused) {
      await recordError(pool, batch, error.code, error.message);
      if (inputFileId !== null) await api.removeFile(inputFileId, signal).catch(() => {});
      await giveBack(pool, batch);
    }
    throw error;
  }
}

/** The batch at the provider that was created from the recorded requests, if there is one and it is wanted. */
export async function findMade(api: BatchApi, batch: ProviderBatch, signal: AbortSignal | undefined): Promise<BatchStatus | undefined> {
  for await (const made of api.list(signal)) {
    if (isMadeOf(batch, made) && made.state !== 'cancelling' && made.state !== 'cancelled') return made;
  }
  return undefined;
}

/**
 * Cancels duplicates of the recorded batch, created from the same requests by a worker that was presumed dead or
 * received no answer.
 */
export async function cancelOthers(api: BatchApi, batch: ProviderBatch, signal: AbortSignal | undefined): Promise<void> {
  for await (const made of api.list(signal)) {
    const isOther = isMadeOf(batch, made) && made.id !== batch.providerBatchId;
    if (isOther && !made.isOver && made.state !== 'cancelling') await api.cancel(made.id, signal);
  }
}

/** Not every provider keeps the labels or the id of the file. */
function isMadeOf({ id, attempt, inputFileId: ours }: ProviderBatch, { inputFileId, labels }: BatchStatus): boolean {
  return inputFileId === ours || (labels[LABEL] === id && labels[ATTEMPT_LABEL] === String(attempt));
}

async function uploadRequests(work: BatchWork): Promise<{ fileId: string; attempt: number } | undefined> {
  const { context, api, batch, vector, signal } = work;
  const { pool } = context.database;
  // A worker that was interrupted may have left texts at the provider.
  if (batch.attempt > 0) await api.removeUploads(uploadName(batch, ''), signal).catch(() => {});
  const { rows } = await pool.query<{ attempt: number | null }>('SELECT reembed.begin_submission($1) AS attempt', [batch.id]);
  const attempt = rows[0]?.attempt;
  if (!attempt) return undefined;
  const provider = await context.providerOf(vector);
  await provider.settleEncoding(signal);
  const encoding = provider.findings.encoding ?? 'float';
  const { requests, isPartial } = await putTogether(work, attempt, encoding);
  if (requests.length === 0) {
    // Other workers have stored the vectors, or the texts are gone.
    await settle(work);
    return undefined;
  }
  const tokens = requests.reduce((sum, request) => sum + request.tokens, 0);
  await reserve(work, attempt, tokens);
  const fileId = await api.upload(
    uploadName(batch, `${attempt}.jsonl`),
    requests.map(({ line }) => line),
    signal,
  );
  if (await recordUpload(pool, batch, { attempt, fileId, encoding, requests: requests.length, tokens, isPartial }))
    return { fileId, attempt };
  await api.removeFile(fileId, signal);
  return undefined;
}

/** Counts the batch against the spend cap. @throws SpendCapReached, after its rows were given back */
async function reserve({ context, batch }: BatchWork, attempt: number, tokens: number): Promise<void> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ refusal: string | null }>('SELECT reembed.reserve_provider_batch($1, $2, $3) AS refusal', [
    ...[batch.id, attempt, Math.round(tokens)],
  ]);
  const refusal = rows[0]?.refusal;
  if (!refusal) return;
  await giveBack(pool, batch);
  throw new SpendCapReached(refusal);
}

function uploadName({ id }: ProviderBatch, rest: string): string {
  return `reembed-${id}-${rest}`;
}

/** Reads the rows and records what is sent until the provider batch is full. The rest is left to another provider batch. */
async function putTogether(work: BatchWork, attempt: number, encoding: Encoding): Promise<{ requests: SentRequest[]; isPartial: boolean }> {
  const { context, batch, target, vector, signal } = work;
  const { config, database } = context;
  const provider = await context.providerOf(vector);
  const all: SentRequest[] = [];
  let isPartial = false;
  const left = { inputs: config.batchApiInputs, tokens: batch.tokensAllowed ?? Number.POSITIVE_INFINITY, bytes: MOST_BYTES };
  for (const ledgerBatch of await ledgerBatchesOf(database.pool, batch)) {
    context.stopping?.throwIfAborted();
    signal?.throwIfAborted();
    const { own: rows } = await copyTexts(work, ledgerBatch);
    const requests = requestsOf(rows, provider, {
      firstNumber: all.length + 1,
      customId: (number) => customIdOf(batch, attempt, number),
      encoding,
      limits: provider.findings.limits.within(provider.limits),
      tokensPerCharacter: target.tokensPerCharacter,
    });
    const fitting = requests.filter((request) => {
      const isFirst = all.length === 0 && request === requests[0];
      left.inputs -= request.inputs;
      left.tokens -= request.tokens;
      left.bytes -= request.line.length;
      return isFirst || (left.inputs >= 0 && left.tokens >= 0 && left.bytes >= 0);
    });
    // A ledger batch is sent as a whole, unless it is too large for any provider batch.
    if (fitting.length < requests.length && all.length > 0) {
      await database.pool.query('SELECT reembed.return_to_batch_api($1, $2)', [batch.id, ledgerBatch]);
      break;
    }
    await recordRows(work, attempt, ledgerBatch, fitting);
    all.push(...fitting);
    isPartial = fitting.length < requests.length;
  }
  return { requests: all, isPartial };
}

async function recordRows(
  { context, batch, target }: BatchWork,
  attempt: number,
  ledgerBatch: number,
  requests: SentRequest[],
): Promise<void> {
  const sent = requests.flatMap(({ number, inputs, rows }) =>
    rows.map(({ row, input }, position) => ({ number, position, input, inputs, row })),
  );
  if (sent.length === 0) return;
  await context.database.pool.query('SELECT reembed.record_sent_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
    ...[batch.id, attempt, ledgerBatch],
    sent.map(({ number }) => number),
    sent.map(({ position }) => position),
    sent.map(({ input }) => input),
    sent.map(({ inputs }) => inputs),
    sent.map(({ row }) => row.keyText),
    sent.map(({ row }) => row.textHash),
    sent.map(({ row }) => (target.hasRepeatedTexts ? textDigest(row.text ?? '') : null)),
    sent.map(({ row }) => row.wave),
  ]);
}

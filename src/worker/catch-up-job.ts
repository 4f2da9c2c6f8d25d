import { providerAccess } from '../embedding/open-provider.ts';
import { ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import { observeStore } from '../metrics/observe-work.ts';
import { embedRows, type WorkContext } from './context.ts';
import { expandJoins } from './expand-joins.ts';
import { isGone, recordLost, stopKeepingOldCurrent } from './gone-model.ts';
import { noticeBreaker } from './pause-targets.ts';
import { type ChangedRow, readChanges } from './reader.ts';
import { settleChanges } from './settle-changes.ts';
import { sweepLeaf, sweepTable } from './sweep.ts';
import { loadTarget, type Role, type TargetColumn, vectorColumn, type WorkTarget } from './target.ts';
import { storeVectors } from './writer.ts';

// After this time the job ends and is queued again: under endless changes it would run into the queue's limit of an hour.
const TURN_MS = 5000;
// The model that is not searched must not delay the live one.
const UNREAD_PATIENCE_SECONDS = 15;

/** Payload of a catch-up job in the queue. */
export interface CatchUpJob {
  target: string;
  /** the lane of changed rows to read; all of them when left out */
  lane?: number;
}

/**
 * Updates the vectors of rows that the application changed, for each model that is kept current. Within a round of
 * changes the live model comes first. Once every batch is done, it also sweeps the table for rows that no batch has read.
 */
export async function runCatchUp(context: WorkContext, { target: targetName, lane }: CatchUpJob, signal?: AbortSignal): Promise<void> {
  let target = await loadTarget(context.database.pool, targetName);
  if (!target) return;
  if (!lane && (await sweep(context, target, signal))) target = await loadTarget(context.database.pool, targetName);
  if (target && !lane && (await expandJoins(context.database.pool, target, signal)))
    target = await loadTarget(context.database.pool, targetName);
  if (!target) return;
  // Under steady writes there is always another change, so a pass ends with the changes that existed when it began.
  const turnEndsAt = Date.now() + TURN_MS;
  const limit = roundSize(context, target);
  let pass = beginPass(target);
  while (target && !isStopped(context, target, signal)) {
    const round: ChangedRow[] = await readChanges(context.database.pool, target, lane, pass, limit);
    const seqs = round.flatMap((change) => change.seqs.map(BigInt));
    const free = round.filter(({ state }) => state !== 'held');
    const settled = free.length > 0 ? await serve(context, target, free, signal) : 0;
    pass.settled += settled;
    pass.left += round.length - settled;
    // Rows are in the order of their oldest change, so the highest number need not be in the last row.
    pass.after = String(seqs.reduce((most, seq) => (seq > most ? seq : most), BigInt(pass.after)));
    const isOver = seqs.length < limit;
    if (isOver && (pass.settled === 0 || Date.now() > turnEndsAt)) return;
    if (isOver && !lane) await expandJoins(context.database.pool, target, signal);
    // Read again in every round, because switch or contract may move the columns while the worker runs.
    target = await loadTarget(context.database.pool, targetName);
    if (!isOver || !target) continue;
    if (pass.left === 0 && BigInt(target.newestChange) <= BigInt(pass.upTo)) return;
    pass = beginPass(target);
  }
}

/** Number of changed rows to read at a time: those of one request of the live model, or of the other if that is not maintained. */
function roundSize({ config }: WorkContext, { vectors }: WorkTarget): number {
  const vector = vectors.filter(({ maintained }) => maintained).sort((a, b) => Number(b.read) - Number(a.read))[0];
  return vector ? providerAccess(vector.definition, vector.role, config).limits.inputs : 1;
}

/** Starts a pass over the changes that exist now. */
function beginPass({ newestChange }: WorkTarget): { after: string; upTo: string; settled: number; left: number } {
  return { after: '0', upTo: newestChange, settled: 0, left: 0 };
}

/** Sweeps the table if that is due; returns whether it did. */
async function sweep(context: WorkContext, target: WorkTarget, signal: AbortSignal | undefined): Promise<boolean> {
  const { pool } = context.database;
  if (target.needsSweep.new) await sweepTable(pool, target.campaign, 'new', signal);
  if (target.needsSweep.old) {
    await sweepTable(pool, target.campaign, 'old', signal);
    await pool.query('SELECT reembed.resume_old($1)', [target.campaign]);
  }
  for (const leaf of target.newLeaves) await sweepLeaf(pool, target.name, leaf, signal);
  return target.needsSweep.new || target.needsSweep.old || target.newLeaves.length > 0;
}

function isStopped(context: WorkContext, target: WorkTarget, signal: AbortSignal | undefined): boolean {
  return target.paused || signal?.aborted === true || context.stopping?.aborted === true;
}

/** Processes a round of changes for both models and removes processed changes from the log. Returns how many rows were settled. */
async function serve(context: WorkContext, target: WorkTarget, changes: ChangedRow[], signal: AbortSignal | undefined): Promise<number> {
  const served: Record<Role, Set<ChangedRow>> = { new: new Set(), old: new Set() };
  let rows = 0;
  let tokens = 0;
  let failure: unknown;
  const inTurn = [...target.vectors].sort((a, b) => Number(b.read) - Number(a.read));
  for (const vector of inTurn) {
    const wanting = changes.filter((change) => change.state === 'there' && (vector.role === 'new' ? change.needsNew : change.needsOld));
    if (wanting.length === 0) continue;
    const result = await serveRole(context, { target, vector }, wanting, signal);
    for (const change of result.settled) served[vector.role].add(change);
    rows += result.rows;
    tokens += result.tokens;
    if (result.failure && vector.read) failure = result.failure;
    else if (result.failure instanceof ProviderUnavailable && !context.giveUp) context.notice(messageOf(result.failure));
    else failure ??= result.failure;
    if (failure && vector.read) break;
  }
  const isServed = (change: ChangedRow, role: Role) =>
    !(role === 'new' ? change.needsNew : change.needsOld) || served[role].has(change) || !vectorColumn(target, role);
  const there = changes.filter(({ state }) => state === 'there');
  const settled = {
    both: [
      ...there.filter((change) => isServed(change, 'new') && isServed(change, 'old')),
      ...changes.filter(({ state }) => state === 'truncated'),
    ],
    newOnly: there.filter((change) => isServed(change, 'new') && !isServed(change, 'old') && change.needsNew),
    oldOnly: there.filter((change) => isServed(change, 'old') && !isServed(change, 'new') && change.needsOld),
    gone: changes.filter(({ state }) => state === 'gone'),
  };
  if (changes.some(({ state }) => state === 'truncated')) await sweepSideTables(context, target);
  await settleChanges(context.database.pool, target, { ...settled, rows, tokens });
  if (failure) throw failure;
  return settled.both.length + settled.gone.length;
}

interface ServedRole {
  settled: ChangedRow[];
  rows: number;
  tokens: number;
  failure?: unknown;
}

async function serveRole(
  context: WorkContext,
  column: TargetColumn,
  wanting: ChangedRow[],
  signal: AbortSignal | undefined,
): Promise<ServedRole> {
  const { target, vector } = column;
  if (!vector.maintained) {
    await recordLost(context, column, wanting, 'the old model is not kept current');
    return { settled: wanting, rows: 0, tokens: 0 };
  }
  const { written, tokens, failure } = await refresh(context, column, wanting, signal).catch((error: unknown) => ({
    written: new Set<string>(),
    tokens: 0,
    failure: error,
  }));
  const settled = wanting.filter(({ keyText }) => written.has(keyText));
  if (vector.role === 'old' && isGone(failure)) {
    await stopKeepingOldCurrent(context, target, failure);
    const lost = wanting.filter(({ keyText }) => !written.has(keyText));
    await recordLost(context, column, lost, messageOf(failure));
    return { settled: wanting, rows: written.size, tokens };
  }
  return { settled, rows: written.size, tokens, failure };
}

async function refresh(context: WorkContext, column: TargetColumn, changes: ChangedRow[], signal: AbortSignal | undefined) {
  const { target, vector } = column;
  // The hash in a side table shows that the stored vector is of the current text.
  const isCurrent = (change: ChangedRow) =>
    vector.role === 'new' && change.hasText && change.newHash !== null && change.newHash === change.textHash;
  const texts = changes.filter((change) => change.hasText && !isCurrent(change));
  const { patienceSeconds: patience } = context.config;
  const patienceSeconds = vector.read ? patience : Math.min(UNREAD_PATIENCE_SECONDS, patience);
  const outcome = await embedRows(context, column, texts, { patienceSeconds, signal });
  const items = [
    ...outcome.embedded.map(({ item, vector: values }) => ({ row: item, vector: values })),
    ...changes.filter(({ hasText }) => !hasText).map((row) => ({ row, vector: null })),
    // A vector that could not be renewed belongs to a former text and must no longer be found.
    ...outcome.refused.map(({ item }) => ({ row: item, vector: null })),
  ];
  const failures = outcome.refused.map(({ item, ...refusal }) => ({ row: item, ...refusal }));
  const written = await observeStore(
    { target: target.name, model: vector.model },
    context.monitor,
    items.length,
    () => storeVectors(context.database.pool, context.pacingOf(target.name), column, { items, failures }),
    (keys) => outcome.embedded.filter(({ item }) => keys.has(item.keyText)).length,
  );
  await noticeBreaker(context, target.name, outcome.refused.length);
  for (const change of changes) if (isCurrent(change)) written.add(change.keyText);
  return { written, tokens: outcome.tokens, failure: outcome.failure };
}

/** Removes the vectors of a truncated table from its side tables. */
async function sweepSideTables(context: WorkContext, target: WorkTarget): Promise<void> {
  for (const { role } of target.vectors) {
    for (let block: string | null = '0'; block !== null; ) {
      const { rows }: { rows: { next: string | null }[] } = await context.database.pool.query(
        'SELECT reembed.sweep_side_table($1, $2, $3)::text AS next',
        [target.name, role, block],
      );
      block = rows[0]?.next ?? null;
    }
  }
}

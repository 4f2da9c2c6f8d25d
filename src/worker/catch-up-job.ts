import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import { embedRows, type WorkContext } from './context.ts';
import { readNotes, type StaleRow } from './reader.ts';
import { sweepTable } from './sweep.ts';
import { loadTarget, type VectorColumn, vectorColumn, type WorkTarget } from './target.ts';
import { settleNotes, storeVectors } from './writer.ts';

const GONE = new Set(['provider_login', 'model_not_found', 'provider_quota', 'missing_api_key']);
// Then the job ends and is queued again, so that a process with several tables gives each of their lanes its turn.
const TURN_MS = 5000;
// The model nobody reads must not hold up the one that is searched.
const UNREAD_PATIENCE_SECONDS = 15;

/** What a catch-up job carries in the queue. */
export interface CatchUpJob {
  target: string;
  /** which part of the changed rows; all of them when left out */
  lane?: number;
}

/**
 * Brings the vectors of rows that the application changed up to date, in both models where both are maintained: first
 * those of the model that is read, then the other's. Searches the table for rows no batch has seen once every batch is done.
 */
export async function runCatchUp(context: WorkContext, { target: targetName, lane }: CatchUpJob, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ readRole: Role | null; sweep: string | null; oldSweep: string | null }>(
    `SELECT (SELECT v.role FROM reembed.vector_column AS v WHERE v.target = s.target AND v.is_read) AS "readRole",
            (SELECT m.name FROM reembed.migration AS m WHERE m.target = s.target AND m.phase = 'backfill' AND reembed.needs_sweep(m.name)) AS sweep,
            (SELECT m.name FROM reembed.migration AS m WHERE m.target = s.target AND m.needs_old_sweep) AS "oldSweep"
       FROM reembed.setting AS s WHERE s.target = $1`,
    [targetName],
  );
  const state = rows[0];
  if (!state) return;
  const isFirstLane = !lane;
  if (isFirstLane && state.sweep) await sweepTable(pool, state.sweep, 'new', signal);
  if (isFirstLane && state.oldSweep) {
    await sweepTable(pool, state.oldSweep, 'old', signal);
    await pool.query('SELECT reembed.resume_old($1)', [state.oldSweep]);
  }
  const [first, second]: Role[] = state.readRole === 'old' ? ['old', 'new'] : ['new', 'old'];
  const { patienceSeconds } = context.config;
  // Under steady writes there is always another note: each model has its turn with those of one moment, so that none waits for ever.
  const turnEndsAt = Date.now() + TURN_MS;
  for (let settled = 1; settled > 0 && Date.now() < turnEndsAt; ) {
    const upTo = await newestNote(context, targetName);
    settled = await catchUpRole(context, { target: targetName, lane }, first as Role, upTo, patienceSeconds, signal);
    try {
      settled += await catchUpRole(
        context,
        { target: targetName, lane },
        second as Role,
        upTo,
        Math.min(UNREAD_PATIENCE_SECONDS, patienceSeconds),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ProviderUnavailable) || context.giveUp) throw error;
      context.notice(messageOf(error));
      return;
    }
  }
}

type Role = VectorColumn['role'];

async function newestNote(context: WorkContext, targetName: string): Promise<string> {
  const { rows } = await context.database.pool.query<{ version: string }>(
    'SELECT coalesce(max(version), 0)::text AS version FROM reembed.stale_row WHERE target = $1',
    [targetName],
  );
  return rows[0]?.version ?? '0';
}

/** Serves the notes up to a version that want one role's vector, but for rows that the application holds locked; returns how many. */
async function catchUpRole(
  context: WorkContext,
  { target: targetName, lane }: { target: string; lane: number | undefined },
  role: Role,
  upTo: string,
  patienceSeconds: number,
  signal?: AbortSignal,
): Promise<number> {
  const { pool } = context.database;
  let after = '0';
  for (let total = 0; ; ) {
    const { rows } = await pool.query<{ paused: boolean }>('SELECT paused FROM reembed.setting WHERE target = $1', [targetName]);
    // A round is one request: what it brought is stored before the next. The target is read anew each time, because a switch
    // or contract moves the columns under a running worker.
    const target = await loadTarget(pool, targetName);
    if (!target || !rows[0] || rows[0].paused || signal?.aborted || context.stopping?.aborted) return 0;
    const notes = await readNotes(pool, target, role, lane, { after, upTo }, context.config.requestInputs);
    const last = notes.at(-1);
    if (!last) return total;
    after = last.readTo;
    const free = notes.filter(({ held }) => !held);
    if (free.length > 0) total += await serveNotes(context, target, role, free, patienceSeconds, signal);
  }
}

async function serveNotes(
  context: WorkContext,
  target: WorkTarget,
  role: Role,
  notes: StaleRow[],
  patienceSeconds: number,
  signal?: AbortSignal,
): Promise<number> {
  const vector = vectorColumn(target, role);
  const wanting = notes.filter((note) => note.exists && (role === 'new' ? note.needsNew : note.needsOld));
  const unsettled = new Set<StaleRow>();
  let stored = { rows: 0, tokens: 0 };
  let failure: unknown;
  if (vector && !vector.maintained) {
    await recordLost(context, target, vector, wanting, 'the old model is not kept current');
  } else if (vector && wanting.length > 0) {
    const result = await refresh(context, target, vector, wanting, patienceSeconds, signal).catch((error: unknown) => ({
      written: new Set<string>(),
      tokens: 0,
      failure: error,
    }));
    stored = { rows: result.written.size, tokens: result.tokens };
    for (const note of wanting) if (!result.written.has(note.keyText)) unsettled.add(note);
    failure = result.failure;
    if (role === 'old' && isGone(failure)) {
      await stopKeepingOldCurrent(context, target, failure);
      await recordLost(context, target, vector, [...unsettled], messageOf(failure));
      unsettled.clear();
      failure = undefined;
    }
  }
  const settled = notes.filter((note) => !unsettled.has(note));
  await settleNotes(context.database.pool, target, role, settled, stored);
  if (failure) throw failure;
  return settled.length;
}

/** Keeps in mind which rows have an old vector of a former text, so that neither the way back nor the archive trusts it. */
async function recordLost(
  context: WorkContext,
  target: WorkTarget,
  vector: VectorColumn,
  notes: StaleRow[],
  message: string,
): Promise<void> {
  await storeVectors(
    context.database.pool,
    context.pacingOf(target.name).portion,
    target,
    vector,
    [],
    notes.map((row) => ({ row, code: 'old_model_unavailable', message })),
  );
}

async function refresh(
  context: WorkContext,
  target: WorkTarget,
  vector: VectorColumn,
  notes: StaleRow[],
  patienceSeconds: number,
  signal?: AbortSignal,
) {
  const outcome = await embedRows(
    context,
    target,
    vector,
    notes.filter(({ hasText }) => hasText),
    patienceSeconds,
    signal,
  );
  const written = await storeVectors(
    context.database.pool,
    context.pacingOf(target.name).portion,
    target,
    vector,
    [
      ...outcome.embedded.map(({ item, vector: values }) => ({ row: item, vector: values })),
      ...notes.filter(({ hasText }) => !hasText).map((row) => ({ row, vector: null })),
      // A vector that could not be renewed belongs to a text that is gone: it must not be found any more.
      ...outcome.refused.map(({ item }) => ({ row: item, vector: null })),
    ],
    outcome.refused.map(({ item, code, message }) => ({ row: item, code, message })),
  );
  return { written, tokens: outcome.tokens, failure: outcome.failure };
}

/** A provider that knows neither the model nor us any more. One whose answers are wrong may answer well again. */
export function isGone(error: unknown): boolean {
  return error instanceof ProviderRefused && GONE.has(error.code);
}

/** The old model is gone or refuses: the campaign goes on, and the way back says what it will lack. */
export async function stopKeepingOldCurrent(context: WorkContext, target: WorkTarget, error: unknown): Promise<void> {
  const { rowCount } = await context.database.pool.query(
    'UPDATE reembed.setting SET keep_old_current = false WHERE target = $1 AND keep_old_current',
    [target.name],
  );
  // Several lanes find it out at the same time; one says so.
  if (rowCount === 0) return;
  context.notice(`the old model cannot be called (${messageOf(error)}); from now on going back would lack the rows written since`);
}

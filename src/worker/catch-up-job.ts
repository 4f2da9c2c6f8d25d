import { inTransaction } from '../database/connection.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import { embedRows, type WorkContext } from './context.ts';
import { readStale, type StaleRow } from './reader.ts';
import { sweepTable } from './sweep.ts';
import { loadTarget, type VectorColumn, vectorColumn, type WorkTarget } from './target.ts';
import { forgetFailures, recordFailures, writeVectors } from './writer.ts';

const ROWS_A_ROUND = 256;
// The model nobody reads must not hold up the one that is searched.
const UNREAD_PATIENCE_SECONDS = 15;

/**
 * Brings the vectors of rows that the application changed up to date, in both models where both are maintained: first
 * all of the model that is read, then the other. Searches the table for rows no batch has seen once every batch is done.
 */
export async function runCatchUp(context: WorkContext, targetName: string, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ readRole: Role | null; sweep: string | null }>(
    `SELECT (SELECT v.role FROM reembed.vector_column AS v WHERE v.target = s.target AND v.is_read) AS "readRole",
            (SELECT m.name FROM reembed.migration AS m WHERE m.target = s.target AND m.phase = 'backfill' AND reembed.needs_sweep(m.name)) AS sweep
       FROM reembed.setting AS s WHERE s.target = $1`,
    [targetName],
  );
  const state = rows[0];
  if (!state) return;
  if (state.sweep) await sweepTable(pool, state.sweep, 'new', signal);
  const [first, second]: Role[] = state.readRole === 'old' ? ['old', 'new'] : ['new', 'old'];
  const { patienceSeconds } = context.config;
  // Rows may have changed again while the second model was asked, so the first has its turn again.
  for (let settled = 1; settled > 0; ) {
    await catchUpRole(context, targetName, first as Role, patienceSeconds, signal);
    try {
      settled = await catchUpRole(context, targetName, second as Role, Math.min(UNREAD_PATIENCE_SECONDS, patienceSeconds), signal);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable) || context.giveUp) throw error;
      context.notice(messageOf(error));
      return;
    }
  }
}

type Role = VectorColumn['role'];

/** Serves the notes that want one role's vector until none is left, or only rows that the application holds locked; returns how many. */
async function catchUpRole(
  context: WorkContext,
  targetName: string,
  role: Role,
  patienceSeconds: number,
  signal?: AbortSignal,
): Promise<number> {
  const { pool } = context.database;
  for (let total = 0; ; ) {
    const { rows } = await pool.query<{ paused: boolean }>('SELECT paused FROM reembed.setting WHERE target = $1', [targetName]);
    // Read anew each round: a switch or contract moves the columns under a running worker.
    const target = await loadTarget(pool, targetName);
    if (!target || !rows[0] || rows[0].paused || signal?.aborted) return 0;
    const notes = await readStale(pool, target, role, ROWS_A_ROUND);
    const settled = notes.length > 0 ? await settleNotes(context, target, role, notes, patienceSeconds, signal) : 0;
    if (settled === 0) return total;
    total += settled;
  }
}

async function settleNotes(
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
  if (vector && !vector.maintained) {
    await recordLost(context, target, vector, wanting, 'the old model is not kept current');
  } else if (vector && wanting.length > 0) {
    try {
      const result = await refresh(context, target, vector, wanting, patienceSeconds, signal);
      stored = { rows: result.written.size, tokens: result.tokens };
      for (const note of wanting) if (!result.written.has(note.keyText)) unsettled.add(note);
    } catch (error) {
      if (role === 'new' || !(error instanceof ProviderRefused)) throw error;
      await stopKeepingOldCurrent(context, target, error);
      await recordLost(context, target, vector, wanting, messageOf(error));
    }
  }
  const settled = notes.filter((note) => !unsettled.has(note));
  await settle(context, target, role, settled, stored);
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
  await recordFailures(
    context.database.pool,
    target,
    vector,
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
  const failed = new Set(outcome.refused.map(({ item }) => item.keyText));
  const written = await inTransaction(context.database.pool, async (client) => {
    const keys = await writeVectors(client, target, vector, [
      ...outcome.embedded.map(({ item, vector: values }) => ({ row: item, vector: values })),
      ...notes.filter(({ hasText }) => !hasText).map((row) => ({ row, vector: null })),
      // A vector that could not be renewed belongs to a text that is gone: it must not be found any more.
      ...outcome.refused.map(({ item }) => ({ row: item, vector: null })),
    ]);
    await forgetFailures(
      client,
      target,
      vector,
      [...keys].filter((key) => !failed.has(key)),
    );
    await recordFailures(
      client,
      target,
      vector,
      outcome.refused.map(({ item, code, message }) => ({ row: item, code, message })),
    );
    return keys;
  });
  return { written, failed, tokens: outcome.tokens };
}

/**
 * Takes one role's need out of notes that were not renewed meanwhile, and deletes those that need nothing more. Apart from
 * the write, because it may meet a note that is being renewed.
 */
async function settle(
  context: WorkContext,
  target: WorkTarget,
  role: Role,
  notes: StaleRow[],
  stored: { rows: number; tokens: number },
): Promise<void> {
  if (notes.length === 0) return;
  await inTransaction(context.database.pool, async (client) => {
    // Whatever may have to be waited for comes before the notes: a write of the application waits for those.
    if (stored.rows > 0) {
      await client.query('UPDATE reembed.migration SET live_rows = live_rows + $2, live_tokens = live_tokens + $3 WHERE name = $1', [
        target.migration,
        stored.rows,
        stored.tokens,
      ]);
    }
    // A row that is gone cannot fail any more.
    const gone = notes.filter((note) => !note.exists).map(({ keyText }) => keyText);
    for (const vector of gone.length > 0 ? target.vectors : []) await forgetFailures(client, target, vector, gone);
    await client.query(
      `WITH done AS MATERIALIZED (
         SELECT s.key, note.is_there AND CASE WHEN $5 = 'new' THEN s.needs_old ELSE s.needs_new END AS needs_more
           FROM unnest($2::jsonb[], $3::bigint[], $4::boolean[]) AS note(key, version, is_there)
           JOIN reembed.stale_row AS s ON s.target = $1 AND s.key = note.key AND s.version = note.version
            FOR UPDATE OF s SKIP LOCKED
       ), kept AS (
         UPDATE reembed.stale_row AS s SET needs_new = s.needs_new AND $5 <> 'new', needs_old = s.needs_old AND $5 <> 'old'
           FROM done WHERE s.target = $1 AND s.key = done.key AND done.needs_more
       )
       DELETE FROM reembed.stale_row AS s USING done WHERE s.target = $1 AND s.key = done.key AND NOT done.needs_more`,
      [target.name, notes.map(({ keyText }) => keyText), notes.map(({ version }) => version), notes.map(({ exists }) => exists), role],
    );
  });
}

/** The old model is gone or refuses: the campaign goes on, and the way back says what it will lack. */
export async function stopKeepingOldCurrent(context: WorkContext, target: WorkTarget, error: unknown): Promise<void> {
  context.notice(`the old model cannot be called (${messageOf(error)}); from now on going back would lack the rows written since`);
  await context.database.pool.query('UPDATE reembed.setting SET keep_old_current = false WHERE target = $1', [target.name]);
}

import { inTransaction } from '../database/connection.ts';
import { ProviderRefused } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import { embedRows, type WorkContext } from './context.ts';
import { readStale, type StaleRow } from './reader.ts';
import { loadTarget, type VectorColumn, vectorColumn, type WorkTarget } from './target.ts';
import { forgetFailures, recordFailures, writeVectors } from './writer.ts';

const ROWS_A_ROUND = 256;

/**
 * Brings the vectors of rows that the application changed up to date, in both models where both are maintained, and
 * searches the table for rows no batch has seen once every batch is done.
 */
export async function runCatchUp(context: WorkContext, targetName: string, signal?: AbortSignal): Promise<void> {
  const { pool } = context.database;
  for (;;) {
    const { rows } = await pool.query<{ paused: boolean; sweep: string | null }>(
      `SELECT s.paused, (SELECT m.name FROM reembed.migration AS m WHERE m.target = s.target AND m.phase = 'backfill' AND reembed.needs_sweep(m.name)) AS sweep
         FROM reembed.setting AS s WHERE s.target = $1`,
      [targetName],
    );
    const state = rows[0];
    if (!state || state.paused || signal?.aborted) return;
    if (state.sweep) await pool.query('SELECT reembed.sweep($1)', [state.sweep]);

    const target = await loadTarget(pool, targetName);
    if (!target) return;
    const notes = await readStale(pool, target, ROWS_A_ROUND);
    const settled = await settleNotes(context, target, notes, signal);
    // Nothing left, or only rows that the application holds locked: the next job looks again.
    if (settled === 0) return;
  }
}

async function settleNotes(context: WorkContext, target: WorkTarget, notes: StaleRow[], signal?: AbortSignal): Promise<number> {
  const open = new Set(notes.filter((note) => note.exists));
  const unsettled = new Set<StaleRow>();
  let rows = 0;
  let tokens = 0;
  for (const role of ['new', 'old'] as const) {
    const vector = vectorColumn(target, role);
    const wanting = [...open].filter((note) => (role === 'new' ? note.needsNew : note.needsOld));
    if (!vector?.maintained || wanting.length === 0) continue;
    try {
      const result = await refresh(context, target, vector, wanting, signal);
      rows += result.written.size;
      tokens += result.tokens;
      for (const note of wanting) if (!result.written.has(note.keyText) && !result.failed.has(note.keyText)) unsettled.add(note);
    } catch (error) {
      if (role === 'new' || !(error instanceof ProviderRefused)) throw error;
      await stopKeepingOldCurrent(context, target, error);
    }
  }
  const settled = notes.filter((note) => !unsettled.has(note));
  await deleteNotes(context, target, settled, rows, tokens);
  return settled.length;
}

async function refresh(context: WorkContext, target: WorkTarget, vector: VectorColumn, notes: StaleRow[], signal?: AbortSignal) {
  const outcome = await embedRows(
    context,
    target,
    vector,
    notes.filter(({ hasText }) => hasText),
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

/** Deletes notes that were not renewed meanwhile. Apart from the write, because it may meet a note that is being renewed. */
async function deleteNotes(context: WorkContext, target: WorkTarget, notes: StaleRow[], rows: number, tokens: number): Promise<void> {
  if (notes.length === 0) return;
  await inTransaction(context.database.pool, async (client) => {
    await client.query(
      `DELETE FROM reembed.stale_row WHERE (target, key) IN (
         SELECT s.target, s.key
           FROM unnest($2::jsonb[], $3::bigint[]) AS done(key, version)
           JOIN reembed.stale_row AS s ON s.target = $1 AND s.key = done.key AND s.version = done.version
            FOR UPDATE OF s SKIP LOCKED)`,
      [target.name, notes.map(({ keyText }) => keyText), notes.map(({ version }) => version)],
    );
    // A row that is gone cannot fail any more.
    const gone = notes.filter((note) => !note.exists).map(({ keyText }) => keyText);
    for (const vector of gone.length > 0 ? target.vectors : []) await forgetFailures(client, target, vector, gone);
    if (rows > 0) {
      await client.query('UPDATE reembed.migration SET live_rows = live_rows + $2, live_tokens = live_tokens + $3 WHERE name = $1', [
        target.migration,
        rows,
        tokens,
      ]);
    }
  });
}

/** The old model is gone or refuses: the campaign goes on, and the way back says what it will lack. */
export async function stopKeepingOldCurrent(context: WorkContext, target: WorkTarget, error: unknown): Promise<void> {
  context.notice(`the old model cannot be called (${messageOf(error)}); from now on going back would lack the rows written since`);
  await context.database.pool.query('UPDATE reembed.setting SET keep_old_current = false WHERE target = $1', [target.name]);
}

import { plainMessageOf } from '../database/database-error.ts';
import type { ProviderRefused } from '../embedding/provider-error.ts';
import type { WorkContext } from './context.ts';

/** Targets that this worker serves, apart by whether they need the model that cannot be called. */
export interface Needs {
  needing: string[];
  others: string[];
}

/**
 * Finds the targets, not paused, that need the model of a refusal.
 *
 * @param target the target that was worked on
 */
export async function targetsNeeding({ database, target: only }: WorkContext, { model }: ProviderRefused, target?: string): Promise<Needs> {
  const { rows } = await database.pool.query<{ name: string; needs: boolean }>(
    `SELECT s.target AS name,
            coalesce(s.target = $2, false) OR EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = s.target AND v.model = $1 AND v.is_maintained) AS needs
       FROM reembed.setting AS s WHERE NOT s.paused AND s.target = coalesce($3, s.target) ORDER BY 1`,
    [model, target ?? null, only ?? null],
  );
  return {
    needing: rows.filter(({ needs }) => needs).map(({ name }) => name),
    others: rows.filter(({ needs }) => !needs).map(({ name }) => name),
  };
}

/** Pauses the targets that this worker serves and that need the model of a refusal, for all workers; reembed.setting has the reason. */
export async function pauseTargets(context: WorkContext, refusal: ProviderRefused, target?: string): Promise<void> {
  const { needing } = await targetsNeeding(context, refusal, target);
  const { rows } = await context.database.pool.query<{ target: string }>(
    `UPDATE reembed.setting SET paused = true, paused_by = 'worker', paused_reason = $1 WHERE NOT paused AND target = ANY ($2) RETURNING target`,
    [plainMessageOf(refusal), needing],
  );
  for (const row of rows) context.notice(`${row.target} is paused: ${plainMessageOf(refusal)}`);
}

/** Reports that the database paused the target because too many rows failed in a short time, see reembed.record_failed(). */
export async function noticeBreaker({ database, notice }: WorkContext, target: string, failures: number): Promise<void> {
  if (failures === 0) return;
  const { rows } = await database.pool.query<{ reason: string }>(
    "SELECT paused_reason AS reason FROM reembed.setting WHERE target = $1 AND paused AND paused_by = 'breaker'",
    [target],
  );
  if (rows[0]) notice(`${target} is paused: ${rows[0].reason}`);
}

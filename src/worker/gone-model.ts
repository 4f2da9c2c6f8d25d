import { ProviderRefused } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import type { WorkContext } from './context.ts';
import type { ChangedRow } from './reader.ts';
import type { TargetColumn, WorkTarget } from './target.ts';
import { storeVectors } from './writer.ts';

const GONE = new Set(['provider_login', 'model_not_found', 'provider_quota', 'missing_api_key']);

/** Whether a provider no longer accepts the model or the key. A provider with wrong answers may recover, so it is not gone. */
export function isGone(error: unknown): boolean {
  return error instanceof ProviderRefused && GONE.has(error.code);
}

/** Stops maintaining the old model, which is gone or refused. The campaign continues; rollback reports what will be missing. */
export async function stopKeepingOldCurrent(context: WorkContext, target: WorkTarget, error: unknown): Promise<void> {
  const { rowCount } = await context.database.pool.query(
    'UPDATE reembed.setting SET keep_old_current = false WHERE target = $1 AND keep_old_current',
    [target.name],
  );
  // Several lanes find this out at the same time; only one reports it.
  if (rowCount === 0) return;
  context.notice(
    `the old model cannot be called (${messageOf(error)}); rows written from now on get no old vector, so searches would not find them after a rollback; where it is gone for good: npm run setting -- old_model_gone=true`,
  );
}

/** Records which rows have an old vector of a former text, so that neither rollback nor archive uses it. */
export async function recordLost(
  context: WorkContext,
  { target, vector }: TargetColumn,
  changes: ChangedRow[],
  message: string,
): Promise<void> {
  // A vector of a former text must not be found, unless it is the vector of the live model.
  const items = vector.read ? [] : changes.map((row) => ({ row, vector: null }));
  const failures = changes.map((row) => ({ row, code: 'old_model_unavailable', message }));
  await storeVectors(context.database.pool, context.pacingOf(target.name), { target, vector }, { items, failures });
}

import { inOwnTransactions } from '../database/connection.ts';
import { plainMessageOf } from '../database/database-error.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import type { WorkContext } from '../worker/context.ts';
import { adoptLeaves } from './adopt-leaves.ts';
import { searchBridgeItems } from './bridge-items.ts';
import { searchKnownItems } from './known-items.ts';
import { postAlerts } from './webhook.ts';
import { auditWrittenVectors } from './written-vectors.ts';

/** Runs the watch once for every target. */
export async function checkAllTargets(context: WorkContext): Promise<void> {
  const { rows } = await context.database.pool.query<{ name: string }>('SELECT name FROM reembed.target ORDER BY name');
  for (const { name } of rows) await watchTarget(context, name);
}

/**
 * Runs the watch once for a target: searches for known items, audits vectors that the application wrote, opens and closes alerts, removes readers from a bad model, increases the
 * canary, and posts to the webhook. Never throws: an error is reported, and the next check runs a minute later.
 */
export async function watchTarget(context: WorkContext, target: string, signal?: AbortSignal): Promise<void> {
  await checkTarget(context, target, signal).catch((error) => context.notice(`watch of ${target}: ${plainMessageOf(error)}`));
  const { alertWebhook } = context.config;
  if (alertWebhook && !signal?.aborted) await postAlerts(context.database.pool, alertWebhook, context.notice, { target, signal });
}

async function checkTarget(context: WorkContext, target: string, signal?: AbortSignal): Promise<void> {
  const { database, notice } = context;
  const { pool } = database;
  // A role's statement_timeout would cancel an exact search of the whole table, and the gate of a larger canary, every minute.
  const patient = inOwnTransactions(pool);
  // No failure is a reason to skip the other checks.
  await adoptLeaves(patient, target, signal).catch((error) => notice(`partitions of ${target}: ${plainMessageOf(error)}`));
  await searchKnownItems(context, target, signal).catch((error) => notice(`known items of ${target}: ${plainMessageOf(error)}`));
  await searchBridgeItems(context, target, signal).catch((error) => notice(`bridge of ${target}: ${plainMessageOf(error)}`));
  await auditWrittenVectors(context, target, signal).catch((error) => notice(`written vectors of ${target}: ${plainMessageOf(error)}`));
  await patient
    .query('SELECT reembed.scan_coverage($1)', [target])
    .catch((error) => notice(`coverage of ${target}: ${plainMessageOf(error)}`));
  if (signal?.aborted) return;

  const changes = await patient.query<{ change: string; kind: string; severity: string; message: string }>(
    'SELECT * FROM reembed.watch($1)',
    [target],
  );
  for (const { change, kind, severity, message } of changes.rows) notice(`${target}: alert ${kind} (${severity}) ${change}: ${message}`);

  const act = async (name: 'answer_alerts' | 'grow_canary') => {
    const { rows } = await withLockRetries(
      () => patient.query<{ action: string; reason: string }>(`SELECT * FROM reembed.${name}($1)`, [target]),
      `watch of ${target}`,
      notice,
    );
    for (const { action, reason } of rows) notice(`${target}: ${action}, because ${reason}`);
  };
  await act('answer_alerts');
  await act('grow_canary');
}

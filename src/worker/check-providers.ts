import { sendProbe } from '../embedding/probe.ts';
import { ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf, UsageError } from '../errors.ts';
import { isGone, stopKeepingOldCurrent } from './catch-up-job.ts';
import type { WorkContext } from './context.ts';
import { loadTarget } from './target.ts';

/**
 * Sends a short text to each model that will be needed before any row is touched, so that a wrong key, name or
 * dimension is found immediately. Ends a pause that a worker set for such a reason.
 *
 * @throws the provider's error for a new model. An old model that refuses is no longer maintained, with a notice. A
 *   provider that only fails to answer is no error here unless a worker had paused the campaign: the work itself waits.
 */
export async function checkProviders(context: WorkContext): Promise<void> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM reembed.target ORDER BY name');
  const expected = new Set<string>();
  let isCampaignRunning = false;
  let unavailable: ProviderUnavailable | undefined;
  for (const { name } of rows) {
    const target = await loadTarget(pool, name);
    for (const vector of target?.vectors ?? []) {
      isCampaignRunning ||= vector.role === 'old';
      if (!vector.maintained) continue;
      try {
        const provider = await context.providerOf(vector);
        if (vector.role === 'new') expected.add(provider.model.name).add(provider.model.provider_model);
        await sendProbe(provider);
      } catch (error) {
        if (error instanceof ProviderUnavailable) {
          unavailable = error;
          context.notice(messageOf(error));
          continue;
        }
        if (vector.role === 'new' || !target || !isGone(error)) throw error;
        await stopKeepingOldCurrent(context, target, error);
      }
    }
  }
  const { model } = context.config;
  // After contract EMBED_MODEL may already name the model of the next campaign.
  if (model && isCampaignRunning && !expected.has(model)) {
    throw new UsageError(
      `EMBED_MODEL is ${model}, but the campaign embeds with ${[...expected].join(' or ')}`,
      'correct EMBED_MODEL, or create a campaign for it',
    );
  }
  const stopped = await pool.query("SELECT FROM reembed.setting WHERE paused_by = 'worker'");
  if (stopped.rowCount === 0) return;
  if (unavailable) throw unavailable;
  await pool.query("UPDATE reembed.setting SET paused = false WHERE paused_by = 'worker'");
}

import { sendProbe } from '../embedding/probe.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf, UsageError } from '../errors.ts';
import type { WorkContext } from './context.ts';
import { isGone, stopKeepingOldCurrent } from './gone-model.ts';
import { pauseTargets } from './pause-targets.ts';
import { loadTarget } from './target.ts';

/**
 * Sends a short text to each model that will be needed before any row is touched, so that a wrong key, name or
 * dimension is found immediately. Pauses the targets whose provider refuses, and ends such a pause where it does not any more.
 *
 * @throws the provider's error if no target can be worked on. An old model that refuses is no longer maintained, with a notice. A
 *   provider that only fails to answer is no error here unless a worker had paused the target: the work itself waits.
 */
export async function checkProviders(context: WorkContext): Promise<void> {
  const { pool } = context.database;
  await checkModelName(context);
  const { rows: targets } = await pool.query<{ name: string; isStopped: boolean }>(
    `SELECT target AS name, paused AND paused_by = 'worker' AS "isStopped" FROM reembed.setting WHERE target = coalesce($1, target) ORDER BY 1`,
    [context.target ?? null],
  );
  const refusals: ProviderRefused[] = [];
  const silences: ProviderUnavailable[] = [];
  for (const { name, isStopped } of targets) {
    const failure = await checkTarget(context, name);
    if (failure instanceof ProviderRefused) refusals.push(failure);
    else if (failure && isStopped) silences.push(failure);
    else if (isStopped) await pool.query(`UPDATE reembed.setting SET paused = false WHERE target = $1 AND paused_by = 'worker'`, [name]);
  }
  const [first] = [...refusals, ...silences];
  if (first && refusals.length + silences.length === targets.length) throw first;
  for (const refusal of refusals) await pauseTargets(context, refusal);
}

/** The first failure of a model that the target needs. */
async function checkTarget(context: WorkContext, name: string): Promise<ProviderRefused | ProviderUnavailable | undefined> {
  const target = await loadTarget(context.database.pool, name);
  let silence: ProviderUnavailable | undefined;
  for (const vector of target?.vectors ?? []) {
    if (!target || !vector.maintained) continue;
    try {
      await sendProbe(await context.providerOf(vector));
    } catch (error) {
      if (error instanceof ProviderUnavailable) {
        silence = error;
        context.notice(messageOf(error));
      } else if (vector.role === 'old' && isGone(error)) await stopKeepingOldCurrent(context, target, error);
      else if (error instanceof ProviderRefused) return error;
      else throw error;
    }
  }
  return silence;
}

/** @throws UsageError when EMBED_MODEL names a model that no running campaign embeds with */
async function checkModelName({ config, database }: WorkContext): Promise<void> {
  if (!config.model) return;
  const { rows } = await database.pool.query<{ names: string[] | null }>(
    // After contract EMBED_MODEL may already name the model of the next campaign.
    `SELECT array_agg(DISTINCT n.name) AS names
       FROM reembed.campaign AS m JOIN reembed.model AS o ON o.name = m.to_model, unnest(ARRAY[o.name, o.provider_model]) AS n(name)
      WHERE m.phase <> 'contract'`,
  );
  const names = rows[0]?.names;
  if (!names || names.includes(config.model)) return;
  throw new UsageError(
    `EMBED_MODEL is ${config.model}, but the campaign embeds with ${names.join(' or ')}`,
    'correct EMBED_MODEL, or create a campaign for it',
  );
}

import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';
import { runBatch } from './batch-job.ts';
import { checkProviders } from './check-providers.ts';
import { createWorkContext } from './context.ts';
import { throwIfPaused } from './open-work.ts';

/** There is no backfill to take a subset of. */
export class NothingToEmbed extends ReembedError {
  constructor() {
    super('nothing_to_embed', 'no batch is waiting to be embedded', 'npm run status shows the progress of the campaign');
  }
}

/**
 * Embeds about `limit` rows and stops: a few rows of each batch, spread over the table, to evaluate before paying for
 * the rest. The batches stay open.
 *
 * @param mostBatches maximum number of batches to take rows of: each costs a request
 * @returns number of rows that were embedded
 * @throws NothingToEmbed
 */
export async function embedSubset(
  database: Database,
  config: Config,
  limit: number,
  notice: (line: string) => void,
  target?: string,
  mostBatches?: number,
): Promise<number> {
  const context = createWorkContext(database, config, notice, { target });
  await checkProviders(context);
  const { rows } = await database.pool.query<{ campaign: string; id: string }>(
    `SELECT b.campaign, b.id::text FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign
      WHERE b.state = 'pending' AND b.provider_batch IS NULL AND m.target = coalesce($1, m.target) ORDER BY md5(b.id::text) LIMIT $2`,
    [target ?? null, mostBatches ?? null],
  );
  if (rows.length === 0) throw new NothingToEmbed();
  await throwIfPaused(database.pool, target);
  let embedded = 0;
  for (const [position, { campaign, id }] of rows.entries()) {
    const share = Math.ceil((limit - embedded) / (rows.length - position));
    if (share <= 0) break;
    embedded += await runBatch(context, { campaign, batch: Number(id) }, { limit: share });
  }
  return embedded;
}

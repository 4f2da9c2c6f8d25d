import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';
import { runBatch } from './batch-job.ts';
import { checkProviders } from './check-providers.ts';
import { createWorkContext } from './context.ts';
import { throwIfPaused } from './drain.ts';

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
 * @returns number of rows that were embedded
 * @throws NothingToEmbed
 */
export async function embedSubset(database: Database, config: Config, limit: number, notice: (line: string) => void): Promise<number> {
  const context = createWorkContext(database, config, notice);
  await checkProviders(context);
  const { rows } = await database.pool.query<{ campaign: string; id: string }>(
    `SELECT campaign, id::text FROM reembed.batch WHERE state = 'pending' AND provider_batch IS NULL ORDER BY md5(id::text)`,
  );
  if (rows.length === 0) throw new NothingToEmbed();
  await throwIfPaused(database.pool);
  let embedded = 0;
  for (const [position, { campaign, id }] of rows.entries()) {
    const share = Math.ceil((limit - embedded) / (rows.length - position));
    if (share <= 0) break;
    embedded += await runBatch(context, { campaign, batch: Number(id) }, { limit: share });
  }
  return embedded;
}

import type { Queryable } from '../../database/connection.ts';
import { NoQueries } from '../validation-error.ts';
import type { Judgements } from './judgements.ts';
import { DEFAULT_SAMPLE, type TextQuery } from './queries.ts';

/**
 * Draws random queries from those that reembed.log_query() recorded for the application, each text once.
 *
 * @param options.seed the same seed draws the same queries from the same log
 * @throws NoQueries when nothing was logged
 */
export async function readQueryLog(
  db: Queryable,
  target: string,
  options: { sample?: number | undefined; judged?: Judgements | undefined; seed: number },
): Promise<TextQuery[]> {
  const { rows } = await db.query<TextQuery>(
    `SELECT text AS id, text FROM (SELECT DISTINCT l.text FROM reembed.query_log AS l WHERE l.target = $1) AS logged
      ORDER BY text = ANY ($3::text[]) DESC, hashtextextended(text COLLATE "C", $4)
      LIMIT $2`,
    [target, options.sample ?? DEFAULT_SAMPLE, [...(options.judged?.keys() ?? [])], options.seed],
  );
  if (rows.length === 0)
    throw new NoQueries(
      `no query on ${target} was logged`,
      'npm run setting -- query_log_percent=100, and let the application call reembed.log_query(target, text)',
    );
  return rows;
}

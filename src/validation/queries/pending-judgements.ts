import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { asOwner } from '../search/as-owner.ts';
import { judgedIdSql, type ResultNames, tableSource } from '../search/search-source.ts';
import { NoQueries } from '../validation-error.ts';
import type { Judgements } from './judgements.ts';

/** Judgements without the rows that cannot be compared yet. */
export interface ComparableJudgements {
  judgements: Judgements;
  /** relevant rows of the table that were left out, because they lack a vector of one of the models */
  left: number;
}

/**
 * Leaves out the judgements on rows that have no vector of one model yet, while the backfill runs: no search can return them, and both
 * models are compared on the same rows. Rows that are not in the table stay, as in every run.
 *
 * @throws NoQueries when no relevant row is left
 */
export async function leaveOutPendingRows(
  db: Queryable,
  campaign: Campaign,
  judgements: Judgements,
  names: ResultNames,
): Promise<ComparableJudgements> {
  const ids = [...new Set([...judgements.values()].flatMap((gains) => [...gains.keys()]))];
  const known = async (rows: string, condition: string) => {
    const id = judgedIdSql(campaign, names);
    const found = await asOwner(db, campaign).query<{ id: string }>(
      `SELECT DISTINCT ${id} AS id FROM ${rows} WHERE ${id} = ANY ($1::text[]) AND ${condition}`,
      [ids],
    );
    return new Set(found.rows.map((row) => row.id));
  };
  const source = tableSource(campaign, campaign.new, names);
  const inTable = await known(campaign.rows, 'true');
  const comparable = await known(source.rows, `${source.isStored}${source.isEligible ? ` AND ${source.isEligible}` : ''}`);

  const isPending = (id: string) => inTable.has(id) && !comparable.has(id);
  const pending = new Set<string>();
  const kept = new Map<string, Map<string, number>>();
  for (const [query, gains] of judgements) {
    for (const [id, gain] of gains) if (gain > 0 && isPending(id)) pending.add(id);
    const rest = [...gains].filter(([id]) => !isPending(id));
    if (rest.some(([, gain]) => gain > 0)) kept.set(query, new Map(rest));
  }
  if (kept.size === 0)
    throw new NoQueries(
      'none of the rows that are judged relevant has a vector of both models yet',
      'let the workers embed more rows first: npm run worker; or validate without --judgements',
    );
  return { judgements: kept, left: pending.size };
}

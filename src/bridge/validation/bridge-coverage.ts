import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../../validation/campaign.ts';

/** Rows with a text, and what a search over the bridge can find of them. */
export interface BridgeCoverage {
  rows: number;
  embeddedRows: number;
  /** of all rows; no search over the old index finds them */
  rowsLackingOldVector: number;
  /** whether the index on the new vectors joins in */
  hasNewIndex: boolean;
}

/** Reads the whole table. */
export async function measureBridgeCoverage(db: Queryable, { name }: Pick<Campaign, 'name'>): Promise<BridgeCoverage> {
  const { rows } = await db.query<{ total: string; missing_new: string; missing_old: string; has_new_index: boolean }>(
    `SELECT c.total, c.missing_new, c.missing_old,
            reembed.valid_index(coalesce(m.to_relation, t.relation), reembed.main_index(m.name)) IS NOT NULL AS has_new_index
       FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target, LATERAL reembed.coverage_of(m.target) AS c WHERE m.name = $1`,
    [name],
  );
  const [row] = rows;
  const total = Number(row?.total);
  return {
    rows: total,
    embeddedRows: total - Number(row?.missing_new),
    rowsLackingOldVector: Number(row?.missing_old),
    hasNewIndex: row?.has_new_index ?? false,
  };
}

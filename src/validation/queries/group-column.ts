import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { GroupColumnUnfit } from '../validation-error.ts';
import { requireColumn } from './query-table.ts';

/**
 * Checks that the rows can be grouped by a column. The values stand in stored results in place of keys, so the column must not be the
 * text of the rows; and every vector would be a group of its own.
 *
 * @throws ColumnMissing, GroupColumnUnfit
 */
export async function requireGroupColumn(db: Queryable, campaign: Campaign, column: string): Promise<void> {
  await requireColumn(db, campaign.table, column, '--group-by');
  const { rows } = await db.query<{ is_vector: boolean; is_text: boolean }>(
    `SELECT y.typname IN (SELECT e.name FROM reembed.element_type AS e) AS is_vector, a.attnum = ANY (t.text_attnums) AS is_text
       FROM reembed.target AS t
       JOIN pg_attribute AS a ON a.attrelid = t.relation
       JOIN pg_type AS y ON y.oid = a.atttypid
      WHERE t.name = $1 AND a.attname = $2`,
    [campaign.target, column],
  );
  if (rows[0]?.is_vector) throw new GroupColumnUnfit(column, 'it holds vectors');
  if (rows[0]?.is_text) throw new GroupColumnUnfit(column, 'it is part of the text that is embedded');
}

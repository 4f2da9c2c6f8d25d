import type { Queryable } from '../database/connection.ts';
import { ReembedError, UsageError } from '../errors.ts';
import type { TableFacts } from './inspect.ts';

/** Thrown when the column that orders the backfill is not there, or has no order that could mean popularity. */
export class PopularColumnUnfit extends ReembedError {
  constructor(table: string, column: string, reason: string) {
    super(
      'popular_column_unfit',
      `the backfill of ${table} cannot be ordered by ${column}: ${reason}`,
      'name a column of numbers or times with --order popular:COLUMN',
    );
  }
}

/**
 * The column that `--order popular:COLUMN` names; null without the option.
 *
 * @throws UsageError, PopularColumnUnfit
 */
export async function popularColumn(
  db: Queryable,
  order: string | undefined,
  facts: Pick<TableFacts, 'oid' | 'table'>,
): Promise<string | null> {
  if (order === undefined) return null;
  const [, column] = /^popular:(.+)$/s.exec(order) ?? [];
  if (column === undefined)
    throw new UsageError(
      `--order ${order} names no order`,
      'give --order popular:COLUMN; rows that clients report as wanted come first in any case',
    );
  const { rows } = await db.query<{ category: string }>(
    `SELECT y.typcategory AS category FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped`,
    [facts.oid, column],
  );
  const [found] = rows;
  if (!found) throw new PopularColumnUnfit(facts.table, column, 'there is no such column');
  // Numbers, and dates and times.
  if (!['N', 'D'].includes(found.category)) throw new PopularColumnUnfit(facts.table, column, 'it holds neither numbers nor times');
  return column;
}

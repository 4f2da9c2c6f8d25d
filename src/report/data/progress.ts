import type { Queryable } from '../../database/connection.ts';

/** Progress of the backfill at one time. */
export interface ProgressPoint {
  at: Date;
  /** rows settled until then */
  rows: number;
  /** rows settled per second since the previous point; null at the first */
  rows_per_second: number | null;
}

/** The backfill, from the ledger. */
export interface ReportedProgress {
  batches: number;
  batches_done: number;
  /** batches that were started more than once */
  batches_retried: number;
  requests: number;
  first_at: Date | null;
  last_at: Date | null;
  points: ProgressPoint[];
}

// As many points as a plot can show, each with a few batches. The ledger may hold a hundred thousand batches.
const MOST_POINTS = 100;
const BATCHES_A_POINT = 4;

/** Reads the ledger's totals and points of progress. */
export async function readBackfill(db: Queryable, campaign: string): Promise<ReportedProgress> {
  const { rows } = await db.query<Omit<ReportedProgress, 'points'>>(
    `SELECT count(*)::float8 AS batches, count(*) FILTER (WHERE state = 'done')::float8 AS batches_done,
            count(*) FILTER (WHERE attempts > 1)::float8 AS batches_retried, coalesce(sum(requests), 0)::float8 AS requests,
            least(min(started_at), min(finished_at)) AS first_at, max(finished_at) AS last_at
       FROM reembed.batch WHERE campaign = $1`,
    [campaign],
  );
  const ledger = rows[0] ?? { batches: 0, batches_done: 0, batches_retried: 0, requests: 0, first_at: null, last_at: null };
  return { ...ledger, points: ledger.last_at === null ? [] : await readPoints(db, campaign, ledger.batches_done) };
}

/** Points at equal time intervals, so that a pause is visible. */
async function readPoints(db: Queryable, campaign: string, batches: number): Promise<ProgressPoint[]> {
  const count = Math.min(MOST_POINTS, Math.max(2, Math.ceil(batches / BATCHES_A_POINT)));
  const { rows } = await db.query<ProgressPoint>(
    `WITH done AS (
       SELECT extract(epoch FROM finished_at)::float8 AS at, embedded_rows + other_rows AS rows,
              extract(epoch FROM least(min(started_at) OVER (), min(finished_at) OVER ()))::float8 AS first, extract(epoch FROM max(finished_at) OVER ())::float8 AS last
         FROM reembed.batch WHERE campaign = $1 AND state = 'done'
     ), span AS (
       SELECT first, greatest(last - first, 0.001) / ${count} AS step FROM done LIMIT 1
     ), settled AS (
       SELECT least(${count}, greatest(1, ceil((d.at - d.first) / s.step)::integer)) AS point, sum(d.rows)::float8 AS rows FROM done AS d, span AS s GROUP BY 1
     )
     SELECT to_timestamp(s.first + s.step * point) AS at, coalesce(sum(c.rows) OVER (ORDER BY point), 0)::float8 AS rows,
            CASE WHEN point > 0 THEN coalesce(c.rows, 0) / s.step END AS rows_per_second
       FROM span AS s CROSS JOIN generate_series(0, ${count}) AS point LEFT JOIN settled AS c USING (point)
      ORDER BY point`,
    [campaign],
  );
  return rows;
}

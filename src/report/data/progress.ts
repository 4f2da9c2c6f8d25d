import type { Queryable } from '../../database/connection.ts';

/** Rows settled up to a time. */
export interface ProgressPoint {
  at: Date;
  rows: number;
}

/** Rows settled per second in the interval that ends at a time. */
export interface RatePoint {
  at: Date;
  rows_per_second: number;
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
  /** longest time in which no batch was finished; null before the first one */
  longest_pause_seconds: number | null;
  /** a step at each time at which batches were finished, preceded by the start with 0 rows; nothing is interpolated */
  points: ProgressPoint[];
  /** rates in equal intervals; empty with so few batches that a rate would mainly show when they happened to end */
  rates: RatePoint[];
}

// As many points as a plot can show. The ledger may hold a hundred thousand batches.
const MOST_STEPS = 400;
const MOST_RATES = 100;
const BATCHES_A_RATE = 4;
const FEWEST_BATCHES = 20;

type Ledger = Omit<ReportedProgress, 'points' | 'rates'>;

/** Reads the ledger's totals, its steps and its rates. */
export async function readBackfill(db: Queryable, campaign: string): Promise<ReportedProgress> {
  const { rows } = await db.query<Ledger>(
    `SELECT count(*)::float8 AS batches, count(*) FILTER (WHERE state = 'done')::float8 AS batches_done,
            count(*) FILTER (WHERE attempts > 1)::float8 AS batches_retried, coalesce(sum(requests), 0)::float8 AS requests,
            least(min(started_at), min(finished_at)) AS first_at, max(finished_at) AS last_at,
            extract(epoch FROM max(finished_at - previous_at))::float8 AS longest_pause_seconds
       FROM (SELECT b.*, coalesce(lag(finished_at) OVER (ORDER BY finished_at), least(min(started_at) OVER (), min(finished_at) OVER ())) AS previous_at
               FROM reembed.batch AS b WHERE campaign = $1) AS b`,
    [campaign],
  );
  const ledger = rows[0];
  if (!ledger?.first_at || !ledger.last_at) return { ...(ledger ?? EMPTY), points: [], rates: [] };
  return {
    ...ledger,
    points: [{ at: ledger.first_at, rows: 0 }, ...(await readSteps(db, campaign, ledger))],
    rates: ledger.batches_done < FEWEST_BATCHES ? [] : await readRates(db, campaign, ledger),
  };
}

const EMPTY: Ledger = {
  batches: 0,
  batches_done: 0,
  batches_retried: 0,
  requests: 0,
  first_at: null,
  last_at: null,
  longest_pause_seconds: null,
};

/** Steps at the times of the ledger; of many batches, the last of each of as many intervals as can be told apart. */
async function readSteps(db: Queryable, campaign: string, { first_at, last_at }: Ledger): Promise<ProgressPoint[]> {
  const { rows } = await db.query<ProgressPoint>(
    `SELECT max(finished_at) AS at, sum(sum(embedded_rows + other_rows)) OVER (ORDER BY max(finished_at))::float8 AS rows
       FROM reembed.batch WHERE campaign = $1 AND state = 'done' GROUP BY ${interval(MOST_STEPS)} ORDER BY 1`,
    [campaign, first_at, last_at],
  );
  return rows;
}

/** Rates in equal intervals, also in those in which nothing was finished, so that a pause is visible. */
async function readRates(db: Queryable, campaign: string, { first_at, last_at, batches_done }: Ledger): Promise<RatePoint[]> {
  const count = Math.min(MOST_RATES, Math.ceil(batches_done / BATCHES_A_RATE));
  const { rows } = await db.query<RatePoint>(
    `WITH settled AS (
       SELECT ${interval(count)} AS point, sum(embedded_rows + other_rows)::float8 AS rows
         FROM reembed.batch WHERE campaign = $1 AND state = 'done' GROUP BY 1
     )
     SELECT $2::timestamptz + point * step AS at, coalesce(s.rows, 0) / greatest(extract(epoch FROM step)::float8, 0.001) AS rows_per_second
       FROM generate_series(1, ${count}) AS point CROSS JOIN (SELECT ($3::timestamptz - $2::timestamptz) / ${count} AS step) AS i
       LEFT JOIN settled AS s USING (point) ORDER BY point`,
    [campaign, first_at, last_at],
  );
  return rows;
}

/** SQL of the number, from 1, of the interval between $2 and $3 in which a batch was finished. */
function interval(count: number): string {
  return `least(${count}, greatest(1, ceil(${count} * extract(epoch FROM finished_at - $2::timestamptz)
            / greatest(extract(epoch FROM $3::timestamptz - $2::timestamptz), 0.001))::integer))`;
}

import { describeSettings } from '../commands/read-settings.ts';
import type { Queryable } from '../database/connection.ts';

/** A pending batch whose last attempt failed. */
interface FailedBatch {
  target: string;
  id: number;
  attempts: number;
  error: string | null;
  failed_at: Date;
}

/** A row that could not be embedded, without the message about it, which may quote its text. */
interface FailedRow {
  target: string;
  key: Record<string, unknown>;
  class: string;
  attempts: number;
  failed_at: Date;
}

interface OpenAlert {
  target: string;
  kind: string;
  severity: string;
  message: string;
  opened_at: Date;
}

/** 95th percentile of the searches that workers timed in ten seconds, while they rested or wrote. */
interface ReadLatency {
  target: string;
  at: Date;
  resting_ms: number | null;
  writing_ms: number | null;
}

/** Requests of all workers to a model's provider in one minute. */
interface ProviderMinute {
  model: string;
  at: Date;
  overloaded: number;
  failed: number;
  /** null in a minute without an answer */
  mean_ms: number | null;
  slowest_ms: number | null;
}

/** The value of one setting of one target. */
interface ShownSetting {
  target: string;
  name: string;
  value: string | null;
  default: string | null;
  changed: boolean;
  meaning: string;
}

/** What the page shows beside the status, each part of all targets. */
export interface Panels {
  failed_batches: FailedBatch[];
  failed_rows: FailedRow[];
  alerts: OpenAlert[];
  read_latency: ReadLatency[];
  provider: ProviderMinute[];
  settings: ShownSetting[];
}

export type PanelName = keyof Panels;

// Of each target: a target in trouble must not hide what others have.
const MOST_ROWS = 50;

/** How each panel is read; $1 of every statement is the full name of a target, null for all. */
export const READ_PANEL: { [Name in PanelName]: (db: Queryable, target: string | null) => Promise<Panels[Name]> } = {
  failed_batches: (db, target) =>
    rowsOf(
      db,
      `SELECT target, id, attempts, error, failed_at
         FROM (SELECT m.target, b.id::double precision AS id, b.attempts, b.error, b.failed_at,
                      row_number() OVER (PARTITION BY m.target ORDER BY b.failed_at DESC, b.id) AS place
                 FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign
                WHERE b.state = 'pending' AND b.failed_at IS NOT NULL AND ($1::text IS NULL OR m.target = $1)) AS f
        WHERE place <= ${MOST_ROWS} ORDER BY target, place`,
      target,
    ),
  failed_rows: (db, target) =>
    rowsOf(
      db,
      `SELECT target, key, class, attempts, failed_at
         FROM (SELECT target, key, class, attempts, failed_at, row_number() OVER (PARTITION BY target ORDER BY failed_at DESC, key_digest) AS place
                 FROM reembed.failed_row WHERE $1::text IS NULL OR target = $1) AS f
        WHERE place <= ${MOST_ROWS} ORDER BY target, place`,
      target,
    ),
  alerts: (db, target) =>
    rowsOf(
      db,
      `SELECT target, kind, severity, message, opened_at
         FROM (SELECT target, kind, severity, message, opened_at, row_number() OVER (PARTITION BY target ORDER BY opened_at DESC, id DESC) AS place
                 FROM reembed.alert WHERE closed_at IS NULL AND ($1::text IS NULL OR target = $1)) AS a
        WHERE place <= ${MOST_ROWS} ORDER BY target, place`,
      target,
    ),
  read_latency: (db, target) =>
    rowsOf(
      db,
      `SELECT target, date_bin('10 seconds', at, 'epoch') AS at,
              percentile_cont(0.95) WITHIN GROUP (ORDER BY milliseconds) FILTER (WHERE is_resting) AS resting_ms,
              percentile_cont(0.95) WITHIN GROUP (ORDER BY milliseconds) FILTER (WHERE NOT is_resting) AS writing_ms
         FROM reembed.read_probe WHERE at > now() - interval '10 minutes' AND ($1::text IS NULL OR target = $1)
        GROUP BY target, 2 ORDER BY target, 2`,
      target,
    ),
  provider: (db, target) =>
    rowsOf(
      db,
      `SELECT p.model, p.minute AS at, p.overloaded::double precision AS overloaded, p.failed::double precision AS failed,
              1000 * p.seconds / nullif(p.answered, 0) AS mean_ms, CASE WHEN p.answered > 0 THEN 1000 * p.slowest_seconds END AS slowest_ms
         FROM reembed.provider_minute AS p
        WHERE p.minute > now() - interval '1 hour' AND ($1::text IS NULL OR p.model IN (SELECT v.model FROM reembed.vector_column AS v WHERE v.target = $1))
        ORDER BY p.model, p.minute`,
      target,
    ),
  settings: readSettings,
};

/** Rows that a campaign stored in ten seconds, from the times of its batches. */
export interface StoredRows {
  target: string;
  at: Date;
  rows: number;
}

/** Reads the rate of the last ten minutes, with which a page begins its chart. */
export function readStoredRows(db: Queryable, target: string | null): Promise<StoredRows[]> {
  return rowsOf(
    db,
    `SELECT m.target, date_bin('10 seconds', b.finished_at, 'epoch') AS at, sum(b.embedded_rows + b.other_rows)::double precision AS rows
       FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign
      WHERE b.finished_at > now() - interval '10 minutes' AND ($1::text IS NULL OR m.target = $1)
      GROUP BY m.target, 2 ORDER BY m.target, 2`,
    target,
  );
}

async function rowsOf<Row extends object>(db: Queryable, sql: string, target: string | null): Promise<Row[]> {
  const { rows } = await db.query<Row>(sql, [target]);
  return rows;
}

async function readSettings(db: Queryable, target: string | null): Promise<ShownSetting[]> {
  const known = await describeSettings(db);
  const targets = await rowsOf<{ target: string; values: Record<string, unknown> }>(
    db,
    'SELECT target, to_jsonb(s) AS values FROM reembed.setting AS s WHERE $1::text IS NULL OR target = $1 ORDER BY target',
    target,
  );
  return targets.flatMap(({ target: of, values }) =>
    known.map(({ name, meaning, default: usual }) => {
      const [value, standard] = [textOf(values[name]), textOf(usual)];
      // undefined: every target has a value of its own.
      return { target: of, name, value, default: standard, changed: usual !== undefined && value !== standard, meaning };
    }),
  );
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

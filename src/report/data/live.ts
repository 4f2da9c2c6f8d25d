import type { Queryable } from '../../database/connection.ts';
import type { ReportedCampaign } from './campaign.ts';

/** Shadow reads within their retention time. */
export interface ReportedShadowReads {
  reads: number;
  errors: number;
  overlap: number | null;
  first_at: Date;
  last_at: Date;
  /** milliseconds per search, without the embedding of its query */
  old_p50_ms: number | null;
  old_p95_ms: number | null;
  new_p50_ms: number | null;
  new_p95_ms: number | null;
  points: { at: Date; reads: number; overlap: number | null }[];
}

/** Rows that the watch searched for by their own text. */
export interface ReportedKnownItems {
  model: string;
  searches: number;
  found: number;
}

/** A row of reembed.alert. */
export interface ReportedAlert {
  kind: string;
  severity: 'notice' | 'warning' | 'critical';
  model: string | null;
  message: string;
  opened_at: Date;
  closed_at: Date | null;
  closed_because: string | null;
}

const POINTS = 60;
const MOST_ALERTS = 100;

/** Reads the shadow reads; null if no shadow read of the two models is kept. */
export async function readShadowReads(db: Queryable, campaign: ReportedCampaign): Promise<ReportedShadowReads | null> {
  const values = [campaign.target, campaign.from_model, campaign.to_model, campaign.created_at];
  const reads = `(SELECT *, CASE WHEN served_model = $2 THEN served_ms ELSE shadow_ms END AS old_ms, CASE WHEN served_model = $3 THEN served_ms ELSE shadow_ms END AS new_ms
                    FROM reembed.shadow_read
                   WHERE target = $1 AND at >= $4 AND served_model IN ($2, $3) AND shadow_model IN ($2, $3)) AS r`;
  const percentile = (share: number, of: string) =>
    `percentile_cont(${share}) WITHIN GROUP (ORDER BY r.${of}_ms) FILTER (WHERE r.error IS NULL)`;
  const { rows } = await db.query<Omit<ReportedShadowReads, 'points'>>(
    `SELECT count(*)::integer AS reads, count(r.error)::integer AS errors, avg(r.overlap) AS overlap, min(r.at) AS first_at, max(r.at) AS last_at,
            ${percentile(0.5, 'old')} AS old_p50_ms, ${percentile(0.95, 'old')} AS old_p95_ms,
            ${percentile(0.5, 'new')} AS new_p50_ms, ${percentile(0.95, 'new')} AS new_p95_ms
       FROM ${reads}`,
    values,
  );
  const [total] = rows;
  if (!total || total.reads === 0) return null;
  const points = await db.query<ReportedShadowReads['points'][number]>(
    `SELECT min(r.at) AS at, count(*)::integer AS reads, avg(r.overlap) AS overlap
       FROM (SELECT *, ntile(${POINTS}) OVER (ORDER BY id) AS part FROM ${reads}) AS r GROUP BY r.part ORDER BY r.part`,
    values,
  );
  return { ...total, points: points.rows };
}

/** Reads the known-item searches of both models within their retention time. */
export async function readKnownItems(db: Queryable, campaign: ReportedCampaign): Promise<ReportedKnownItems[]> {
  const { rows } = await db.query<ReportedKnownItems>(
    `SELECT model, count(*)::integer AS searches, count(*) FILTER (WHERE found)::integer AS found FROM reembed.known_item
      WHERE target = $1 AND model IN ($2, $3) AND at >= $4 AND error IS NULL GROUP BY model ORDER BY model = $3`,
    [campaign.target, campaign.from_model, campaign.to_model, campaign.created_at],
  );
  return rows;
}

/** Reads the newest alerts of the campaign: open ones first, then newest first. */
export async function readAlerts(db: Queryable, campaign: ReportedCampaign): Promise<ReportedAlert[]> {
  const { rows } = await db.query<ReportedAlert>(
    `SELECT kind, severity, model, message, opened_at, closed_at, closed_because FROM reembed.alert
      WHERE target = $1 AND campaign = $2 ORDER BY closed_at IS NULL DESC, opened_at DESC, id DESC LIMIT ${MOST_ALERTS}`,
    [campaign.target, campaign.name],
  );
  return rows;
}

import type { Queryable } from '../../database/connection.ts';
import type { ReportedCampaign } from './campaign.ts';

/** A row of reembed.event. */
export interface ReportedEvent {
  at: Date;
  actor: string;
  kind: string;
  from_value: string | null;
  to_value: string | null;
  reason: string | null;
}

/** The audit trail of a campaign. */
export interface ReportedEvents {
  /** total number of events */
  total: number;
  /** the newest events and all that change the phase or the live model, oldest first */
  events: ReportedEvent[];
}

const MOST_EVENTS = 400;

/** Reads the events of the campaign, and those of its target while the campaign ran. */
export async function readEvents(db: Queryable, campaign: ReportedCampaign): Promise<ReportedEvents> {
  const { rows } = await db.query<ReportedEvent & { total: number }>(
    `SELECT at, actor, kind, from_value, to_value, reason, total
       FROM (SELECT e.*, count(*) OVER ()::integer AS total, row_number() OVER (ORDER BY e.kind IN ('phase', 'read_model', 'purge') DESC, e.id DESC) AS place
               FROM reembed.event AS e
              WHERE e.campaign = $1 OR (e.target = $2 AND e.campaign IS NULL AND e.at >= $3
                AND e.at < coalesce((SELECT min(m.created_at) FROM reembed.campaign AS m WHERE m.target = $2 AND m.created_at > $3), 'infinity'))) AS e
      WHERE place <= ${MOST_EVENTS} ORDER BY e.id`,
    [campaign.name, campaign.target, campaign.created_at],
  );
  return { total: rows[0]?.total ?? 0, events: rows.map(({ total, ...event }) => event) };
}

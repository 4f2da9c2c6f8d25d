import type { Queryable } from '../../database/connection.ts';
import type { PhaseName } from '../../database/migration-file.ts';
import { NoCampaign } from '../report-error.ts';

/** The campaign to report on. */
export interface CampaignChoice {
  /** short or full name of a target, for its newest campaign */
  target?: string | undefined;
  /** name of a campaign, instead of a target */
  campaign?: string | undefined;
}

/** One of the two models of a campaign. */
export interface ReportedModel {
  role: 'old' | 'new';
  name: string;
  dimensions: number;
  element_type: string;
  distance: 'cosine' | 'l2' | 'inner_product';
}

/** A campaign with its models, thresholds and progress. */
export interface ReportedCampaign {
  name: string;
  target: string;
  phase: PhaseName;
  phase_entered_at: Date;
  created_at: Date;
  planned_at: Date | null;
  switched_at: Date | null;
  purged_at: Date | null;
  /** table of the old vectors after contract; null before contract and after the purge */
  archive: string | null;
  storage: 'column' | 'side table';
  from_model: string;
  to_model: string;
  read_model: string;
  models: ReportedModel[];
  rows_planned: number;
  rows_done: number;
  outdated_rows: number;
  failed_rows: number;
  live_rows: number;
  tokens: number;
  cost_usd: number | null;
  /** spend cap and what counts against it; null: no cap */
  max_tokens: number | null;
  max_usd: number | null;
  spent_tokens: number | null;
  spent_usd: number | null;
  soak_seconds: number;
  server_version: string;
  pgvector_version: string;
  /** thresholds by name of their setting; null: not set */
  thresholds: Record<string, number | null>;
  /** what people accepted by its code, oldest first */
  acceptances: ReportedAcceptance[];
}

/** A row of reembed.acceptance. */
export interface ReportedAcceptance {
  code: string;
  reason: string;
  by: string;
  at: string;
  evidence: unknown;
}

const THRESHOLDS = [
  'max_ndcg_loss',
  'min_overlap',
  'min_index_recall',
  'min_filtered_rows',
  'max_latency_ratio',
  'max_failed_rows',
  'min_truth_audit',
  'min_audit_similarity',
  'max_shared_vectors',
  'max_odd_norms',
  'max_changed_old_rows',
];

/** @throws NoCampaign */
export async function readCampaign(db: Queryable, choice: CampaignChoice): Promise<ReportedCampaign> {
  const { rows } = await db.query<ReportedCampaign>(
    `SELECT m.name, m.target, m.phase, m.phase_entered_at, m.created_at, m.planned_at, m.switched_at, m.purged_at, m.archive,
            CASE WHEN m.to_relation IS NULL THEN 'column' ELSE 'side table' END AS storage, m.from_model, m.to_model, p.read_model,
            (SELECT json_agg(json_build_object('role', r.role, 'name', o.name, 'dimensions', o.dimensions, 'element_type', o.element_type,
                                               'distance', o.distance) ORDER BY r.role DESC)
               FROM (VALUES ('old', m.from_model), ('new', m.to_model)) AS r(role, model) JOIN reembed.model AS o ON o.name = r.model) AS models,
            p.total::float8 AS rows_planned, p.done::float8 AS rows_done, p.outdated::float8 AS outdated_rows, p.failed::float8 AS failed_rows,
            p.live_rows::float8 AS live_rows, p.tokens::float8 AS tokens, p.cost_usd::float8 AS cost_usd,
            p.max_tokens::float8 AS max_tokens, p.max_usd::float8 AS max_usd, p.spent_tokens::float8 AS spent_tokens, p.spent_usd::float8 AS spent_usd,
            extract(epoch FROM s.soak)::float8 AS soak_seconds,
            split_part(current_setting('server_version'), ' ', 1) AS server_version,
            (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'vector') AS pgvector_version,
            (SELECT json_object_agg(t.name, (to_jsonb(s) ->> t.name)::float8) FROM unnest($3::text[]) AS t(name)) AS thresholds,
            (SELECT coalesce(json_agg(json_build_object('code', a.code, 'reason', a.reason, 'by', a.by, 'at', a.at, 'evidence', a.evidence) ORDER BY a.id), '[]')
               FROM reembed.acceptance AS a WHERE a.campaign = m.name) AS acceptances
       FROM reembed.campaign AS m
       JOIN reembed.progress AS p ON p.campaign = m.name
       JOIN reembed.setting AS s ON s.target = m.target
      WHERE CASE WHEN $1::text IS NOT NULL THEN m.name = $1 ELSE m.target = reembed.resolve_target($2) END
      ORDER BY m.phase <> 'contract' DESC, m.created_at DESC LIMIT 1`,
    [choice.campaign ?? null, choice.target ?? null, THRESHOLDS],
  );
  if (!rows[0]) throw new NoCampaign(choice);
  return rows[0];
}

import type { Queryable } from '../../database/connection.ts';
import { METRICS } from '../format.ts';
import type { Grade } from '../plain-sentence.ts';
import { POOLED } from './searches.ts';
import type { Evidence } from './validation.ts';

/** A row of reembed.validation_metric. */
export interface ReportedMetric {
  validation: string;
  metric: string;
  slice: string;
  slice_value: string;
  queries: number;
  before: number | null;
  after: number | null;
  value: number;
  low: number | null;
  high: number | null;
}

/** A row of reembed.validation_filter. */
export interface ReportedFilter {
  filter: string;
  iterative_scan: string;
  queries: number;
  wanted_rows: number;
  returned_rows: number;
  short_queries: number;
  index_recall: number;
}

/** A row of reembed.validation_integrity. */
export interface ReportedIntegrity {
  role: 'old' | 'new';
  model: string;
  rows: number;
  zero_rows: number;
  not_finite_rows: number;
  wrong_dimensions_rows: number;
  odd_norm_rows: number;
  norm_min: number | null;
  norm_median: number | null;
  norm_max: number | null;
  shared_vector_rows: number;
  checksum_at: Date | null;
  unchanged_rows: number | null;
  set_aside_rows: number | null;
  changed_rows: number | null;
}

/** The truth audit of one model's vectors. */
export interface ReportedAudit {
  role: 'old' | 'new';
  rows: number;
  agreeing_rows: number;
  lowest_similarity: number;
}

/** A row of reembed.score_distribution. */
export interface ReportedScore {
  role: 'old' | 'new';
  rows: 'nearest' | 'random';
  percentile: number;
  score: number;
}

/** A row of reembed.score_cutoff. */
export interface ReportedCutoff {
  basis: 'same_share' | 'best_f1';
  old_cutoff: number | null;
  new_cutoff: number | null;
  new_cutoff_low: number | null;
  new_cutoff_high: number | null;
  share_before: number;
  share_after: number | null;
  f1_before: number | null;
  f1_after: number | null;
}

/** Results of the runs of a validation. */
export interface ReportedFigures {
  metrics: ReportedMetric[];
  /** number of queries by share of results that both models return */
  overlaps: { overlap: number; queries: number }[];
  /** number of judged queries by gain in nDCG, rounded to a tenth; losses are negative */
  gains: { gain: number; queries: number }[];
  filters: ReportedFilter[];
  integrity: ReportedIntegrity[];
  audit: ReportedAudit[];
  scores: ReportedScore[];
  cutoffs: ReportedCutoff[];
}

/** Reads all figures except those of single queries. */
export async function readFigures(db: Queryable, evidence: Evidence, grade: Grade | null): Promise<ReportedFigures> {
  const { newest, judged } = evidence;
  return {
    metrics: await readMetrics(db, newest, judged),
    overlaps: await select(
      db,
      'SELECT overlap, count(*)::integer AS queries FROM reembed.validation_query WHERE validation = $1 GROUP BY overlap ORDER BY overlap',
      newest,
    ),
    gains: grade === null ? [] : await readGains(db, newest, grade),
    filters: await select(
      db,
      `SELECT filter, iterative_scan, queries, wanted_rows, returned_rows, short_queries, index_recall
         FROM reembed.validation_filter WHERE validation = $1 ORDER BY filter, iterative_scan = 'off' DESC, iterative_scan`,
      evidence.filters,
    ),
    integrity: await select(
      db,
      `SELECT role, model, rows::float8 AS rows, zero_rows::float8 AS zero_rows, not_finite_rows::float8 AS not_finite_rows,
              wrong_dimensions_rows::float8 AS wrong_dimensions_rows, odd_norm_rows::float8 AS odd_norm_rows, norm_min, norm_median, norm_max,
              shared_vector_rows::float8 AS shared_vector_rows, checksum_at, unchanged_rows::float8 AS unchanged_rows,
              set_aside_rows::float8 AS set_aside_rows, changed_rows::float8 AS changed_rows
         FROM reembed.validation_integrity WHERE validation = $1 ORDER BY role DESC`,
      newest,
    ),
    audit: await select(
      db,
      `SELECT a.role, count(a.similarity)::integer AS rows, count(*) FILTER (WHERE a.similarity >= s.min_audit_similarity - 1e-9)::integer AS agreeing_rows,
              min(a.similarity) AS lowest_similarity
         FROM reembed.truth_audit AS a JOIN reembed.validation AS v ON v.id = a.validation JOIN reembed.campaign AS m ON m.name = v.campaign
         JOIN reembed.setting AS s ON s.target = m.target
        WHERE a.validation = $1 GROUP BY a.role HAVING count(a.similarity) > 0 ORDER BY a.role DESC`,
      evidence.audit,
    ),
    scores: await select(
      db,
      'SELECT role, rows, percentile, score FROM reembed.score_distribution WHERE validation = $1 ORDER BY role DESC, rows, percentile',
      newest,
    ),
    cutoffs: await select(
      db,
      `SELECT basis, old_cutoff, new_cutoff, new_cutoff_low, new_cutoff_high, share_before, share_after, f1_before, f1_after
         FROM reembed.score_cutoff WHERE validation = $1 ORDER BY ordinal`,
      evidence.cutoffs,
    ),
  };
}

/** Reads the metrics: those of judged queries from the run that has them, all others from the newest run. */
async function readMetrics(db: Queryable, newest: string, judged: string | null): Promise<ReportedMetric[]> {
  const { rows } = await db.query<ReportedMetric>(
    `SELECT validation::text, metric, slice, slice_value, queries, before, after, value, low, high FROM reembed.validation_metric
      WHERE validation = CASE WHEN metric IN ('ndcg', 'mrr', 'recall', 'judged_share', 'condensed_ndcg') THEN $2::bigint ELSE $1::bigint END
      ORDER BY slice, queries DESC, slice_value, array_position($3::text[], metric)`,
    [newest, judged, METRICS],
  );
  return rows;
}

async function readGains(db: Queryable, run: string, grade: Grade): Promise<ReportedFigures['gains']> {
  const { rows } = await db.query<ReportedFigures['gains'][number]>(
    `WITH ${POOLED}
     SELECT round((10 * (ndcg_after - ndcg_before))::numeric)::float8 / 10 AS gain, count(*)::integer AS queries FROM pooled GROUP BY 1 ORDER BY 1`,
    [run, grade],
  );
  return rows;
}

async function select<Row extends object>(db: Queryable, text: string, run: string | null): Promise<Row[]> {
  if (run === null) return [];
  const { rows } = await db.query<Row>(text, [run]);
  return rows;
}

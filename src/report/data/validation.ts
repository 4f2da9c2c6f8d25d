import type { Queryable } from '../../database/connection.ts';

/** A run of the validation. */
export interface ReportedRun {
  id: string;
  finished_at: Date;
  run_by: string;
  query_source: string;
  queries: number;
  judged_queries: number;
  known_items: boolean;
  /** mean share of a query's words that are in its row; null unless the queries were made of rows */
  lexical_share: number | null;
  /** chat model that graded results, with the numbers of pairs that got a grade and did not */
  judge_model: string | null;
  graded_pairs: number | null;
  ungraded_pairs: number | null;
  k: number;
  seed: number | null;
  overlap: number;
  index_recall: number | null;
  index_setting: string | null;
  coverage: number;
  missing_rows: number;
  ndcg_before: number | null;
  ndcg_after: number | null;
  audit_problem: string | null;
  /** by the thresholds at the time of the run */
  verdict: 'pass' | 'fail' | 'unsure';
}

/** A row of reembed.judge_validation(): why the verdict is no PASS, or a warning. */
export interface Finding {
  code: string;
  reason: string;
  /** a command */
  remedy: string | null;
}

/** Verdict on the newest run by the present thresholds. */
export interface ReportedVerdict {
  validation: string;
  verdict: 'pass' | 'fail' | 'unsure';
  /** why it fails */
  reasons: Finding[];
  /** why it is unsure */
  doubts: Finding[];
  warnings: Finding[];
  /** whether it is unsure, and a person accepted that for what it is unsure about now */
  is_accepted: boolean;
  /** whether rows were embedded after the run, so that the gate to the switch requires another one */
  is_older_than_backfill: boolean;
}

/** Run from which each part is taken: the newest of those that count for the verdict and have the part. */
export interface Evidence {
  newest: string;
  judged: string | null;
  filters: string | null;
  audit: string | null;
  cutoffs: string | null;
  /** by queries of the application, from reembed.query_log */
  log: string | null;
}

// Older runs remain in the database.
const MOST_RUNS = 20;

/** Reads the newest runs, newest first. */
export async function readRuns(db: Queryable, campaign: string): Promise<ReportedRun[]> {
  const { rows } = await db.query<ReportedRun>(
    `SELECT id::text, finished_at, run_by, query_source, queries, judged_queries, known_items, lexical_share, judge_model, graded_pairs, ungraded_pairs, k, seed, overlap, index_recall, index_setting, coverage,
            missing_rows::float8 AS missing_rows, ndcg_before, ndcg_after, audit_problem, verdict
       FROM reembed.validation WHERE campaign = $1 ORDER BY finished_at DESC, validation.id DESC LIMIT ${MOST_RUNS}`,
    [campaign],
  );
  return rows;
}

/** Reads the verdict by the present thresholds. */
export async function readVerdict(db: Queryable, run: ReportedRun): Promise<ReportedVerdict> {
  const { rows: found } = await db.query<Finding & { outcome: 'fail' | 'unsure' | 'warning' }>(
    'SELECT outcome, code, reason, remedy FROM reembed.judge_validation($1)',
    [run.id],
  );
  const { rows } = await db.query<Pick<ReportedVerdict, 'verdict' | 'is_accepted' | 'is_older_than_backfill'>>(
    `SELECT reembed.verdict($1) AS verdict,
            (SELECT reembed.is_accepted(v.campaign, 'unsure', reembed.unsure_evidence(v.campaign)) AND reembed.verdict($1) = 'unsure'
               FROM reembed.validation AS v WHERE v.id = $1) AS is_accepted,
            (SELECT v.started_at < max(b.finished_at) FROM reembed.validation AS v JOIN reembed.batch AS b ON b.campaign = v.campaign
              WHERE v.id = $1 GROUP BY v.started_at) IS TRUE AS is_older_than_backfill`,
    [run.id],
  );
  const of = (wanted: string) => found.filter(({ outcome }) => outcome === wanted).map(({ outcome, ...finding }) => finding);
  return {
    validation: run.id,
    ...(rows[0] ?? { verdict: 'unsure', is_accepted: false, is_older_than_backfill: false }),
    reasons: of('fail'),
    doubts: of('unsure'),
    warnings: of('warning'),
  };
}

/** Chooses the runs. Judged queries take precedence over known items where there are runs with both. */
export async function readEvidence(db: Queryable, newest: string): Promise<Evidence> {
  const { rows } = await db.query<Evidence>(
    `WITH runs AS (SELECT r.* FROM reembed.validation AS r WHERE r.id IN (SELECT reembed.evidence_runs($1)))
     SELECT $1::text AS newest,
            (SELECT r.id::text FROM runs AS r WHERE r.judged_queries > 0 ORDER BY r.known_items, r.id DESC LIMIT 1) AS judged,
            (SELECT max(f.validation)::text FROM reembed.validation_filter AS f JOIN runs AS r ON r.id = f.validation) AS filters,
            (SELECT max(a.validation)::text FROM reembed.truth_audit AS a JOIN runs AS r ON r.id = a.validation) AS audit,
            (SELECT max(c.validation)::text FROM reembed.score_cutoff AS c JOIN runs AS r ON r.id = c.validation) AS cutoffs,
            (SELECT max(r.id)::text FROM runs AS r WHERE r.query_source = 'log') AS log`,
    [newest],
  );
  return rows[0] ?? { newest, judged: null, filters: null, audit: null, cutoffs: null, log: null };
}

import type { Grading } from '../../judge/grade-queries.ts';
import type { Campaign } from '../campaign.ts';
import type { QueryComparison } from '../metrics/comparison.ts';
import { type Metric, overall } from '../metrics/metrics.ts';
import type { ScoreCutoff } from '../metrics/score-cutoff.ts';
import type { ScoreDistribution } from '../metrics/scores.ts';
import type { FilteredSearch } from '../search/filters.ts';
import type { IndexState } from '../search/index-search.ts';
import type { SearchTime } from '../search/latency.ts';
import type { Coverage, Integrity } from './integrity.ts';
import type { TruthAudit } from './truth-audit.ts';

/** A run as it is stored. */
export interface ValidationRecord {
  campaign: Campaign;
  /** start time of the run, by the database's clock, as text */
  startedAt: string;
  querySource: string;
  seed: number;
  k: number;
  /** column whose values group the results; null: each row is a result of its own */
  groupBy: string | null;
  /** rows with a vector of both models, if only these were compared because the backfill had not ended; else null */
  comparedRows: number | null;
  /** whether the relevant row of each query is the one it was generated from */
  knownItems: boolean;
  /** mean share of a query's words that are in its row; null unless the queries were made of rows */
  lexicalShare: number | null;
  /** grades of a chat model; null if none was asked */
  grading: Grading | null;
  comparisons: QueryComparison[];
  times: SearchTime[];
  metrics: Metric[];
  /** undefined if the campaign has no valid index yet */
  index: IndexState | undefined;
  filters: FilteredSearch[];
  coverage: Coverage;
  integrity: Integrity[];
  audit: TruthAudit;
  distributions: ScoreDistribution[];
  cutoffs: ScoreCutoff[];
}

/** The columns of reembed.validation that a report shows too. */
export function validationRow({ campaign, comparisons, metrics, index, coverage, ...record }: ValidationRecord) {
  const of = (name: string) => overall(metrics, name);
  return {
    campaign: campaign.name,
    started_at: record.startedAt,
    query_source: record.querySource,
    seed: record.seed,
    queries: comparisons.length,
    judged_queries: of('ndcg')?.queries ?? 0,
    known_items: record.knownItems,
    lexical_share: record.lexicalShare,
    judge_model: record.grading?.model ?? null,
    graded_pairs: record.grading?.gradedPairs ?? null,
    ungraded_pairs: record.grading?.ungradedPairs ?? null,
    judge_problem: record.grading?.problem ?? null,
    k: record.k,
    group_by: record.groupBy,
    compared_rows: record.comparedRows,
    overlap: of('overlap')?.value,
    index_recall: of('index_recall')?.value ?? null,
    index_setting: index?.searchSetting ?? null,
    searches_use_index: index?.usable ?? null,
    planner_chooses_index: index?.chosen ?? null,
    coverage: coverage.coverage,
    missing_rows: coverage.missingRows,
    just_changed_rows: coverage.justChangedRows,
    ndcg_before: of('ndcg')?.before ?? null,
    ndcg_after: of('ndcg')?.after ?? null,
    mrr_before: of('mrr')?.before ?? null,
    mrr_after: of('mrr')?.after ?? null,
    recall_before: of('recall')?.before ?? null,
    recall_after: of('recall')?.after ?? null,
  };
}

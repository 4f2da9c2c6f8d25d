import type { Campaign } from '../campaign.ts';
import type { QueryComparison } from '../metrics/comparison.ts';
import type { Metric } from '../metrics/metrics.ts';
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
  /** whether the relevant row of each query is the one it was generated from */
  knownItems: boolean;
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

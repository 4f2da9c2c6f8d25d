import type { Campaign } from './campaign.ts';
import type { QueryComparison } from './comparison.ts';
import type { FilteredSearch } from './filters.ts';
import type { IndexState } from './index-search.ts';
import type { Coverage, Integrity } from './integrity.ts';
import type { SearchTime } from './latency.ts';
import type { Metric } from './metrics.ts';
import type { ScoreCutoff } from './score-cutoff.ts';
import type { ScoreDistribution } from './scores.ts';
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

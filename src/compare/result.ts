import type { Distance } from '../database/element-types.ts';
import type { CostFigures } from './costs.ts';
import type { QualityFigures } from './figures.ts';
import type { Outcome } from './outcome.ts';
import type { Evidence } from './questions.ts';

/** All figures of one model. */
export interface ModelComparison extends QualityFigures {
  name: string;
  /** whether these are the present vectors */
  isPresent: boolean;
  dimensions: number;
  costs: CostFigures;
  /** median time of a request with one query, in milliseconds; null where none was sent */
  latencyMs: number | null;
  /** requests and tokens sent for this comparison */
  requests: number;
  tokensSent: number;
  /** sampled rows whose text the provider refused; they are found by no query */
  refusedRows: number;
  /** null for the present vectors */
  outcome: Outcome | null;
}

/** The result of a comparison. */
export interface Comparison {
  at: Date;
  table: string;
  column: string;
  /** rows with a text */
  tableRows: number;
  sampledRows: number;
  queries: number;
  judgedQueries: number;
  evidence: Evidence;
  /** rows that are judged relevant but missing from the table */
  judgedRowsMissing: number;
  k: number;
  seed: number;
  distance: Distance;
  /** best nDCG first */
  models: ModelComparison[];
}

import type { Interval } from '../validation/metrics/bootstrap.ts';
import type { Evidence } from './questions.ts';

/** What a comparison comes to for one candidate. */
export type OutcomeKind = 'worth it' | 'worth it for these slices' | 'equal' | 'not worth it' | 'unsure';

/** The outcome with what follows from it. */
export interface Outcome {
  kind: OutcomeKind;
  /** sentences for people */
  reasons: string[];
}

/** nDCG in one slice, candidate minus present vectors. */
export interface SliceGain {
  slice: string;
  value: string;
  queries: number;
  before: number;
  after: number;
  /** share of resampled means that are at most 0, and that are at least minus the margin */
  pNoGain: number;
  pNoLoss: number;
}

/** What an outcome is decided on. */
export interface OutcomeFacts {
  evidence: Evidence;
  /** the present vectors are not those of the model that embeds their queries */
  presentDisagrees: boolean;
  /** queries with judgements */
  queries: number;
  /** nDCG of the present vectors */
  before: number;
  /** difference of nDCG, candidate minus present vectors; undefined without judgements */
  difference: Interval | undefined;
  slices: readonly SliceGain[];
  /** by the price of a token; undefined where one price is not known */
  isCheaper: boolean | undefined;
  /** fewer bytes a vector */
  isSmaller: boolean;
}

/** Fewer queries decide nothing, whether over all or in a slice. */
export const FEWEST_QUERIES = 20;

// Half of the 5 % of a two-sided interval.
const ALPHA = 0.025;

/** The difference of nDCG that matters: 5 % of the old figure, and at least 0.01. The same as the default of max_ndcg_loss. */
export function marginOf(before: number): number {
  return Math.max(0.05 * before, 0.01);
}

/**
 * Decides whether a candidate is worth a migration, from the 95 % interval of the paired difference of nDCG and the margin.
 *
 * - worth it: the interval lies above 0, and the mean difference is at least the margin;
 * - equal: the interval lies within the margin on both sides;
 * - not worth it: the interval lies below 0 (for queries made of rows: below minus the margin);
 * - worth it for these slices: not worth it over all queries, but in slices by the first rule, Holm-adjusted;
 * - unsure: everything else, fewer than 20 queries, anything good that only queries made of rows say, and everything where the present
 *   vectors are of another model than their queries.
 */
export function decide(facts: OutcomeFacts): Outcome {
  const { evidence, queries, difference, before } = facts;
  if (facts.presentDisagrees)
    return { kind: 'unsure', reasons: ['the present vectors are not of the model that embedded the queries for them'] };
  if (!difference) return { kind: 'unsure', reasons: ['no query has judgements, and overlap does not say which model is better'] };
  const margin = marginOf(before);
  const enough = queries >= FEWEST_QUERIES;
  const losing = holm(facts.slices, ({ pNoLoss }) => pNoLoss);
  const warnings = losing.map((slice) => `it loses more than the margin for ${nameOf(slice)}`);
  if (evidence === 'rows') {
    if (enough && difference.high < -margin)
      return { kind: 'not worth it', reasons: ['it finds rows by their own words less often, beyond the margin', ...warnings] };
    return {
      kind: 'unsure',
      reasons: ['the queries were made of rows, which favours models that match words: give --queries and --judgements', ...warnings],
    };
  }
  if (!enough) return { kind: 'unsure', reasons: [`${queries} judged queries are too few: at least ${FEWEST_QUERIES} decide`] };
  if (difference.low > 0 && difference.value >= margin)
    return { kind: 'worth it', reasons: ['it is better, by more than chance and the margin', ...warnings] };
  const gaining = holm(facts.slices, ({ pNoGain }) => pNoGain).filter((slice) => slice.after - slice.before >= marginOf(slice.before));
  if (gaining.length > 0)
    return { kind: 'worth it for these slices', reasons: [...gaining.map((slice) => `it is better for ${nameOf(slice)}`), ...warnings] };
  if (difference.low > -margin && difference.high < margin) return { kind: 'equal', reasons: [equalBut(facts), ...warnings] };
  if (difference.high < 0) return { kind: 'not worth it', reasons: ['it is worse', ...warnings] };
  const half = (difference.high - difference.low) / 2;
  const wanted = Math.ceil((queries * (half / margin) ** 2) / 10) * 10;
  const advice =
    wanted > queries ? `about ${wanted} judged queries would narrow the interval to the margin` : 'its gain is near the margin';
  return { kind: 'unsure', reasons: [advice, ...warnings] };
}

function equalBut({ isCheaper, isSmaller }: OutcomeFacts): string {
  const advantages = [...(isCheaper ? ['cheaper'] : []), ...(isSmaller ? ['smaller'] : [])];
  return advantages.length === 0 ? 'neither cheaper nor smaller' : advantages.join(' and ');
}

function nameOf({ slice, value, before, after }: SliceGain): string {
  return `${slice} = ${value} (nDCG ${before.toFixed(3)} -> ${after.toFixed(3)})`;
}

/**
 * The slices of at least FEWEST_QUERIES queries whose hypothesis is rejected, with the family-wise error of all slices limited to ALPHA
 * (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979).
 */
function holm(slices: readonly SliceGain[], pOf: (slice: SliceGain) => number): SliceGain[] {
  const tested = slices.filter(({ queries }) => queries >= FEWEST_QUERIES).sort((a, b) => pOf(a) - pOf(b));
  const kept = tested.findIndex((slice, i) => pOf(slice) > ALPHA / (tested.length - i));
  return kept === -1 ? tested : tested.slice(0, kept);
}

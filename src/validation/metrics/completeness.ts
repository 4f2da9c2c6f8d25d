import type { JudgedResults, QueryComparison } from './comparison.ts';
import type { Judged } from './metrics.ts';

/** Judged share of the results below which the condensed nDCG is computed too. */
export const FEW_JUDGED = 0.8;

const JUDGED_SHARE: Judged = { name: 'judged_share', of: ({ completeness }) => completeness?.judgedShare ?? NOTHING };
const CONDENSED: Judged = { name: 'condensed_ndcg', of: ({ completeness }) => completeness?.condensedNdcg ?? NOTHING };
const NOTHING = { before: Number.NaN, after: Number.NaN };

/** Whether few results of either model are judged, and some of them as not relevant. */
export function needsCondensed(comparisons: readonly QueryComparison[]): boolean {
  const judged = judgedBySomebody(comparisons).flatMap(({ completeness }) => completeness ?? []);
  const share = (side: 'before' | 'after') => judged.reduce((sum, { judgedShare }) => sum + judgedShare[side], 0) / judged.length;
  return judged.some(({ hasIrrelevant }) => hasIrrelevant) && Math.min(share('before'), share('after')) < FEW_JUDGED;
}

/** The metrics that say how much of the results is judged, and the queries that have them. */
export function completenessMetrics(
  comparisons: readonly QueryComparison[],
  condensed: boolean,
): { metrics: Judged[]; judged: JudgedResults[] } {
  return { metrics: condensed ? [JUDGED_SHARE, CONDENSED] : [JUDGED_SHARE], judged: judgedBySomebody(comparisons) };
}

function judgedBySomebody(comparisons: readonly QueryComparison[]): JudgedResults[] {
  return comparisons.flatMap(({ judged }) => (judged?.completeness ? [judged] : []));
}

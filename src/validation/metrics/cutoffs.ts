import type { Campaign } from '../campaign.ts';
import type { Judgements } from '../queries/judgements.ts';
import type { BeforeAfter, QueryComparison } from './comparison.ts';
import { bestCutoff, mapCutoff, type Quality, qualityAt, type ScoreCutoff, scoredResults } from './score-cutoff.ts';
import { scoresOf } from './scores.ts';

/**
 * Maps each cut-off of the old model to one of the new model. With judgements, adds the best cut-off of each model.
 *
 * @param cutoffs scores at which the application cuts off results today
 * @param judgements judgements of the queries, if any
 */
export function moveCutoffs(
  campaign: Campaign,
  comparisons: readonly QueryComparison[],
  cutoffs: readonly number[],
  judgements: Judgements | undefined,
  seed: number,
): ScoreCutoff[] {
  const [old, renewed] = [scoresOf(comparisons, campaign, 'old'), scoresOf(comparisons, campaign, 'new')];
  const before = scoredResults(comparisons, old, ({ results }) => results.before, judgements);
  const after = scoredResults(comparisons, renewed, ({ results }) => results.after, judgements);
  const moved = cutoffs.map((cutoff): ScoreCutoff => {
    const { share, newCutoff, low, high } = mapCutoff(old, renewed, cutoff, seed);
    return {
      basis: 'same_share',
      oldCutoff: cutoff,
      newCutoff,
      newCutoffLow: low,
      newCutoffHigh: high,
      share,
      ...qualities(qualityAt(before, cutoff), newCutoff === null ? undefined : qualityAt(after, newCutoff)),
    };
  });
  const [bestOld, bestNew] = [bestCutoff(before), bestCutoff(after)];
  if (!bestOld || !bestNew) return moved;
  const best: ScoreCutoff = {
    basis: 'best_f1',
    oldCutoff: bestOld.cutoff,
    newCutoff: bestNew.cutoff,
    newCutoffLow: null,
    newCutoffHigh: null,
    share: { before: shareAbove(old, bestOld.cutoff), after: shareAbove(renewed, bestNew.cutoff) },
    ...qualities(bestOld.quality, bestNew.quality),
  };
  return [...moved, best];
}

function shareAbove(scores: readonly (readonly number[])[], cutoff: number): number {
  const all = scores.flat();
  return all.length === 0 ? 0 : all.filter((score) => score >= cutoff).length / all.length;
}

function qualities(before: Quality | undefined, after: Quality | undefined): Pick<ScoreCutoff, 'precision' | 'recall' | 'f1'> {
  const both = (figure: keyof Quality): BeforeAfter | null => (before && after ? { before: before[figure], after: after[figure] } : null);
  return { precision: both('precision'), recall: both('recall'), f1: both('f1') };
}

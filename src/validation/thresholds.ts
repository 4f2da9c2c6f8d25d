import type { Thresholds } from './campaign.ts';
import type { BeforeAfter } from './comparison.ts';
import type { IndexState } from './nearest-rows.ts';

/** The figures of a run that thresholds are about. */
export interface Figures {
  k: number;
  overlap: number;
  indexRecall: number | null;
  ndcg: BeforeAfter | null;
  missingRows: number;
  /** of the missing rows those the application changed moments ago */
  justChangedRows: number;
}

// Means of floating-point numbers: 0.95 may come out as 0.9499999999999999.
const TOLERANCE = 1e-9;

/**
 * The thresholds that were missed, each as a sentence with its figures; empty when the run passes.
 *
 * @param index state of the index on the new vectors; undefined when there is none yet
 */
export function missedThresholds(figures: Figures, thresholds: Thresholds, index?: IndexState): string[] {
  const { k, overlap, indexRecall, ndcg } = figures;
  const missed: string[] = [];
  if (overlap < thresholds.minOverlap - TOLERANCE) {
    missed.push(`overlap@${k} ${overlap.toFixed(4)} is below min_overlap ${thresholds.minOverlap}`);
  }
  if (index && !index.usable) {
    missed.push('searches do not use the new index; see that its operator class fits the distance of the model');
  }
  if (indexRecall !== null && indexRecall < thresholds.minIndexRecall - TOLERANCE) {
    const setting = index?.searchSetting ? `, with ${index.searchSetting}` : '';
    missed.push(`index recall@${k} ${indexRecall.toFixed(4)} is below min_index_recall ${thresholds.minIndexRecall}${setting}`);
  }
  if (ndcg !== null && ndcg.before - ndcg.after > thresholds.maxNdcgDrop + TOLERANCE) {
    missed.push(
      `nDCG@${k} fell from ${ndcg.before.toFixed(4)} to ${ndcg.after.toFixed(4)}, by more than max_ndcg_drop ${thresholds.maxNdcgDrop}`,
    );
  }
  const overdue = figures.missingRows - figures.justChangedRows;
  if (overdue > thresholds.maxFailedRows) {
    missed.push(`${overdue === 1 ? '1 row lacks' : `${overdue} rows lack`} a new vector, max_failed_rows is ${thresholds.maxFailedRows}`);
  }
  return missed;
}

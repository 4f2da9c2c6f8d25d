import type { Judgements } from '../queries/judgements.ts';
import type { FoundRow } from '../search/search-source.ts';
import { forEachResample, percentileInterval, RESAMPLES } from './bootstrap.ts';
import type { BeforeAfter, QueryComparison } from './comparison.ts';

/** A cut-off of the old model and the corresponding one of the new model, as stored in reembed.score_cutoff. */
export interface ScoreCutoff {
  basis: 'same_share' | 'best_f1';
  oldCutoff: number | null;
  /** null if no row reaches the old cut-off */
  newCutoff: number | null;
  newCutoffLow: number | null;
  newCutoffHigh: number | null;
  /** share of the nearest rows that each cut-off keeps */
  share: { before: number; after: number | null };
  /** null without judgements */
  precision: BeforeAfter | null;
  recall: BeforeAfter | null;
  f1: BeforeAfter | null;
}

/** The results of one query in one model: the score of each, and whether it is relevant. */
export interface ScoredResults {
  scores: readonly number[];
  /** null for a query without judgements */
  relevant: readonly boolean[] | null;
  /** number of relevant rows, including those not found */
  relevantRows: number;
}

/**
 * Maps a cut-off of the old model to the cut-off of the new model that keeps the same share of results: mapping by equal quantiles
 * (equipercentile equating; Kolen and Brennan, "Test Equating, Scaling, and Linking", 2014, chapter 2). The 95 % interval is a bootstrap
 * over the queries.
 *
 * @param old scores of the results, one list per query
 * @param renewed scores of the same queries in the new model
 * @returns null as cut-off if the old one keeps nothing
 */
export function mapCutoff(
  old: readonly (readonly number[])[],
  renewed: readonly (readonly number[])[],
  cutoff: number,
  seed: number,
): { share: { before: number; after: number | null }; newCutoff: number | null; low: number | null; high: number | null } {
  const descending = renewed.flatMap((scores, query) => scores.map((score) => ({ score, query }))).sort((a, b) => b.score - a.score);
  const kept = old.map((scores) => scores.filter((score) => score >= cutoff).length);
  const weights = new Float64Array(old.length).fill(1);
  const before = shareOf(old, kept, weights);
  const newCutoff = cutoffKeeping(descending, before, weights);
  if (newCutoff === null) return { share: { before, after: null }, newCutoff, low: null, high: null };

  const drawnCutoffs: number[] = [];
  forEachResample(old.length, seed, (drawn) => {
    weights.fill(0);
    for (const query of drawn) weights[query] = (weights[query] as number) + 1;
    const mapped = cutoffKeeping(descending, shareOf(old, kept, weights), weights);
    if (mapped !== null) drawnCutoffs.push(mapped);
  });
  const after = descending.filter(({ score }) => score >= newCutoff).length / descending.length;
  // If any resample keeps nothing, it has no cut-off, so there is no interval either.
  const interval = drawnCutoffs.length === RESAMPLES ? percentileInterval(Float64Array.from(drawnCutoffs)) : { low: null, high: null };
  return { share: { before, after }, newCutoff, ...interval };
}

/**
 * Finds the cut-off with the best F1 in one model: the harmonic mean of precision (share of kept rows that are relevant) and recall (share
 * of relevant rows that are kept), over all judged queries together (van Rijsbergen, "Information Retrieval", 1979, chapter 7, with beta
 * 1).
 *
 * @returns undefined if no result is relevant
 */
export function bestCutoff(results: readonly ScoredResults[]): { cutoff: number; quality: Quality } | undefined {
  const candidates = results
    .flatMap(({ scores, relevant }) => scores.flatMap((score, i) => (relevant ? [{ score, relevant: relevant[i] === true }] : [])))
    .sort((a, b) => b.score - a.score);
  const relevantRows = relevantRowsOf(results);
  let best: { cutoff: number; quality: Quality } | undefined;
  let hits = 0;
  candidates.forEach(({ score, relevant }, i) => {
    if (relevant) hits += 1;
    // Rows with the same score are kept or dropped together.
    if (candidates[i + 1]?.score === score) return;
    const quality = qualityOf(hits, i + 1, relevantRows);
    if (hits > 0 && quality.f1 > (best?.quality.f1 ?? 0)) best = { cutoff: score, quality };
  });
  return best;
}

/** Precision, recall and F1. */
export interface Quality {
  precision: number;
  recall: number;
  f1: number;
}

/** Quality of a given cut-off; undefined if no query is judged. */
export function qualityAt(results: readonly ScoredResults[], cutoff: number): Quality | undefined {
  if (results.every(({ relevant }) => relevant === null)) return undefined;
  let hits = 0;
  let kept = 0;
  for (const { scores, relevant } of results) {
    scores.forEach((score, i) => {
      if (relevant === null || score < cutoff) return;
      kept += 1;
      if (relevant[i]) hits += 1;
    });
  }
  return qualityOf(hits, kept, relevantRowsOf(results));
}

/** Collects a model's results in the form that bestCutoff() and qualityAt() need. */
export function scoredResults(
  comparisons: readonly QueryComparison[],
  scores: readonly (readonly number[])[],
  rowsOf: (one: QueryComparison) => readonly FoundRow[],
  judgements: Judgements | undefined,
): ScoredResults[] {
  return comparisons.map((one, i) => {
    const gains = judgements?.get(one.query.id);
    return {
      scores: scores[i] ?? [],
      relevant: gains ? rowsOf(one).map(({ judgedId }) => (gains.get(judgedId) ?? 0) > 0) : null,
      relevantRows: gains ? [...gains.values()].filter((gain) => gain > 0).length : 0,
    };
  });
}

function relevantRowsOf(results: readonly ScoredResults[]): number {
  return results.reduce((sum, { relevantRows }) => sum + relevantRows, 0);
}

function qualityOf(hits: number, kept: number, relevantRows: number): Quality {
  const precision = kept === 0 ? 0 : hits / kept;
  const recall = relevantRows === 0 ? 0 : hits / relevantRows;
  return { precision, recall, f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

function shareOf(scores: readonly (readonly number[])[], kept: readonly number[], weights: Float64Array): number {
  let all = 0;
  let within = 0;
  for (let query = 0; query < scores.length; query++) {
    all += (weights[query] as number) * (scores[query]?.length ?? 0);
    within += (weights[query] as number) * (kept[query] as number);
  }
  return all === 0 ? 0 : within / all;
}

/** Returns the score halfway between the last row to be kept and the first to be dropped, so that neither is on the boundary. */
function cutoffKeeping(descending: readonly { score: number; query: number }[], share: number, weights: Float64Array): number | null {
  let all = 0;
  for (const { query } of descending) all += weights[query] as number;
  const wanted = Math.round(share * all);
  if (wanted === 0) return null;
  let kept = 0;
  let last: number | undefined;
  for (const { score, query } of descending) {
    const weight = weights[query] as number;
    if (weight === 0) continue;
    if (last !== undefined && kept >= wanted && score < last) return (last + score) / 2;
    kept += weight;
    last = score;
  }
  return last ?? null;
}

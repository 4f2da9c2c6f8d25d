/** Judgements of one query: the relevance of each row. A row without an entry is not relevant. */
export type Gains = ReadonlyMap<string, number>;

/**
 * Share of the first `k` results that two rankings have in common: the agreement at depth k of Webber, Moffat and Zobel, "A similarity
 * measure for indefinite rankings", ACM TOIS 28(4), 2010, section 3. If both rankings are shorter than k (a table of few rows), the length
 * of the longer one replaces k.
 *
 * @param before ids, best first
 * @param after ids, best first
 * @param k depth, at least 1
 * @returns 0 (nothing in common) to 1 (the same rows in any order); 1 when both are empty
 */
export function overlapAt(before: readonly string[], after: readonly string[], k: number): number {
  const first = new Set(before.slice(0, k));
  const second = new Set(after.slice(0, k));
  const longer = Math.max(first.size, second.size);
  return longer === 0 ? 1 : [...first].filter((id) => second.has(id)).length / longer;
}

/**
 * Number of rows among the first `k` of both rankings divided by the number of rows among the first `k` of either (Jaccard, "The
 * distribution of the flora in the alpine zone", New Phytologist 11(2), 1912).
 *
 * @param before ids, best first
 * @param after ids, best first
 * @param k depth, at least 1
 * @returns 0 (nothing in common) to 1; 1 when both are empty
 */
export function jaccardAt(before: readonly string[], after: readonly string[], k: number): number {
  const first = new Set(before.slice(0, k));
  const second = new Set(after.slice(0, k));
  const common = [...first].filter((id) => second.has(id)).length;
  const either = first.size + second.size - common;
  return either === 0 ? 1 : common / either;
}

/**
 * Normalised discounted cumulative gain as computed by trec_eval (`ndcg_cut`, m_ndcg_cut.c): the gain of a row is its judgement, the
 * discount log2(rank + 1), and the ideal ranking uses all judgements. Judgements below zero count as 0.
 *
 * @param ranking ids, best first, each at most once
 * @param k depth, at least 1
 * @returns 0 to 1; 0 when no row is relevant
 */
export function ndcgAt(ranking: readonly string[], gains: Gains, k: number): number {
  const ideal = discountedGain(
    [...gains.values()].sort((a, b) => b - a),
    k,
  );
  if (ideal === 0) return 0;
  return (
    discountedGain(
      ranking.map((id) => gains.get(id) ?? 0),
      k,
    ) / ideal
  );
}

/**
 * Reciprocal of the rank of the first relevant row (trec_eval `recip_rank`), to a depth of `k`.
 *
 * @param ranking ids, best first, each at most once
 * @param k depth, at least 1
 * @returns 0 (none among the first k) to 1
 */
export function reciprocalRankAt(ranking: readonly string[], gains: Gains, k: number): number {
  const position = ranking.slice(0, k).findIndex((id) => isRelevant(gains, id));
  return position === -1 ? 0 : 1 / (position + 1);
}

/**
 * Share of all relevant rows that are among the first `k` results (trec_eval `recall`).
 *
 * @param ranking ids, best first, each at most once
 * @param k depth, at least 1
 * @returns 0 to 1; 0 when no row is relevant
 */
export function recallAt(ranking: readonly string[], gains: Gains, k: number): number {
  const relevant = [...gains.values()].filter((gain) => gain > 0).length;
  return relevant === 0 ? 0 : ranking.slice(0, k).filter((id) => isRelevant(gains, id)).length / relevant;
}

/**
 * Share of the first `k` results that are judged, as relevant or not (judged@k).
 *
 * @param ranking ids, best first, each at most once
 * @param k depth, at least 1
 * @returns 0 to 1; 1 for an empty ranking
 */
export function judgedShareAt(ranking: readonly string[], gains: Gains, k: number): number {
  const top = ranking.slice(0, k);
  return top.length === 0 ? 1 : top.filter((id) => gains.has(id)).length / top.length;
}

/**
 * nDCG of the condensed list: results without a judgement are removed before ranking, instead of counting as not relevant (Sakai,
 * "Alternatives to Bpref", SIGIR 2007). Equal to ndcgAt() if all of the first `k` are judged. Only the given results move up, so the list may
 * be shorter than k.
 *
 * @param ranking ids, best first, each at most once
 * @param k depth, at least 1
 * @returns 0 to 1; 0 when no row is relevant
 */
export function condensedNdcgAt(ranking: readonly string[], gains: Gains, k: number): number {
  return ndcgAt(
    ranking.slice(0, k).filter((id) => gains.has(id)),
    gains,
    k,
  );
}

function isRelevant(gains: Gains, id: string): boolean {
  return (gains.get(id) ?? 0) > 0;
}

function discountedGain(gainsByRank: readonly number[], k: number): number {
  return gainsByRank.slice(0, k).reduce((sum, gain, position) => sum + Math.max(0, gain) / Math.log2(position + 2), 0);
}

// Weight of the first ranks: with 0.9 the first ten make up 86 % of it (Webber, Moffat and Zobel, table 1).
const PERSISTENCE = 0.9;

/**
 * Rank-biased overlap of two rankings, extrapolated from their known depth: RBO_ext of Webber, Moffat and Zobel, "A similarity measure for
 * indefinite rankings", ACM TOIS 28(4), 2010, equation 32, with p = 0.9.
 *
 * @param before ids, best first, each at most once
 * @param after ids, best first, each at most once
 * @returns 0 (nothing in common) to 1 (the same ranking); 1 when both are empty
 */
export function rankBiasedOverlap(before: readonly string[], after: readonly string[]): number {
  const [shorter, longer] = before.length <= after.length ? [before, after] : [after, before];
  const [s, l] = [shorter.length, longer.length];
  if (l === 0) return 1;
  if (s === 0) return 0;
  const p = PERSISTENCE;
  const seen = new Set<string>();
  let common = 0;
  const meet = (id: string | undefined) => {
    if (id === undefined) return;
    if (seen.has(id)) common += 1;
    seen.add(id);
  };
  let sum = 0;
  let commonAtShorter = 0;
  for (let depth = 1; depth <= l; depth++) {
    meet(shorter[depth - 1]);
    meet(longer[depth - 1]);
    sum += (common / depth) * p ** depth;
    if (depth === s) commonAtShorter = common;
    if (depth > s) sum += ((commonAtShorter * (depth - s)) / (s * depth)) * p ** depth;
  }
  return ((1 - p) / p) * sum + ((common - commonAtShorter) / l + commonAtShorter / s) * p ** l;
}

/**
 * Rank correlation over all rows that are in either ranking: Kendall's tau-b (Kendall, "The treatment of ties in ranking problems",
 * Biometrika 33, 1945). Rows missing from a ranking are tied after its last row (Fagin, Kumar and Sivakumar, "Comparing top k lists", SIAM
 * J. Discrete Math. 17(1), 2003).
 *
 * @param before ids, best first, each at most once
 * @param after ids, best first, each at most once
 * @returns 1 (the same order) to -1; 0 if ties leave no order to compare; about -0.7 for two long rankings without a common row
 */
export function kendallTau(before: readonly string[], after: readonly string[]): number {
  const ids = [...new Set([...before, ...after])];
  if (ids.length < 2) return before.length === after.length ? 1 : 0;
  const [first, second] = [ranksOf(ids, before), ranksOf(ids, after)];
  let balance = 0;
  let orderedBefore = 0;
  let orderedAfter = 0;
  for (let i = 0; i < ids.length; i++) {
    for (let j = i + 1; j < ids.length; j++) {
      const a = Math.sign((first[i] as number) - (first[j] as number));
      const b = Math.sign((second[i] as number) - (second[j] as number));
      balance += a * b;
      orderedBefore += a * a;
      orderedAfter += b * b;
    }
  }
  return orderedBefore === 0 || orderedAfter === 0 ? 0 : balance / Math.sqrt(orderedBefore * orderedAfter);
}

function ranksOf(ids: readonly string[], ranking: readonly string[]): number[] {
  const places = new Map(ranking.map((id, place) => [id, place]));
  return ids.map((id) => places.get(id) ?? ranking.length);
}

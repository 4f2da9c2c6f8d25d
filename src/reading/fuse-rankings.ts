// Rank constant of Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and Individual Rank
// Learning Methods", SIGIR 2009: large enough that a first place in one list does not outweigh good places in both.
const RANK_CONSTANT = 60;

/**
 * Merges result lists of several models by reciprocal rank fusion: an item scores 1 / (60 + rank) in each list that
 * contains it. The distances in the lists need not be comparable.
 *
 * @param lists results, nearest first; if a list contains an item twice, its first place counts
 * @param idOf identity of a result; compared as text
 * @returns every item once, taken from the first list that contains it; best first, ties in the order of the lists
 */
export function fuseRankings<T>(lists: readonly (readonly T[])[], idOf: (item: T) => unknown): T[] {
  const scores = new Map<string, { item: T; score: number }>();
  for (const list of lists) {
    const seen = new Set<string>();
    for (const [place, item] of list.entries()) {
      const id = String(idOf(item));
      if (seen.has(id)) continue;
      seen.add(id);
      const entry = scores.get(id) ?? { item, score: 0 };
      entry.score += 1 / (RANK_CONSTANT + place + 1);
      scores.set(id, entry);
    }
  }
  return [...scores.values()].sort((a, b) => b.score - a.score).map(({ item }) => item);
}

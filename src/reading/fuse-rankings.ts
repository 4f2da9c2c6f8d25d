// Rank constant of Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and Individual Rank Learning
// Methods", SIGIR 2009: large enough that a first place in one list does not outweigh good places in both.
const RANK_CONSTANT = 60;

/**
 * Fuses result lists of different models into one by reciprocal ranks: an item scores 1 / (60 + rank) in each list it is in.
 * Their distances need not be comparable.
 *
 * @param lists results, nearest first; of an item that a list has twice the first place counts
 * @param idOf what makes two results the same; compared as text
 * @returns every item once, as the first list that has it has it; best first, equals in the order of the lists
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

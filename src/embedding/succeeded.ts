import type { DistinctText } from './distinct-texts.ts';
import { MOST_SENDS_OF_A_GOOD_TEXT } from './divide.ts';

/** A text to send only to learn whether the provider answers. */
export type CheckText = Pick<DistinctText, 'text' | 'tokens'>;

/** A few texts of each size that a model embedded a short time ago, to tell a faulty text from a provider that is down. */
export interface Succeeded {
  add(texts: readonly Pick<DistinctText, 'text' | 'tokens' | 'sent'>[]): void;
  /** a text of about this size, or else of the nearest size; undefined when there is none. Counts as sent. */
  pick(tokens: number): CheckText | undefined;
  isEmpty(): boolean;
}

interface Entry extends CheckText {
  sent: number;
  at: number;
}

// With the longest text this bounds the memory: sizes are powers of two, so that all of them together have at most a megabyte.
const KEPT_OF_A_SIZE = 8;
const LONGEST_KEPT = 32_768;
// A text may be erased from the database, or be refused by a new version of the model.
const KEPT_MS = 10 * 60_000;

/** Creates an empty collection of texts that were embedded. */
export function createSucceeded(): Succeeded {
  const sizes = new Map<number, Entry[]>();
  return {
    add(texts) {
      for (const { text, tokens, sent } of texts) {
        if (text.length > LONGEST_KEPT) continue;
        const size = sizeOf(tokens);
        const kept = sizes.get(size) ?? [];
        sizes.set(size, kept);
        if (kept.some((entry) => entry.text === text)) continue;
        kept.push({ text, tokens, sent, at: Date.now() });
        if (kept.length > KEPT_OF_A_SIZE) kept.splice(mostSent(kept), 1);
      }
    },
    pick(tokens) {
      const wanted = sizeOf(tokens);
      const distance = (size: number) => (size >= wanted ? size - wanted : wanted - size + 0.5);
      for (const size of [...sizes.keys()].sort((a, b) => distance(a) - distance(b))) {
        const [least] = usable(sizes.get(size) ?? []).sort((a, b) => a.sent - b.sent);
        if (!least) continue;
        least.sent += 1;
        return least;
      }
      return undefined;
    },
    isEmpty: () => [...sizes.values()].every((kept) => usable(kept).length === 0),
  };
}

function usable(entries: Entry[]): Entry[] {
  const since = Date.now() - KEPT_MS;
  return entries.filter(({ at, sent }) => at > since && sent < MOST_SENDS_OF_A_GOOD_TEXT);
}

function sizeOf(tokens: number): number {
  return Math.ceil(Math.log2(Math.max(1, tokens)));
}

function mostSent(entries: Entry[]): number {
  const most = Math.max(...entries.map(({ sent }) => sent));
  return entries.findIndex(({ sent }) => sent === most);
}

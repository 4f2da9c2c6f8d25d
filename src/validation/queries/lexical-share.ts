import { wordsOf } from './words.ts';

/**
 * Share of the different words of a query that are in a text. A search that only compares words finds a text by a query of share 1, so such
 * queries cannot show whether a model understands more than words.
 *
 * @returns 0 (no word in common) to 1; 0 for a query without a word
 */
export function lexicalShare(query: string, text: string): number {
  const asked = new Set(wordsOf(query));
  const present = new Set(wordsOf(text));
  return asked.size === 0 ? 0 : [...asked].filter((word) => present.has(word)).length / asked.size;
}

/** Mean lexical share of queries made of rows; null if there is none. */
export function meanLexicalShare(queries: readonly { lexicalShare?: number | undefined }[]): number | null {
  const shares = queries.flatMap((query) => query.lexicalShare ?? []);
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

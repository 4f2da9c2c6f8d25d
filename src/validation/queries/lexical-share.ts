import { wordsOf } from './words.ts';

// Of fewer texts, a word may be in many by chance.
const FEWEST_TEXTS = 100;
const COMMON_SHARE = 0.1;

/**
 * Share of the different words of a query that are in a text. A search that only compares words finds a text by a query of share 1, so such
 * queries cannot show whether a model understands more than words. Words that are common in the table do not count, because any query has
 * some of them in common with any text; if a query has no other words, all of them count.
 *
 * @param common words that do not count: see commonWords()
 * @returns 0 (no word in common) to 1; 0 for a query without a word
 */
export function lexicalShare(query: string, text: string, common: ReadonlySet<string> = new Set()): number {
  const all = new Set(wordsOf(query));
  const rare = [...all].filter((word) => !common.has(word));
  const asked = rare.length === 0 ? [...all] : rare;
  const present = new Set(wordsOf(text));
  return asked.length === 0 ? 0 : asked.filter((word) => present.has(word)).length / asked.length;
}

/**
 * Words that are in more than a tenth of the texts: the function words of any language, and the words that every row has.
 *
 * @param documents words of random texts; with fewer than 100 texts no word is common
 */
export function commonWords(documents: readonly (readonly string[])[]): Set<string> {
  if (documents.length < FEWEST_TEXTS) return new Set();
  const texts = new Map<string, number>();
  for (const words of documents) for (const word of new Set(words)) texts.set(word, (texts.get(word) ?? 0) + 1);
  return new Set([...texts].flatMap(([word, count]) => (count > COMMON_SHARE * documents.length ? [word] : [])));
}

/** Mean lexical share of queries made of rows; null if there is none. */
export function meanLexicalShare(queries: readonly { lexicalShare?: number | undefined }[]): number | null {
  const shares = queries.flatMap((query) => query.lexicalShare ?? []);
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

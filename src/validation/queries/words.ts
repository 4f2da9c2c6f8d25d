const WORDS = new Intl.Segmenter('en', { granularity: 'word' });

/** Splits a text into its words in lower case, in any script, by the rules of Unicode (UAX 29; `Intl.Segmenter`). */
export function wordsOf(text: string): string[] {
  return [...WORDS.segment(text.normalize('NFKC').toLowerCase())].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}

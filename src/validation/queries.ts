import { basename } from 'node:path';

/** Where sample queries come from. */
export type QuerySource =
  | { kind: 'rows' }
  | { kind: 'generated' }
  | { kind: 'log' }
  | { kind: 'file'; path: string }
  | { kind: 'table'; table: string; textColumn: string; idColumn?: string | undefined };

/** Values of the columns by which results are sliced. */
export type Slices = Readonly<Record<string, string>>;

/** A query to be embedded by both models. */
export interface TextQuery {
  /** what judgements call it */
  id: string;
  text: string;
  slices?: Slices;
}

/** A query with its vector in each model, in pgvector's text form. */
export interface VectorQuery {
  /** what judgements call it */
  id: string;
  /** how it is shown and stored */
  label: string;
  /** characters of its text */
  length: number;
  slices: Slices;
  oldVector: string;
  newVector: string;
  /** key of the row it was drawn from, which must not be among its own results */
  ownKey?: string;
}

/** Queries drawn from the rows, the log or a query table, where no number is given. */
export const DEFAULT_SAMPLE = 200;

/** What stands for a column without a value. */
export const NO_VALUE = '(none)';

/** A source as it is shown and stored. */
export function describeSource(source: QuerySource): string {
  if (source.kind === 'file') return `file ${basename(source.path)}`;
  return source.kind === 'table' ? `table ${source.table}` : source.kind;
}

/** `count` items at even distances, the same at every call. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, position) => items[Math.floor((position * items.length) / count)] as T);
}

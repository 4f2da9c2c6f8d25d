import { InvalidArgumentError } from 'commander';
import { type IndexChoice, isIndexChoice } from '../plan/choose-form.ts';

/** Parses a positive integer from the command line. */
export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('a whole number above 0 is needed.');
  return Number(value);
}

/** Parses a positive integer that may exceed a billion. */
export function tokenCount(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('a whole number above 0 is needed.');
  return Number(value);
}

/** Parses a number of at least 0 from the command line. */
export function price(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new InvalidArgumentError('a number such as 0.02 is needed.');
  return Number(value);
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Help of --text-from. */
export const TEXT_FROM = 'take the text from another table: "public.chunk AS c ON c.id = t.chunk_id", then --text c.body; may be repeated';

/** Parses what the index on the new vectors is to be. */
export function indexChoice(value: string): IndexChoice {
  if (!isIndexChoice(value))
    throw new InvalidArgumentError('one of hnsw, ivfflat, binary, subvector:N (a number of dimensions) and none is needed.');
  return value;
}

/** Collects the values of an option that may be repeated or hold several values separated by commas. */
export function list(value: string, before: string[] = []): string[] {
  return [
    ...before,
    ...value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ];
}

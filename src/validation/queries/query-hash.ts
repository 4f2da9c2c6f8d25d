import { digestOf } from '../../judge/digest.ts';
import type { VectorQuery } from './queries.ts';

/** Identifies a query over runs: the SHA-256 of its text, or of `row/` and the key of the row it was drawn from, as hexadecimal digits. */
export function queryHash({ text, ownKey, label }: Pick<VectorQuery, 'text' | 'ownKey' | 'label'>): string {
  return digestOf(text ?? `row/${ownKey ?? label}`);
}

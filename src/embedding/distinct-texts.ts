import type { RequestLimits } from './pack.ts';

/** A text that is sent once, however many rows have it. */
export interface DistinctText {
  text: string;
  /** estimated */
  tokens: number;
  /** true when a row with this text failed before */
  hasFailed: boolean;
  /** how often it was sent */
  sent: number;
  /** how often it failed, alone or with others, while the provider embedded other texts */
  failures: number;
  vector?: Float32Array;
  /** `isProven` when other texts of its size were embedded meanwhile */
  refusal?: { code: string; message: string; words?: string | undefined; isProven?: boolean };
}

/**
 * The distinct texts of some rows, in the order of the rows. A null text counts as the empty text.
 *
 * @param tokensOf estimated number of tokens of a text
 */
export function distinctTexts(
  rows: readonly { text: string | null; hasFailed?: boolean }[],
  tokensOf: (text: string) => number,
): Map<string, DistinctText> {
  const texts = new Map<string, DistinctText>();
  for (const row of rows) {
    const text = row.text ?? '';
    const known = texts.get(text);
    if (known) known.hasFailed ||= row.hasFailed ?? false;
    else texts.set(text, { text, tokens: tokensOf(text), hasFailed: row.hasFailed ?? false, sent: 0, failures: 0 });
  }
  return texts;
}

/** Number and estimated tokens of the texts of a request. */
export function sizeOf(request: DistinctText[]): RequestLimits {
  return { inputs: request.length, tokens: request.reduce((sum, { tokens }) => sum + tokens, 0) };
}

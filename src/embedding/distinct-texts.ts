/** A text that is sent once, however many rows have it. */
export interface DistinctText {
  text: string;
  /** estimated */
  tokens: number;
  /** true when a row with this text failed before */
  hasFailed: boolean;
  vector?: Float32Array;
  refusal?: { code: string; message: string; words?: string | undefined };
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
    else texts.set(text, { text, tokens: tokensOf(text), hasFailed: row.hasFailed ?? false });
  }
  return texts;
}

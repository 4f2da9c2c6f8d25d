/** A text that is sent once, whatever number of rows have it. */
export interface DistinctText {
  text: string;
  /** as estimated */
  tokens: number;
  /** a row with it failed before */
  hasFailed: boolean;
  vector?: Float32Array;
  refusal?: { code: string; message: string; words?: string | undefined };
}

/**
 * The texts of some rows, each different one once, in the order of the rows. No text counts as the empty one.
 *
 * @param tokensOf estimated tokens of a text
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

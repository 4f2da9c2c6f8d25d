/** Characters of a text that are tokenized; the rest is counted by the same rate. */
export const COUNTED_CHARACTERS = 4000;

// The time of the tokenizer grows with the square of a run of characters without a word boundary.
const LONGEST_RUN = 100;
const LONG_RUN = new RegExp(`[^\\s\\p{P}\\p{S}]{${LONGEST_RUN}}|[^\\s\\w]{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}`, 'gu');

/**
 * Counts the tokens of a text's beginning in the tokenizer of OpenAI's embedding models, in time proportional to its length. A run without
 * a word boundary is counted in parts, which adds about one token a part.
 */
export async function tokenCounter(): Promise<(text: string) => number> {
  const { countTokens } = await import('gpt-tokenizer/encoding/cl100k_base');
  const count = (part: string) => (part === '' ? 0 : countTokens(part, { disallowedSpecial: new Set<string>() }));
  return (text) => {
    let tokens = 0;
    let end = 0;
    for (const { 0: run, index } of text.matchAll(LONG_RUN)) {
      tokens += count(text.slice(end, index)) + count(run);
      end = index + run.length;
    }
    return tokens + count(text.slice(end));
  };
}

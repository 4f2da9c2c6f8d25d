import { installCommand, isInstalled } from '../optional-packages.ts';

/** Characters of a text that are tokenized; the rest is counted by the same rate. */
export const COUNTED_CHARACTERS = 4000;

// The time of the tokenizer grows with the square of a run of characters without a word boundary.
const LONGEST_RUN = 100;
const LONG_RUN = new RegExp(`[^\\s\\p{P}\\p{S}]{${LONGEST_RUN}}|[^\\s\\w]{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}`, 'gu');

/** How tokens are counted: by the tokenizer, or estimated from characters where it is not installed. */
export type CountedBy = 'tokenizer' | 'characters';

export function tokensCountedBy(): CountedBy {
  return isInstalled('gpt-tokenizer') ? 'tokenizer' : 'characters';
}

/** What is said beside a number of tokens, as the rest of a sentence; empty if they are counted. */
export function tokensNote(countedBy: CountedBy = tokensCountedBy()): string {
  return countedBy === 'tokenizer' ? '' : `, estimated from characters: ${installCommand(['gpt-tokenizer'])} counts them`;
}

// Letters of other alphabets have shorter tokens than those of English, and characters of East Asia rarely share one.
const ASCII = 0x80;
const EAST_ASIA = 0x2e80;
const TOKENS_A_CHARACTER = { ascii: 0.25, alphabet: 0.5, eastAsia: 1.1 };

/** Estimates the tokens of a text from its characters. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    tokens += code < ASCII ? TOKENS_A_CHARACTER.ascii : code < EAST_ASIA ? TOKENS_A_CHARACTER.alphabet : TOKENS_A_CHARACTER.eastAsia;
  }
  return Math.ceil(tokens);
}

/**
 * Counts the tokens of a text's beginning in the tokenizer of OpenAI's embedding models, in time proportional to its length. A run without
 * a word boundary is counted in parts, which adds about one token a part. Without the tokenizer, tokens are estimated.
 */
export async function tokenCounter(): Promise<(text: string) => number> {
  if (tokensCountedBy() === 'characters') return estimateTokens;
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

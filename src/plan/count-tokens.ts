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

/**
 * What is said beside a number of tokens; empty if they are counted.
 *
 * @param before what connects it to the sentence
 */
export function tokensNote(before = ', '): string {
  return tokensCountedBy() === 'tokenizer' ? '' : `${before}estimated from characters: ${installCommand(['gpt-tokenizer'])} counts them`;
}

// English words are whole tokens, Russian ones two or three; of other scripts, the tokenizer knows little more than the characters.
const CYRILLIC = /\p{Script=Cyrillic}/gu;
const NOT_ASCII = /[^\0-\x7f]/g;
const TOKENS_A_CHARACTER = { ascii: 0.25, cyrillic: 0.5, other: 1 };

/** Estimates the tokens of a text from its characters. */
export function estimateTokens(text: string): number {
  const cyrillic = text.match(CYRILLIC)?.length ?? 0;
  const other = (text.match(NOT_ASCII)?.length ?? 0) - cyrillic;
  const ascii = text.length - cyrillic - other;
  return Math.ceil(ascii * TOKENS_A_CHARACTER.ascii + cyrillic * TOKENS_A_CHARACTER.cyrillic + other * TOKENS_A_CHARACTER.other);
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

import { isInstalled } from '../../optional-packages.ts';

// The time of the tokenizer grows with the square of a run of characters without a word boundary.
const CHARACTERS_A_TOKEN = 5;

/** Shortens a text to its first tokens; undefined for a text that is not longer. */
export type TokenCutter = (text: string, tokens: number) => string | undefined;

/** Returns the cutter of the tokenizer of OpenAI's embedding models; undefined where it is not installed. */
export async function tokenCutter(): Promise<TokenCutter | undefined> {
  if (!isInstalled('gpt-tokenizer')) return undefined;
  const { decode, encode } = await import('gpt-tokenizer/encoding/cl100k_base');
  return (text, tokens) => {
    const encoded = encode(text.slice(0, tokens * CHARACTERS_A_TOKEN), { disallowedSpecial: new Set<string>() });
    return encoded.length > tokens ? decode(encoded.slice(0, tokens)) : undefined;
  };
}

import type { RequestLimits } from './pack.ts';

/** Which limit a request was over: the number of its texts, or the size of them together. */
export type Bound = keyof RequestLimits;

const USUAL: RequestLimits = { inputs: 128, tokens: 100_000 };

// As the vendors published them in 2026. Tokens are estimated from characters, so a fifth is left free below 300,000. Where
// more than 512 texts are allowed: an answer of that many is megabytes, and several smaller ones are under way at a time.
const KNOWN: [RegExp, Partial<RequestLimits>][] = [
  [/(^|\.)api\.openai\.com$/, { inputs: 512, tokens: 240_000 }],
  [/\.(openai|cognitiveservices|services\.ai)\.azure\.com$/, { inputs: 512, tokens: 240_000 }],
  [/^api\.voyageai\.com$/, { inputs: 512 }],
  [/^generativelanguage\.googleapis\.com$/, { inputs: 100 }],
  [/^api\.cohere\.(ai|com)$/, { inputs: 96 }],
];

/**
 * Limits of a request that suit the provider at an address.
 *
 * @param baseUrl left out for OpenAI
 */
export function usualLimits(baseUrl: string | undefined): RequestLimits {
  const host = baseUrl === undefined ? 'api.openai.com' : URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  const known = KNOWN.find(([pattern]) => pattern.test(host));
  return { ...USUAL, ...known?.[1] };
}

/** The limits that a provider turned out to have, by what it refused. */
export interface LearntLimits {
  /** the smaller of the learnt and the wished limits */
  within(wished: RequestLimits): RequestLimits;
  /** a request of that size was over a limit: half of it may pass */
  lower(bound: Bound, size: RequestLimits): void;
  /** a request of that size was answered: whatever is refused later, its size is not too large */
  passed(size: RequestLimits): void;
  /** a single text was refused for its size, so the refusals before may have been due to it alone */
  forget(bound: Bound): void;
}

/** Limits that nothing is known of yet. */
export function createLearntLimits(): LearntLimits {
  const refused: RequestLimits = { inputs: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY };
  const answered: RequestLimits = { inputs: 1, tokens: 1 };
  const within = (wished: RequestLimits, bound: Bound) => Math.min(wished[bound], Math.max(refused[bound], answered[bound]));
  return {
    within: (wished) => ({ inputs: within(wished, 'inputs'), tokens: within(wished, 'tokens') }),
    lower(bound, size) {
      refused[bound] = Math.min(refused[bound], Math.ceil(size[bound] / 2));
    },
    passed(size) {
      answered.inputs = Math.max(answered.inputs, size.inputs);
      answered.tokens = Math.max(answered.tokens, size.tokens);
    },
    forget(bound) {
      refused[bound] = Number.POSITIVE_INFINITY;
    },
  };
}

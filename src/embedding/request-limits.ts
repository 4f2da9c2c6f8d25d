import type { RequestLimits } from './pack.ts';

/** The limit that a request exceeded: the number of its texts, or their total size. */
export type Bound = keyof RequestLimits;

const USUAL: RequestLimits = { inputs: 128, tokens: 100_000 };

// As published by the vendors in 2026. Tokens are estimated from characters, so a fifth is left free below 300,000. Where
// more than 512 texts are allowed, 512 is used: a larger answer has megabytes, and several smaller requests run in parallel.
const KNOWN: [RegExp, Partial<RequestLimits>][] = [
  [/(^|\.)api\.openai\.com$/, { inputs: 512, tokens: 240_000 }],
  [/\.(openai|cognitiveservices|services\.ai)\.azure\.com$/, { inputs: 512, tokens: 240_000 }],
  [/^api\.voyageai\.com$/, { inputs: 512 }],
  [/^generativelanguage\.googleapis\.com$/, { inputs: 100 }],
  [/^api\.cohere\.(ai|com)$/, { inputs: 96 }],
];

/**
 * Request limits that suit the provider at an address.
 *
 * @param baseUrl OpenAI when left out
 */
export function usualLimits(baseUrl: string | undefined): RequestLimits {
  const host = baseUrl === undefined ? 'api.openai.com' : URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  const known = KNOWN.find(([pattern]) => pattern.test(host));
  return { ...USUAL, ...known?.[1] };
}

/** Request limits of a provider, learnt from its refusals. */
export interface LearntLimits {
  /** the smaller of the learnt and the requested limits */
  within(wished: RequestLimits): RequestLimits;
  /** a request of that size exceeded a limit: half of it may pass */
  lower(bound: Bound, size: RequestLimits): void;
  /** a request of that size was answered, so its size is not the cause of later refusals */
  passed(size: RequestLimits): void;
  /** a single text was refused for its size, so it alone may have caused the earlier refusals */
  forget(bound: Bound): void;
}

/** Limits about which nothing is known yet. */
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

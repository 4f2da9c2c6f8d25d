/** Limits of one request. */
export interface RequestLimits {
  /** maximum number of texts in a request */
  inputs: number;
  /** maximum number of tokens in a request, estimated */
  tokens: number;
}

/**
 * Divides texts into requests, in order: each as full as the limits allow and never empty. A text that alone exceeds
 * the token limit gets a request of its own, so that the provider decides whether it is too long.
 *
 * @param tokensOf estimated number of tokens of a text
 */
export function packRequests<T>(items: readonly T[], limits: RequestLimits, tokensOf: (item: T) => number): T[][] {
  const requests: T[][] = [];
  let open: T[] = [];
  let openTokens = 0;
  for (const item of items) {
    const tokens = tokensOf(item);
    if (open.length > 0 && (open.length >= limits.inputs || openTokens + tokens > limits.tokens)) {
      requests.push(open);
      open = [];
      openTokens = 0;
    }
    open.push(item);
    openTokens += tokens;
  }
  if (open.length > 0) requests.push(open);
  return requests;
}

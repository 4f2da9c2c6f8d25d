/** Limits of one request. */
export interface RequestLimits {
  /** texts a request may carry */
  inputs: number;
  /** tokens a request may carry, as estimated */
  tokens: number;
}

/**
 * Divides texts into requests in their order: as full as the limits allow, never empty. A text that alone is over the
 * token limit gets a request of its own; whether it is too long is the provider's to say.
 *
 * @param tokensOf estimated tokens of a text
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

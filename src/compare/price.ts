import { type Reservation, SpendCapReached } from '../embedding/spending.ts';
import { UsageError } from '../errors.ts';
import type { EmbeddingJob } from './embedding-job.ts';

/** What is to be sent to the provider of one model. */
export interface ModelPrice {
  model: string;
  documents: number;
  queries: number;
  tokens: number;
  /** US dollars; null when the price is not known */
  usd: number | null;
}

/** Expected tokens of some texts with the prefix of each. */
function expectedTokens(texts: readonly string[], prefix: string, tokensPerCharacter: number): number {
  return texts.reduce((sum, text) => sum + Math.max(1, Math.ceil((text.length + prefix.length) * tokensPerCharacter)), 0);
}

/** What a job will cost. */
export function priceOf({ model, missing }: EmbeddingJob, tokensPerCharacter: number): ModelPrice {
  const tokens =
    expectedTokens(missing.document, model.document_prefix, tokensPerCharacter) +
    expectedTokens(missing.query, model.query_prefix, tokensPerCharacter);
  const price = model.usd_per_million_tokens;
  return {
    model: model.name,
    documents: missing.document.length,
    queries: missing.query.length,
    tokens,
    usd: tokens === 0 ? 0 : price === null ? null : (tokens * price) / 1e6,
  };
}

/** A spend cap over all models of one comparison. */
export interface Cap {
  /** Counts requests of a model against the cap; undefined without a cap. */
  reserveFor(model: string, usdPerMillionTokens: number | null): ((tokens: number) => Reservation) | undefined;
}

/**
 * Creates a spend cap.
 *
 * @param maxUsd US dollars; undefined: no cap
 */
export function createCap(maxUsd: number | undefined): Cap {
  let spent = 0;
  return {
    reserveFor(model, price) {
      if (maxUsd === undefined) return undefined;
      if (price === null)
        throw new UsageError(`--max-usd needs the price of ${model}, which is not known`, `give --price ${model}=USD, per million tokens`);
      return (tokens) => {
        const usd = (tokens * price) / 1e6;
        if (spent + usd > maxUsd)
          throw new SpendCapReached(
            `the next request to ${model} would exceed --max-usd ${maxUsd}: $${spent.toFixed(4)} are spent`,
            'nothing is lost, paid vectors are cached: raise --max-usd, or compare fewer rows (--sample) or models',
          );
        spent += usd;
        return {
          async correct(real) {
            spent += ((real - tokens) * price) / 1e6;
          },
        };
      };
    },
  };
}

import { type ElementType, vectorBytes } from '../database/element-types.ts';
import { formBytes, type IndexForm } from '../database/index-form.ts';
import type { RequestLimits } from '../embedding/pack.ts';
import { type CountedBy, tokensCountedBy } from './count-tokens.ts';
import type { Draft } from './draft-table.ts';

/** The expected cost of a campaign. */
export interface Estimate {
  rows: number;
  tokens: number;
  tokensCountedBy: CountedBy;
  /** US dollars; null when the price is not known */
  usd: number | null;
  requests: number;
  /** seconds of provider calls */
  seconds: number;
  /** bytes of the new vectors, and of their indexes */
  vectorBytes: number;
  indexBytes: number;
  /** approximate build time of the indexes in seconds; null where it cannot be estimated */
  indexSeconds: number | null;
}

// A request to a hosted provider takes about half a second. What a plan cannot know is measured later, for the ETA of `status`.
const SECONDS_A_REQUEST = 0.5;
// An HNSW element holds the vector and, at m = 16, about 2 × 16 neighbours of 6 bytes in its layer and a few in higher layers.
const HNSW_BYTES_PER_ROW = 300;

/** Estimates rows, tokens, cost, time and disk space of a campaign from measurements. */
export function estimateCampaign(
  { plan, facts, text, indexSeconds }: Pick<Draft, 'plan' | 'facts' | 'text' | 'indexSeconds'>,
  { limits, concurrency }: { limits: RequestLimits; concurrency: number },
): Estimate {
  const prefix = plan.to.documentPrefix.length * text.rows;
  const tokens = Math.round((text.characters + prefix) * text.tokensPerCharacter);
  const requests = Math.max(Math.ceil(text.rows / limits.inputs), Math.ceil(tokens / limits.tokens), Math.ceil(text.rows / plan.batchRows));
  const newBytes = text.rows * storedBytes(plan.to.elementType, plan.to.dimensions);
  return {
    rows: text.rows,
    tokens,
    tokensCountedBy: tokensCountedBy(),
    usd: plan.to.usdPerMillionTokens === null ? null : (tokens * plan.to.usdPerMillionTokens) / 1_000_000,
    requests,
    seconds: Math.ceil((requests * SECONDS_A_REQUEST) / concurrency),
    // Each UPDATE leaves a dead row version until VACUUM, in the worst case as much as the table itself. A side table has none.
    vectorBytes: newBytes + (plan.sideTable ? 0 : facts.tableBytes - facts.indexes.reduce((sum, { bytes }) => sum + bytes, 0)),
    indexBytes: plan.indexes.reduce((sum, { method, form }) => sum + indexBytes(method, form, plan.to, text.rows), 0),
    indexSeconds,
  };
}

/** Bytes of one stored vector with its header. */
export function storedBytes(type: ElementType, dimensions: number): number {
  return vectorBytes(type, dimensions) + 8;
}

/** Expected bytes of an index on the vectors of that many rows. */
export function indexBytes(
  method: string,
  form: IndexForm,
  { elementType, dimensions }: { elementType: ElementType; dimensions: number },
  rows: number,
): number {
  return Math.round(rows * (formBytes(form, elementType, dimensions) + 8 + (method === 'hnsw' ? HNSW_BYTES_PER_ROW : 0)));
}

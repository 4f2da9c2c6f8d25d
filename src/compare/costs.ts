import { ELEMENT_TYPES, type ElementType } from '../database/element-types.ts';
import { PLAIN } from '../database/index-form.ts';
import type { ModelRow } from '../embedding/models.ts';
import { indexBytes, storedBytes } from '../plan/estimate.ts';
import type { TextFacts } from '../plan/measure.ts';
import { formatBytes } from '../wording.ts';

/** Bytes with each of pgvector's types; null where the type has no index at these dimensions. */
export type BytesByType = Record<ElementType, number | null>;

/** What the vectors of the whole table would cost. */
export interface CostFigures {
  usdPerMillionTokens: number | null;
  tokens: number;
  /** US dollars for the whole table; null when the price is not known */
  usd: number | null;
  bytesPerRow: BytesByType;
  /** HNSW at the default m = 16 */
  indexBytes: BytesByType;
}

/** Computes price and size of the vectors of the whole table. */
export function costsOf(model: ModelRow, { rows, characters, tokensPerCharacter }: TextFacts): CostFigures {
  const tokens = Math.round((characters + model.document_prefix.length * rows) * tokensPerCharacter);
  const price = model.usd_per_million_tokens;
  const types = Object.keys(ELEMENT_TYPES) as ElementType[];
  const byType = (bytes: (type: ElementType) => number | null) =>
    Object.fromEntries(types.map((type) => [type, bytes(type)])) as BytesByType;
  return {
    usdPerMillionTokens: price,
    tokens,
    usd: price === null ? null : (tokens * price) / 1e6,
    bytesPerRow: byType((type) => storedBytes(type, model.dimensions)),
    indexBytes: byType((type) =>
      model.dimensions > ELEMENT_TYPES[type].maxIndexedDimensions
        ? null
        : indexBytes('hnsw', PLAIN, { elementType: type, dimensions: model.dimensions }, rows),
    ),
  };
}

/** Formats bytes with each of pgvector's types: vector / halfvec. */
export function bytesText({ vector, halfvec }: BytesByType, none: string): string {
  return [vector, halfvec].map((bytes) => (bytes === null ? none : formatBytes(bytes))).join(' / ');
}

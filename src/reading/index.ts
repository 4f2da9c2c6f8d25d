// What package pg-reembed-client exports. Nothing in this folder imports from outside of it, except pg.
export { type EmbeddedQuery, type RunSearch, WrongDimensions } from './ask.ts';
export type { BridgedParts, BridgedQuery, BridgedRow, BridgedStatement } from './bridge.ts';
export type { Queryable } from './database.ts';
export { createEmbedder, type EmbedderOptions, EmbeddingFailed, type EmbedQuery } from './embed-query.ts';
export { fuseRankings } from './fuse-rankings.ts';
export { keyHash, type ServedModel } from './reading.ts';
export {
  type BridgedAnswer,
  type BridgedOptions,
  createSearchClient,
  ModelKeepsChanging,
  type SearchClient,
  type SearchClientOptions,
  type SearchOptions,
} from './search-client.ts';
export type { ShadowCounts } from './shadow-reads.ts';

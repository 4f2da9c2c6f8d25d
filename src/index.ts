export type { ConfigFile } from './config-file.ts';
export {
  type BridgedAnswer,
  type BridgedOptions,
  type BridgedParts,
  type BridgedQuery,
  type BridgedRow,
  createEmbedder,
  type EmbeddedQuery,
  type EmbedderOptions,
  EmbeddingFailed,
  type EmbedQuery,
  fuseRankings,
  keyHash,
  ModelKeepsChanging,
  type Queryable,
  type RunSearch,
  type SearchClient,
  type SearchOptions,
  type ServedModel,
  type ShadowCounts,
  WrongDimensions,
} from './reading/index.ts';
export { createSearchClient, type SearchClientOptions } from './search-client.ts';

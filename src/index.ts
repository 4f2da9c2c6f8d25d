export type { ConfigFile } from './config-file.ts';
export type { EmbeddedQuery, RunSearch } from './reading/ask.ts';
export type { EmbedQuery } from './reading/embed-queries.ts';
export { fuseRankings } from './reading/fuse-rankings.ts';
export { keyHash, type ServedModel } from './reading/reading.ts';
export {
  createSearchClient,
  ModelKeepsChanging,
  type SearchClient,
  type SearchClientOptions,
  type SearchOptions,
} from './reading/search-client.ts';
export type { ShadowCounts } from './reading/shadow-reads.ts';

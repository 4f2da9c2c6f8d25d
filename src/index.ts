export {
  createSearchClient,
  type EmbeddedQuery,
  type EmbedQuery,
  ModelKeepsChanging,
  type SearchClient,
  type ServedModel,
} from './reading/search-client.ts';

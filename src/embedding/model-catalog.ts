/** Published properties of a provider's model, so that users need not enter them. */
export interface KnownModel {
  tokenLimit: number | null;
  usdPerMillionTokens: number | null;
  documentPrefix: string;
  queryPrefix: string;
  /** dimensions of its vectors when a request names none */
  dimensions: number | null;
  /** whether the provider accepts the dimensions parameter for it */
  takesDimensions: boolean;
}

const UNKNOWN: KnownModel = {
  tokenLimit: null,
  usdPerMillionTokens: null,
  documentPrefix: '',
  queryPrefix: '',
  dimensions: null,
  takesDimensions: false,
};

const INSTRUCTION = 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:';
const SENTENCE = 'Represent this sentence for searching relevant passages: ';

// Prefixes as in the models' cards. Limits and prices as published by the vendors in 2026; the command line can override every value.
const KNOWN: [RegExp, Partial<KnownModel>][] = [
  [/^text-embedding-3-small$/, { tokenLimit: 8192, usdPerMillionTokens: 0.02, dimensions: 1536, takesDimensions: true }],
  [/^text-embedding-3-large$/, { tokenLimit: 8192, usdPerMillionTokens: 0.13, dimensions: 3072, takesDimensions: true }],
  [/^text-embedding-ada-002$/, { tokenLimit: 8192, usdPerMillionTokens: 0.1, dimensions: 1536 }],
  [/^gemini-embedding/, { tokenLimit: 2048, dimensions: 3072, takesDimensions: true }],
  [/nomic-embed-text/i, { documentPrefix: 'search_document: ', queryPrefix: 'search_query: ' }],
  [/(^|[/-])(multilingual-)?e5-.*instruct/i, { queryPrefix: `${INSTRUCTION} ` }],
  [/(^|[/-])(multilingual-)?e5-/i, { documentPrefix: 'passage: ', queryPrefix: 'query: ' }],
  [/qwen3-embedding/i, { queryPrefix: INSTRUCTION }],
  [/arctic-embed.*(v2|2\.0|:568m|:305m|embed2)/i, { queryPrefix: 'query: ' }],
  [/arctic-embed|mxbai-embed-large|bge-(small|base|large)(-en|:|$)/i, { queryPrefix: SENTENCE }],
  [/bge-(small|base|large)-zh/i, { queryPrefix: '为这个句子生成表示以用于检索相关文章：' }],
  [/embeddinggemma/i, { documentPrefix: 'title: none | text: ', queryPrefix: 'task: search result | query: ' }],
];

/** Known properties of a model by its name; nulls and empty prefixes where nothing is known. */
export function knownModel(name: string): KnownModel {
  const match = KNOWN.find(([pattern]) => pattern.test(name));
  return { ...UNKNOWN, ...match?.[1] };
}

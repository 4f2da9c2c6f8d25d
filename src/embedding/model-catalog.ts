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
  /** whether it was trained so that the first dimensions of its vectors are usable alone */
  isMatryoshka: boolean;
}

const UNKNOWN: KnownModel = {
  tokenLimit: null,
  usdPerMillionTokens: null,
  documentPrefix: '',
  queryPrefix: '',
  dimensions: null,
  takesDimensions: false,
  isMatryoshka: false,
};

const INSTRUCTION = 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:';
const SENTENCE = 'Represent this sentence for searching relevant passages: ';

// Prefixes as in the models' cards. Limits and prices as published by the vendors in 2026; the command line can override every value.
const KNOWN: [RegExp, Partial<KnownModel>][] = [
  [
    /^text-embedding-3-small$/,
    { tokenLimit: 8192, usdPerMillionTokens: 0.02, dimensions: 1536, takesDimensions: true, isMatryoshka: true },
  ],
  [
    /^text-embedding-3-large$/,
    { tokenLimit: 8192, usdPerMillionTokens: 0.13, dimensions: 3072, takesDimensions: true, isMatryoshka: true },
  ],
  [/^text-embedding-ada-002$/, { tokenLimit: 8192, usdPerMillionTokens: 0.1, dimensions: 1536 }],
  [/^gemini-embedding/, { tokenLimit: 2048, dimensions: 3072, takesDimensions: true, isMatryoshka: true }],
  [/nomic-embed-text.*v1\.5/i, { documentPrefix: 'search_document: ', queryPrefix: 'search_query: ', isMatryoshka: true }],
  [/nomic-embed-text/i, { documentPrefix: 'search_document: ', queryPrefix: 'search_query: ' }],
  [/(^|[/-])(multilingual-)?e5-.*instruct/i, { queryPrefix: `${INSTRUCTION} ` }],
  [/(^|[/-])(multilingual-)?e5-/i, { documentPrefix: 'passage: ', queryPrefix: 'query: ' }],
  [/qwen3-embedding[-:]8b/i, { tokenLimit: 32_768, queryPrefix: INSTRUCTION, dimensions: 4096, isMatryoshka: true }],
  [/qwen3-embedding[-:]4b/i, { tokenLimit: 32_768, queryPrefix: INSTRUCTION, dimensions: 2560, isMatryoshka: true }],
  [/qwen3-embedding/i, { queryPrefix: INSTRUCTION, isMatryoshka: true }],
  [/arctic-embed.*(v2|2\.0|:568m|:305m|embed2)/i, { queryPrefix: 'query: ', isMatryoshka: true }],
  [/mxbai-embed-large/i, { queryPrefix: SENTENCE, isMatryoshka: true }],
  [/arctic-embed|bge-(small|base|large)(-en|:|$)/i, { queryPrefix: SENTENCE }],
  [/bge-(small|base|large)-zh/i, { queryPrefix: '为这个句子生成表示以用于检索相关文章：' }],
  [/embeddinggemma/i, { documentPrefix: 'title: none | text: ', queryPrefix: 'task: search result | query: ', isMatryoshka: true }],
];

/** A model of a provider, with the dimensions of its vectors. */
export interface NamedModel {
  name: string;
  dimensions: number;
}

// Models that are often in use under exactly this name, and with them the dimensions that their vendors publish.
const NAMED: NamedModel[] = [
  { name: 'text-embedding-3-small', dimensions: 1536 },
  { name: 'text-embedding-ada-002', dimensions: 1536 },
  { name: 'text-embedding-3-large', dimensions: 3072 },
  { name: 'gemini-embedding-001', dimensions: 3072 },
  { name: 'Qwen/Qwen3-Embedding-8B', dimensions: 4096 },
  { name: 'qwen3-embedding:8b', dimensions: 4096 },
  { name: 'nomic-embed-text', dimensions: 768 },
  { name: 'embeddinggemma', dimensions: 768 },
  { name: 'mxbai-embed-large', dimensions: 1024 },
  { name: 'bge-m3', dimensions: 1024 },
  { name: 'all-minilm', dimensions: 384 },
];

/** Dimensions of a known model's full vectors; undefined if they are not known. */
export function knownDimensions(name: string): number | undefined {
  return NAMED.find((model) => model.name === name)?.dimensions;
}

/** Known models that can return vectors of a number of dimensions: those that have it, before those that shorten theirs to it. */
export function modelsWith(dimensions: number): NamedModel[] {
  const shortened = NAMED.filter((model) => model.dimensions > dimensions && knownModel(model.name).takesDimensions);
  return [...NAMED.filter((model) => model.dimensions === dimensions), ...shortened];
}

/** Every prefix of a known model, for stored texts and for queries, each once. */
export function knownPrefixes(): string[] {
  const ofDocuments = KNOWN.map(([, { documentPrefix = '' }]) => documentPrefix);
  const ofQueries = KNOWN.map(([, { queryPrefix = '' }]) => queryPrefix);
  return [...new Set([...ofDocuments, ...ofQueries])].filter(Boolean);
}

/** Known properties of a model by its name; nulls and empty prefixes where nothing is known. */
export function knownModel(name: string): KnownModel {
  const match = KNOWN.find(([pattern]) => pattern.test(name));
  return { ...UNKNOWN, ...match?.[1] };
}

/** Published properties of a provider's model, so that users need not enter them. */
export interface KnownModel {
  tokenLimit: number | null;
  usdPerMillionTokens: number | null;
  documentPrefix: string;
  queryPrefix: string;
  /** whether the provider accepts the dimensions parameter for it */
  takesDimensions: boolean;
}

const UNKNOWN: KnownModel = { tokenLimit: null, usdPerMillionTokens: null, documentPrefix: '', queryPrefix: '', takesDimensions: false };

// Limits and prices as published by the vendors in 2026; the command line can override every value.
const KNOWN: [RegExp, Partial<KnownModel>][] = [
  [/^text-embedding-3-small$/, { tokenLimit: 8192, usdPerMillionTokens: 0.02, takesDimensions: true }],
  [/^text-embedding-3-large$/, { tokenLimit: 8192, usdPerMillionTokens: 0.13, takesDimensions: true }],
  [/^text-embedding-ada-002$/, { tokenLimit: 8192, usdPerMillionTokens: 0.1 }],
  [/^gemini-embedding/, { tokenLimit: 2048, takesDimensions: true }],
  [/nomic-embed-text/, { documentPrefix: 'search_document: ', queryPrefix: 'search_query: ' }],
  [/(^|[/-])(multilingual-)?e5-/, { documentPrefix: 'passage: ', queryPrefix: 'query: ' }],
];

/** Known properties of a model by its name; nulls and empty prefixes where nothing is known. */
export function knownModel(name: string): KnownModel {
  const match = KNOWN.find(([pattern]) => pattern.test(name));
  return { ...UNKNOWN, ...match?.[1] };
}

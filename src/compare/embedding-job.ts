import type { Config } from '../config.ts';
import { spaceOf } from '../embedding/cache/space.ts';
import type { VectorCache } from '../embedding/cache/vector-cache.ts';
import { type EmbedOptions, embedTexts } from '../embedding/embed-texts.ts';
import { providerAccess } from '../embedding/open-provider.ts';
import { createProvider } from '../embedding/provider.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { quantile } from '../validation/metrics/quantile.ts';
import type { TextQuery } from '../validation/queries/queries.ts';
import { QueryRefused } from '../validation/validation-error.ts';
import type { ComparedModel } from './candidates.ts';
import type { Cap } from './price.ts';

/** The texts of one model that have no vector yet. */
export interface EmbeddingJob extends ComparedModel {
  access: ProviderAccess;
  spaces: { document: string; query: string };
  missing: { document: string[]; query: string[] };
}

/** What embedding took. */
export interface EmbeddingResult {
  /** median time of a request with one query, in milliseconds; null where all were cached */
  latencyMs: number | null;
  requests: number;
  tokens: number;
  /** texts that the provider refused */
  refused: Set<string>;
}

// Enough for a median; each is a request of its own.
const TIMED_QUERIES = 10;
// Vectors are cached after each portion, so that a crash loses no more.
const PORTION = 512;

/**
 * Finds out which texts of a model have to be embedded.
 *
 * @param texts of rows; empty for the present model, whose vectors are there
 * @throws UnknownProvider, UsageError for a bad address
 */
export async function planEmbedding(
  { model, side }: ComparedModel,
  texts: readonly string[],
  queries: readonly TextQuery[],
  cache: VectorCache,
  config: Config,
): Promise<EmbeddingJob> {
  const access = providerAccess(model, side, config);
  const spaces = { document: spaceOf(model, 'document', access.parameters), query: spaceOf(model, 'query', access.parameters) };
  const wanted = { document: [...new Set(texts)], query: [...new Set(queries.map(({ text }) => text))] };
  await cache.load(spaces.document, wanted.document);
  await cache.load(spaces.query, wanted.query);
  const missing = {
    document: wanted.document.filter((text) => !cache.get(spaces.document, text)),
    query: wanted.query.filter((text) => !cache.get(spaces.query, text)),
  };
  return { model, side, access, spaces, missing };
}

/**
 * Embeds what is missing, as the workers do, and caches every vector.
 *
 * @param options.onProgress called with the number of embedded texts
 * @throws MissingApiKey, QueryRefused, SpendCapReached, ProviderUnavailable, ProviderRefused; what was embedded before is cached
 */
export async function runEmbedding(
  job: EmbeddingJob,
  queries: readonly TextQuery[],
  cache: VectorCache,
  {
    config,
    cap,
    tokensPerCharacter,
    onProgress,
  }: { config: Config; cap: Cap; tokensPerCharacter: number; onProgress: (done: number) => void },
): Promise<EmbeddingResult> {
  const { model, access, missing } = job;
  const result: EmbeddingResult = { latencyMs: null, requests: 0, tokens: 0, refused: new Set() };
  if (missing.document.length + missing.query.length === 0) return result;
  const provider = createProvider(model, access, { timeoutSeconds: config.requestTimeoutSeconds, mostInFlight: config.mostInFlight });
  const options: EmbedOptions = {
    limits: access.limits,
    tokensPerCharacter,
    patienceSeconds: config.patienceSeconds,
    reserve: cap.reserveFor(model.name, model.usd_per_million_tokens),
  };
  let done = 0;

  const embed = async (texts: readonly string[], role: 'document' | 'query') => {
    const items = texts.map((text) => ({ text }));
    const outcome = await embedTexts(null, provider, items, { ...options, role, onAnswer: (texts) => onProgress(done + texts) });
    cache.add(
      job.spaces[role],
      outcome.embedded.map(({ item, vector }) => ({ text: item.text, vector })),
    );
    result.requests += outcome.requests;
    result.tokens += outcome.tokens;
    if (outcome.failure) throw outcome.failure;
    const [first] = outcome.refused;
    // The message names the query, whose text may be that of a row.
    if (first && role === 'query') throw new QueryRefused(queries.find(({ text }) => text === first.item.text)?.id ?? '', first.message);
    for (const { item } of outcome.refused) result.refused.add(item.text);
    done += texts.length;
    onProgress(done);
  };

  const times: number[] = [];
  for (const text of missing.query.slice(0, TIMED_QUERIES)) {
    const startedAt = performance.now();
    await embed([text], 'query');
    times.push(performance.now() - startedAt);
  }
  if (times.length > 0)
    result.latencyMs = quantile(
      times.sort((a, b) => a - b),
      0.5,
    );
  await embedInPortions(missing.query.slice(TIMED_QUERIES), (texts) => embed(texts, 'query'));
  await embedInPortions(missing.document, (texts) => embed(texts, 'document'));
  return result;
}

async function embedInPortions(texts: readonly string[], embed: (portion: readonly string[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < texts.length; at += PORTION) await embed(texts.slice(at, at + PORTION));
}

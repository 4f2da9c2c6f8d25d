import { randomInt } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import type { Distance } from '../database/element-types.ts';
import { borrowOwner } from '../database/owners-connection.ts';
import { adoptCacheFiles } from '../embedding/cache/cached-vectors.ts';
import { openVectorCache, type VectorCache } from '../embedding/cache/vector-cache.ts';
import { oldModel, UNNAMED_MODEL } from '../plan/campaign-models.ts';
import { distanceOfIndexes } from '../plan/index-plan.ts';
import { inspectTable, type TableFacts } from '../plan/inspect.ts';
import { readKnownTarget } from '../plan/known-target.ts';
import { measureText, type TextFacts } from '../plan/measure.ts';
import { inPlanningTransaction } from '../plan/planning-transaction.ts';
import { examineText } from '../plan/text-source.ts';
import type { Judgements } from '../validation/queries/judgements.ts';
import { SEEDS_END } from '../validation/queries/queries.ts';
import { counted } from '../wording.ts';
import { type ComparedModel, defineCandidates, presentModel } from './candidates.ts';
import { NotConfirmed, PresentModelUnknown } from './compare-error.ts';
import { costsOf } from './costs.ts';
import { settleDimensions } from './dimensions.ts';
import { type EmbeddingJob, type EmbeddingResult, planEmbedding, runEmbedding } from './embedding-job.ts';
import { measure, type Ranking, rank } from './figures.ts';
import { decide } from './outcome.ts';
import { CHECKED_ROWS, checkPresent } from './present-check.ts';
import { createCap, type ModelPrice, priceOf } from './price.ts';
import { judgedQuestions, madeQuestions, type Questions, readQuestions, relevantIds } from './questions.ts';
import type { Comparison, ModelComparison } from './result.ts';
import { readSample, type SampledRow } from './sample.ts';

/** What to compare. */
export interface CompareRequest {
  table: string;
  column: string;
  text: string[];
  textSql?: string | undefined;
  /** joins of other tables that the text is taken from */
  textFrom?: string[] | undefined;
  /** candidates, each MODEL[:DIMENSIONS][@PROVIDER] */
  models: string[];
  /** model of the present vectors, where no campaign recorded it */
  from?: string | undefined;
  fromProvider?: string | undefined;
  fromProviderModel?: string | undefined;
  /** file of queries; undefined: they are made of rows */
  queries?: string | undefined;
  judgements?: Judgements | undefined;
  judgementColumn?: string | undefined;
  sliceBy: string[];
  /** number of rows, and most queries */
  sample: number;
  mostQueries: number;
  k: number;
  distance?: Distance | undefined;
  sendDimensions: boolean;
  prices: ReadonlyMap<string, number>;
  maxUsd?: number | undefined;
  /** accept that the present vectors are of another model; every outcome is then unsure */
  acceptPresent: boolean;
  /** send nothing: only the prices are wanted */
  dryRun: boolean;
  seed?: number | undefined;
  /** where vectors are cached until the schema is installed */
  cacheDirectory: string;
}

/** How a comparison reports its progress. */
export interface CompareHooks {
  /** shows what would be sent; false: it is not agreed to */
  confirm(prices: ModelPrice[], sampled: { rows: number; queries: number }): Promise<boolean>;
  onProgress(model: string, done: number, total: number): void;
}

interface Prepared {
  facts: TableFacts;
  text: TextFacts;
  rows: SampledRow[];
  questions: Questions;
  distance: Distance;
  present: ComparedModel;
}

/**
 * Compares candidate models with the present vectors of a table, on a sample of its rows. Reads the table in one READ ONLY transaction;
 * writes nothing but the cache of vectors.
 *
 * @returns undefined for a dry run
 * @throws the errors of inspectTable(), examineText(), measureText(), readSample() and of queries and judgements; BadCandidate, PresentModelUnknown,
 * NotConfirmed, OtherDimensions, SpendCapReached, errors of a provider
 */
export async function compareModels(
  database: Database,
  config: Config,
  request: CompareRequest,
  hooks: CompareHooks,
): Promise<Comparison | undefined> {
  const seed = request.seed ?? randomInt(1, SEEDS_END);
  // Wrong candidates are refused before the table is read.
  defineCandidates(request.models, config, { ...request, distance: 'cosine' });
  const prepared = await inPlanningTransaction(database, (client) => prepare(client, request, config, seed));
  const { text, rows, questions, distance, present } = prepared;
  const candidates = defineCandidates(request.models, config, { ...request, distance });
  await adoptCacheFiles(database.pool, request.cacheDirectory);
  const cache = await openVectorCache(database.pool, request.cacheDirectory);
  const texts = rows.map((row) => row.text);
  const jobs: EmbeddingJob[] = [];
  for (const [i, compared] of [present, ...candidates].entries())
    jobs.push(await planEmbedding(compared, i === 0 ? texts.slice(0, CHECKED_ROWS) : texts, questions.queries, cache, config));

  const cap = createCap(request.maxUsd);
  for (const { model, missing } of jobs)
    if (missing.document.length + missing.query.length > 0) cap.reserveFor(model.name, model.usd_per_million_tokens);
  const prices = jobs.map((job) => priceOf(job, text.tokensPerCharacter));
  const isAgreed = await hooks.confirm(prices, { rows: rows.length, queries: questions.queries.length });
  if (request.dryRun) return undefined;
  if (!isAgreed) throw new NotConfirmed();

  for (const job of jobs) {
    const isComplete = job.missing.document.length + job.missing.query.length === 0;
    job.model = { ...job.model, dimensions: await settleDimensions(job, cache, isComplete, config) };
  }
  const results: EmbeddingResult[] = [];
  let presentDisagrees = false;
  try {
    for (const job of jobs) {
      const total = job.missing.document.length + job.missing.query.length;
      const onProgress = (done: number) => hooks.onProgress(job.model.name, done, total);
      results.push(
        await runEmbedding(job, questions.queries, cache, { config, cap, tokensPerCharacter: text.tokensPerCharacter, onProgress }),
      );
      // Before the candidates are paid for.
      if (job.side === 'old') presentDisagrees = checkPresent(rows, job, cache, request.acceptPresent);
    }
  } finally {
    await adoptCacheFiles(database.pool, request.cacheDirectory);
  }
  return {
    at: new Date(),
    table: `${prepared.facts.schema}.${prepared.facts.table}`,
    column: prepared.facts.column,
    tableRows: text.rows,
    sampledRows: rows.length,
    queries: questions.queries.length,
    judgedQueries: questions.queries.filter(({ id }) => questions.judgements.has(id)).length,
    evidence: questions.evidence,
    judgedRowsMissing: questions.judgedRowsMissing,
    k: request.k,
    seed,
    distance,
    models: compareAll(prepared, jobs, results, { cache, k: request.k, seed, presentDisagrees }),
  };
}

async function prepare(
  client: Parameters<Parameters<typeof inPlanningTransaction>[1]>[0],
  request: CompareRequest,
  config: Config,
  seed: number,
): Promise<Prepared> {
  const facts = await inspectTable(client, request.table, request.column);
  const known = await readKnownTarget(client, facts);
  const distance = request.distance ?? distanceOfIndexes(facts.indexes) ?? known?.readModelDefinition.distance ?? 'cosine';
  const definition = oldModel({ ...request, from: request.from ?? (known ? undefined : config.oldModel) }, facts, known, distance);
  if (definition.name === UNNAMED_MODEL) throw new PresentModelUnknown(facts.table, facts.column);
  const { queries: path, judgements, judgementColumn, sliceBy } = request;
  const asked = path === undefined ? undefined : readQuestions(path, judgements, sliceBy, request.mostQueries, seed);
  // Before the transaction becomes read-only.
  const source = await examineText(client, facts, request);
  const owner = await borrowOwner(client, facts.oid);
  const text = await measureText(client, facts, source, owner);
  const rows = await readSample(owner, facts, text, {
    rows: request.sample,
    relevant: asked ? relevantIds(asked, judgements) : [],
    judgementColumn,
    // Queries of a file have their slices in the file.
    sliceBy: asked ? [] : sliceBy,
    seed,
  });
  const questions = asked ? judgedQuestions(asked, judgements, rows, judgementColumn) : madeQuestions(rows, request.mostQueries);
  return { facts, text, rows, questions, distance, present: presentModel({ ...definition, distance }, request.prices) };
}

function compareAll(
  { text, rows, questions, distance }: Prepared,
  jobs: readonly EmbeddingJob[],
  results: readonly EmbeddingResult[],
  { cache, k, seed, presentDisagrees }: { cache: VectorCache; k: number; seed: number; presentDisagrees: boolean },
): ModelComparison[] {
  const rankings = jobs.map(({ side, model, spaces }): Ranking[] => {
    const vectors = rows.map((row) => (side === 'old' ? row.vector : cache.get(spaces.document, row.text)));
    const queries = questions.queries.map((query) => cache.get(spaces.query, query.text) as Float32Array);
    return rank(
      rows,
      // Vectors of other dimensions than the column's model cannot be compared with a query.
      vectors.map((vector) => (vector?.length === model.dimensions ? vector : undefined)),
      queries,
      distance,
      k,
    );
  });
  const present = rankings[0] as Ranking[];
  const models = jobs.map(({ model, side }, i): ModelComparison => {
    const { latencyMs = null, requests = 0, tokens = 0, refused } = results[i] ?? {};
    return {
      name: model.name,
      isPresent: side === 'old',
      dimensions: model.dimensions,
      ...measure(present, rankings[i] as Ranking[], questions, k, seed),
      costs: costsOf(model, text),
      latencyMs,
      requests,
      tokensSent: tokens,
      refusedRows: refused?.size ?? 0,
      outcome: null,
    };
  });
  const [first] = models as [ModelComparison];
  const price = first.costs.usdPerMillionTokens;
  for (const model of models.slice(1)) {
    const other = model.costs.usdPerMillionTokens;
    model.outcome = decide({
      evidence: questions.evidence,
      queries: model.wins + model.losses + model.ties,
      before: first.ndcg?.value.value ?? 0,
      difference: model.ndcg?.difference ?? undefined,
      slices: model.slices,
      presentDisagrees,
      isCheaper: price === null || other === null ? undefined : other < price,
      isSmaller: model.dimensions < first.dimensions,
    });
    if (model.refusedRows > 0)
      model.outcome.reasons.push(`its provider refused the text of ${counted(model.refusedRows, 'sampled row')}, which no query finds`);
  }
  return models.sort((a, b) => (b.ndcg?.value.value ?? 0) - (a.ndcg?.value.value ?? 0));
}

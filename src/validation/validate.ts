import { basename } from 'node:path';
import { toSql } from 'pgvector';
import { type Database, inOwnTransactions, inTransaction, type Queryable } from '../database/connection.ts';
import type { ModelRow } from '../embedding/models.ts';
import { type Campaign, loadCampaign, type Thresholds } from './campaign.ts';
import { type BeforeAfter, compareQuery, LOCK_WAIT, type QueryComparison } from './comparison.ts';
import { inParallel } from './in-parallel.ts';
import { checkJudgements, type Judgements } from './judgements.ts';
import { inspectIndex } from './nearest-rows.ts';
import { drawRows, type QuerySource, readQueryFile, readQueryTable, requireColumn, type TextQuery, type VectorQuery } from './queries.ts';
import { mean } from './ranking-metrics.ts';
import { storeValidation } from './record.ts';
import { missedThresholds } from './thresholds.ts';
import { ScanCancelled, TableLocked } from './validation-error.ts';

/**
 * Embeds query texts with one of the two models, one vector per text in the order of the texts.
 *
 * @param side which of the two it is, for a provider of its own
 */
export type QueryEmbedder = (model: ModelRow, texts: string[], role: 'query', side: 'old' | 'new') => Promise<Float32Array[]>;

/** What to compare, and on which queries. */
export interface ValidateOptions {
  /** name of the target, short or full; may be left out where there is only one */
  target?: string | undefined;
  /** name of the running campaign, instead of the target */
  migration?: string | undefined;
  queries: QuerySource;
  /** not called for queries drawn from the rows */
  embedder: QueryEmbedder;
  /** depth of the result lists; 10 when left out */
  k?: number | undefined;
  /** most queries; when left out, 200 drawn from rows or a table, or the whole file */
  sample?: number | undefined;
  judgements?: Judgements | undefined;
  /** column that holds the ids of the judgements; the key when left out */
  judgementColumn?: string | undefined;
  /** called after each query that was compared */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The outcome of a run, as it was stored. */
export interface ValidationResult {
  /** number of the run in reembed.validation */
  id: string;
  migration: string;
  target: string;
  /** by the clock of the database */
  startedAt: string;
  oldModel: string;
  newModel: string;
  querySource: string;
  queries: QueryComparison[];
  judgedQueries: number;
  /** rows that judgements call relevant but the table does not have */
  judgedRowsMissing: number;
  k: number;
  overlap: number;
  indexRecall: number | null;
  indexName: string | null;
  coverage: number;
  rows: number;
  missingRows: number;
  justChangedRows: number;
  ndcg: BeforeAfter | null;
  mrr: BeforeAfter | null;
  recall: BeforeAfter | null;
  thresholds: Thresholds;
  passed: boolean;
  /** thresholds that were missed */
  reasons: string[];
}

// Exact scans are bound by the CPU of the server, which has its live load to carry as well.
const PARALLEL_QUERIES = 3;

/**
 * Compares the old and the new model of a running campaign on sample queries and stores the run in reembed.validation.
 * A run that misses a threshold is a result like any other; it is not thrown.
 *
 * @throws NothingToCompare, NoQueries, BadLine and the other errors of validation-error.ts; what the embedder throws
 */
export async function validate(database: Database, options: ValidateOptions): Promise<ValidationResult> {
  try {
    return await compare(database, options);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '57014') throw new ScanCancelled(error);
    throw code === '55P03' ? new TableLocked(error) : error;
  }
}

async function compare(database: Database, options: ValidateOptions): Promise<ValidationResult> {
  const { pool } = database;
  const { judgements, judgementColumn, k = 10 } = options;
  const db = inOwnTransactions(pool, LOCK_WAIT);
  const clock = await db.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  const startedAt = clock.rows[0]?.now ?? '';

  const campaign = await loadCampaign(db, options);
  if (judgementColumn !== undefined) await requireColumn(db, campaign.table, judgementColumn, '--judgement-column');
  const { queries, judgedRowsMissing } = await readQueries(db, campaign, options);
  const index = await inTransaction(pool, (client) => inspectIndex(client, campaign, queries[0]?.newVector ?? '', k), LOCK_WAIT);

  let done = 0;
  const comparisons = await inParallel(queries, database.embedded ? 1 : PARALLEL_QUERIES, async (query) => {
    const gains = judgements?.get(query.id);
    const comparison = await compareQuery(pool, campaign, query, k, { gains, judgementColumn, withIndex: index?.usable === true });
    options.onProgress?.(++done, queries.length);
    return comparison;
  });

  const figures = { ...summarise(comparisons), ...(await measureCoverage(db, campaign)), k };
  const reasons = missedThresholds(figures, campaign.thresholds, index);
  const run = {
    ...figures,
    migration: campaign.migration,
    startedAt,
    querySource: describeSource(options.queries),
    queries: comparisons,
    reasons,
  };
  const id = await storeValidation(pool, run);
  return {
    ...run,
    id,
    target: campaign.target,
    oldModel: campaign.old.model.name,
    newModel: campaign.new.model.name,
    judgedRowsMissing,
    indexName: index?.usable ? campaign.indexName : null,
    thresholds: campaign.thresholds,
    passed: reasons.length === 0,
  };
}

async function readQueries(
  db: Queryable,
  campaign: Campaign,
  options: ValidateOptions,
): Promise<{ queries: VectorQuery[]; judgedRowsMissing: number }> {
  const { queries: source, sample, judgements, judgementColumn } = options;
  const check = async (queries: { id: string }[]) =>
    judgements
      ? checkJudgements(
          db,
          campaign,
          judgements,
          queries.map(({ id }) => id),
          judgementColumn,
        )
      : 0;
  if (source.kind === 'rows') {
    const queries = await drawRows(db, campaign, sample);
    return { queries, judgedRowsMissing: await check(queries) };
  }
  const texts =
    source.kind === 'file' ? readQueryFile(source.path, sample, judgements) : await readQueryTable(db, source, sample, judgements);
  const judgedRowsMissing = await check(texts);
  return { queries: await embedQueries(campaign, texts, options.embedder), judgedRowsMissing };
}

async function embedQueries(campaign: Campaign, queries: TextQuery[], embedder: QueryEmbedder): Promise<VectorQuery[]> {
  const texts = queries.map(({ text }) => text);
  const [old = [], renewed = []] = await inParallel(['old', 'new'] as const, 2, (side) =>
    embedder(campaign[side].model, texts, 'query', side),
  );
  return queries.map(({ id, text }, position) => ({
    id,
    label: id === text ? text : `${id}: ${text}`,
    oldVector: vectorText(old[position]),
    newVector: vectorText(renewed[position]),
  }));
}

function summarise(comparisons: QueryComparison[]) {
  const judged = comparisons.flatMap((comparison) => comparison.judged ?? []);
  const recalls = comparisons.flatMap((comparison) => comparison.indexRecall ?? []);
  const beforeAfter = (metric: 'ndcg' | 'reciprocalRank' | 'recall'): BeforeAfter | null =>
    judged.length === 0
      ? null
      : { before: mean(judged.map((one) => one[metric].before)), after: mean(judged.map((one) => one[metric].after)) };
  return {
    overlap: mean(comparisons.map((comparison) => comparison.overlap)),
    indexRecall: recalls.length === 0 ? null : mean(recalls),
    judgedQueries: judged.length,
    ndcg: beforeAfter('ndcg'),
    mrr: beforeAfter('reciprocalRank'),
    recall: beforeAfter('recall'),
  };
}

async function measureCoverage(db: Queryable, campaign: Campaign) {
  const { rows } = await db.query<{ total: string; missing: string; just_changed: string }>(
    'SELECT total, missing, just_changed FROM reembed.coverage($1, $2)',
    [campaign.target, campaign.new.model.name],
  );
  const [total, missingRows, justChangedRows] = [Number(rows[0]?.total), Number(rows[0]?.missing), Number(rows[0]?.just_changed)];
  return { rows: total, missingRows, justChangedRows, coverage: total === 0 ? 1 : 1 - missingRows / total };
}

function describeSource(source: QuerySource): string {
  if (source.kind === 'rows') return 'rows';
  return source.kind === 'file' ? `file ${basename(source.path)}` : `table ${source.table}`;
}

function vectorText(vector: Float32Array | undefined): string {
  if (!vector) throw new Error('the embedder returned fewer vectors than texts');
  return toSql(Array.from(vector)) as string;
}

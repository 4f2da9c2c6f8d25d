import { randomInt } from 'node:crypto';
import { type Database, inOwnTransactions, inTransaction, type Queryable } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { createBudget } from '../judge/budget.ts';
import type { Judge } from '../judge/judge.ts';
import { JudgeMissing } from '../judge/judge-error.ts';
import { type Campaign, loadCampaign } from './campaign.ts';
import type { Role } from './compared-model.ts';
import { compareQueries, LOCK_WAIT, QUERIES_A_PASS, type QueryComparison } from './metrics/comparison.ts';
import { moveCutoffs } from './metrics/cutoffs.ts';
import { gradeResults } from './metrics/graded-results.ts';
import { measureMetrics } from './metrics/metrics.ts';
import { distributeScores } from './metrics/scores.ts';
import { countComparable } from './queries/draw-rows.ts';
import type { Judgements } from './queries/judgements.ts';
import { meanLexicalShare } from './queries/lexical-share.ts';
import { type Grade, MADE_OF_ROWS, type QuerySource, SEEDS_END } from './queries/queries.ts';
import { type Embedder, type PreparedQueries, prepareQueries } from './queries/read-queries.ts';
import { admitFilter, searchFiltered } from './search/filters.ts';
import { inParallel } from './search/in-parallel.ts';
import { indexOfSearch, inspectIndex } from './search/index-search.ts';
import { timeSearches } from './search/latency.ts';
import { tableSource } from './search/search-source.ts';
import { ScanCancelled, TableLocked } from './validation-error.ts';
import { measureCoverage, measureIntegrity } from './verdict/integrity.ts';
import { storeValidation, type Verdict } from './verdict/record.ts';
import { auditTruth, type FindCause } from './verdict/truth-audit.ts';
import type { ValidationRecord } from './verdict/validation-record.ts';

/** What to compare, and with which queries. */
export interface ValidateOptions {
  /** short or full name of the target; may be omitted if there is only one */
  target?: string | undefined;
  /** name of the running campaign, instead of the target */
  campaign?: string | undefined;
  queries: QuerySource;
  /** not called for queries drawn from the rows, unless there is an audit */
  embedder: Embedder;
  /** depth of the result lists; default 10 */
  k?: number | undefined;
  /** maximum number of queries; default: 200 drawn from rows, log or a table, or the whole file */
  sample?: number | undefined;
  judgements?: Judgements | undefined;
  /** column that holds the ids of the judgements; default: the key, or the column of groupBy */
  judgementColumn?: string | undefined;
  /** column whose values group the rows, such as the id of a document: each group counts once, by its nearest row; default: no groups */
  groupBy?: string | undefined;
  /** conditions on the columns of the live view, to search with */
  filters?: readonly string[];
  /** columns of the rows, the query table or the query file by whose values results are sliced */
  sliceBy?: readonly string[];
  /** scores of the old model at which the application cuts off results */
  cutoffs?: readonly number[];
  /** number of rows whose text is embedded again and compared with the stored vector, up to three times as many where they leave it undecided; default: none */
  audit?: number | undefined;
  /** finds out what old vectors are of that are not those of the old model; without it no cause is found */
  findCause?: FindCause | undefined;
  /** chat model that writes questions of rows, and grades results if `grade` is set; texts of rows are sent to it */
  judge?: Judge | undefined;
  /** whether the chat model grades the results of queries that nobody judged */
  grade?: boolean | undefined;
  /** seed of samples and intervals; default: a different one in each run */
  seed?: number | undefined;
  /** called after each compared query */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The result of a run, as stored. */
export interface ValidationResult extends ValidationRecord, Verdict {
  /** rows that are judged relevant but missing from the table */
  judgedRowsMissing: number;
  /** rows that are judged relevant but left out, because they lack a vector of one model until the backfill ends */
  judgedRowsPending: number;
}

// Exact scans are limited by the server's CPU, which must also serve the live load.
const PARALLEL_PASSES = 3;

/**
 * Compares the old and the new model of a running campaign on sample queries and stores the run in reembed.validation. A run whose
 * verdict is fail or unsure is returned like any other, not thrown.
 *
 * @throws NothingToCompare, NoQueries, BadLine and the other errors of validation-error.ts; errors of the embedder
 */
export async function validate(database: Database, options: ValidateOptions): Promise<ValidationResult> {
  try {
    return await run(database, options);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '57014') throw new ScanCancelled(error);
    throw code === '55P03' ? new TableLocked(error) : error;
  }
}

async function run(database: Database, options: ValidateOptions): Promise<ValidationResult> {
  const { pool } = database;
  const { k = 10, seed = randomInt(1, SEEDS_END), filters = [], sliceBy = [], cutoffs = [], audit = 0, embedder } = options;
  const width = database.embedded ? 1 : PARALLEL_PASSES;
  const db = inOwnTransactions(pool, LOCK_WAIT);
  const clock = await db.query<{ now: string }>('SELECT clock_timestamp()::text AS now');

  const campaign = await loadCampaign(db, options);
  for (const filter of filters) await admitFilter(pool, campaign, filter);
  const comparedRows = campaign.isPartial ? await countComparable(db, campaign) : null;
  const { judge } = options;
  const isMade = MADE_OF_ROWS.includes(options.queries.kind);
  if (options.grade) await admitGrading(db, campaign, options);
  const { queries, source, judgements, ...left } = await prepareQueries(db, campaign, { ...options, sliceBy, seed });
  const index = await inTransaction(
    pool,
    (client) => inspectIndex(client, campaign, tableSource(campaign, campaign.new), queries[0]?.newVector ?? '', k),
    LOCK_WAIT,
  );
  const withIndex = { old: await hasOldIndex(pool, campaign, queries, k), new: index?.usable === true };

  const compared = await compareAll(
    database,
    campaign,
    { queries, judgements },
    { ...options, k, grade: isMade ? 'rows' : 'people', withIndex, width },
  );
  const graded = options.grade && judge ? await gradeResults(db, campaign, compared, judge, k) : undefined;
  const comparisons = graded?.comparisons ?? compared;
  // Before the backfill has ended, the new vectors have no index, and their searches read a part of the rows.
  const times = campaign.isPartial ? [] : await timeSearches(pool, campaign, queries, k);
  const record: ValidationRecord = {
    campaign,
    startedAt: clock.rows[0]?.now ?? '',
    querySource: source,
    seed,
    k,
    groupBy: options.groupBy ?? null,
    comparedRows,
    knownItems: isMade && !graded,
    lexicalShare: meanLexicalShare(queries),
    grading: graded?.grading ?? null,
    comparisons,
    times,
    metrics: measureMetrics(comparisons, times, seed),
    index,
    filters: index?.usable
      ? await searchFiltered(pool, campaign, queries, { filters, iterativeScans: index.iterativeScans, k, width })
      : [],
    coverage: await measureCoverage(db, campaign),
    integrity: await measureIntegrity(db, campaign),
    audit: await auditTruth(db, campaign, { embedder, size: audit, seed, findCause: options.findCause }),
    distributions: await distributeScores(db, campaign, comparisons),
    cutoffs: moveCutoffs(
      campaign,
      comparisons,
      cutoffs,
      graded ? mergeJudgements(isMade ? undefined : judgements, graded.judgements) : judgements,
      seed,
    ),
  };
  return { ...record, ...(await storeValidation(pool, record)), ...left };
}

async function hasOldIndex(pool: Database['pool'], campaign: Campaign, queries: PreparedQueries['queries'], k: number): Promise<boolean> {
  // The index has all rows, and the exact search before the backfill has ended a part of them.
  if (campaign.isPartial) return false;
  const vector = queries[0]?.oldVector ?? '';
  const index = await inTransaction(pool, (client) => indexOfSearch(client, tableSource(campaign, campaign.old), vector, k), LOCK_WAIT);
  return index !== undefined;
}

/** Compares every query in both models, several dozen per pass over the table. */
async function compareAll(
  database: Database,
  campaign: Campaign,
  { queries, judgements }: Pick<PreparedQueries, 'queries' | 'judgements'>,
  {
    k,
    judgementColumn,
    groupBy,
    grade,
    withIndex,
    width,
    onProgress,
  }: Omit<ValidateOptions, 'grade'> & { k: number; grade: Grade; withIndex: Record<Role, boolean>; width: number },
): Promise<QueryComparison[]> {
  const passes = Array.from({ length: Math.ceil(queries.length / QUERIES_A_PASS) }, (_, i) =>
    queries.slice(i * QUERIES_A_PASS, (i + 1) * QUERIES_A_PASS),
  );
  let done = 0;
  const compared = await inParallel(passes, width, async (pass) => {
    const comparisons = await compareQueries(database.pool, campaign, pass, { k, judgements, judgementColumn, groupBy, grade, withIndex });
    for (const _ of comparisons) onProgress?.(++done, queries.length);
    return comparisons;
  });
  return compared.flat();
}

/** Refuses a grading that cannot be done, before anything is searched or paid for. */
async function admitGrading(db: Queryable, campaign: Campaign, { queries, judge }: ValidateOptions): Promise<void> {
  if (!judge) throw new JudgeMissing('--grade');
  if (queries.kind === 'rows')
    throw new UsageError(
      '--grade needs queries with a text, and rows as queries have none',
      'add --queries-from log, titles or paraphrases, or --queries FILE',
    );
  await createBudget(db, campaign.name, judge);
}

/** Judgements of people and those of a chat model, by query id. */
function mergeJudgements(people: Judgements | undefined, model: Judgements): Judgements {
  return new Map([...model, ...(people ?? [])]);
}

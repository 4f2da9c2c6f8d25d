import { randomInt } from 'node:crypto';
import type { Config } from '../config.ts';
import { type Database, inOwnTransactions, type Queryable } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { type Campaign, loadCampaign } from '../validation/campaign.ts';
import { LOCK_WAIT } from '../validation/metrics/comparison.ts';
import { SEEDS_END } from '../validation/queries/queries.ts';
import { counted } from '../wording.ts';
import { embedSubset, NothingToEmbed } from '../worker/subset.ts';
import { BridgeTooEarly, BridgeWorseThanOld, DistanceUnfit, MapIsNoise, TooFewPairs } from './bridge-error.ts';
import { drawPairs } from './draw-pairs.ts';
import { fitInThread } from './fit-in-thread.ts';
import type { FittedMap, Pairs } from './fit-map.ts';
import { type JudgedFigures, judgeBridge } from './judged-figures.ts';
import { askModels, type JudgedSource } from './judged-queries.ts';
import { asOnlyFit } from './only-fit.ts';
import { isOrderedByProduct } from './space.ts';
import { type BridgeFigures, figuresOf, judgedColumns, storeBridge } from './stored-bridge.ts';

/** What to fit a bridge with. */
export interface FitOptions {
  /** short or full name of the target; may be omitted if there is only one */
  target?: string | undefined;
  /** name of the running campaign, instead of the target */
  campaign?: string | undefined;
  /** number of rows to draw */
  rows: number;
  /** only measures; rows are embedded all the same, because the backfill needs their vectors anyway */
  dryRun?: boolean | undefined;
  /** judged queries to compare the bridge and the old model with */
  judged?: JudgedSource | undefined;
  /** draws the same rows; default: a different one in each run */
  seed?: number | undefined;
}

/** How to report what happens meanwhile. */
export interface FitHooks {
  notice(line: string): void;
  onProgress(what: string, done: number, total: number): void;
}

/** The outcome of a fit. */
export interface FitResult extends BridgeFigures {
  /** each way that was tried, with the neighbour recall that it was chosen by */
  tried: FittedMap['tried'];
  /** rows that were embedded for it */
  embedded_rows: number;
  seconds: number;
  /** false for a dry run */
  is_stored: boolean;
  /** whether there was a map before */
  is_replaced: boolean;
}

// Each batch costs a request; rows of this many are spread well enough.
const MOST_BATCHES = 100;
// With fewer, neither the map nor its figures mean anything.
const FEWEST_ROWS = 100;
// All vectors have to be in memory, and more make hardly a better map.
const MOST_ROWS = 20_000;
const MOST_ROUNDS = 3;
// Noise finds as many rows as chance does; its interval may reach a little above.
const TIMES_CHANCE = 2;

/**
 * Fits a map from the old space to the new one of a running campaign, measures it, and stores it unless it is refused.
 *
 * @throws NothingToCompare, BridgeTooEarly, FitRunning, BridgeTooLate, TooFewPairs, DistanceUnfit, MapIsNoise, BridgeWorseThanOld; errors of embedSubset()
 *   and of the validation's queries
 */
export async function fitBridge(database: Database, config: Config, options: FitOptions, hooks: FitHooks): Promise<FitResult> {
  if (options.rows < FEWEST_ROWS)
    throw new UsageError(`a map fitted to ${counted(options.rows, 'row')} means nothing`, `give at least ${FEWEST_ROWS} with --rows`);
  if (options.rows > MOST_ROWS)
    throw new UsageError(
      `${counted(options.rows, 'row')} are more than a fit can hold`,
      `give at most ${MOST_ROWS} with --rows; 2000 are enough`,
    );
  const db = inOwnTransactions(database.pool, LOCK_WAIT);
  const campaign = await loadCampaign(db, options);
  await refuseTooEarly(db, campaign);
  return asOnlyFit(database, campaign.name, () => fitAlone(database, config, campaign, options, hooks));
}

async function fitAlone(database: Database, config: Config, campaign: Campaign, options: FitOptions, hooks: FitHooks): Promise<FitResult> {
  const db = inOwnTransactions(database.pool, LOCK_WAIT);
  const seed = options.seed ?? randomInt(1, SEEDS_END);
  const { pairs, embedded } = await gatherPairs(database, config, campaign, { ...options, seed }, hooks);
  for (const role of ['old', 'renewed'] as const)
    if (!isOrderedByProduct(pairs[role])) throw new DistanceUnfit(campaign[role === 'old' ? 'old' : 'new'].model.name);

  const startedAt = performance.now();
  const fitted = await fitInThread(pairs, (done, total) => hooks.onProgress('fitting', done, total));
  const seconds = (performance.now() - startedAt) / 1000;
  const figures = await figuresOf(db, campaign.name, fitted);
  if (figures.retention_low <= TIMES_CHANCE * fitted.chance) throw new MapIsNoise(fitted);
  const judged = options.judged && (await judge(database, campaign, fitted, options.judged, seed, hooks));
  const complete = { ...figures, ...judgedColumns(judged) };
  const isReplaced = options.dryRun ? false : await storeBridge(database, complete, fitted);
  return {
    ...complete,
    tried: fitted.tried,
    embedded_rows: embedded,
    seconds,
    is_stored: !options.dryRun,
    is_replaced: isReplaced,
  };
}

async function refuseTooEarly(db: Queryable, { name }: Campaign): Promise<void> {
  const { rows } = await db.query<{ phase: string }>('SELECT phase FROM reembed.campaign WHERE name = $1', [name]);
  if (rows[0]?.phase === 'expand') throw new BridgeTooEarly(name, 'expand');
}

/** Rows with both vectors; as many as are missing are embedded through the ledger, so that the backfill does not embed them again. */
async function gatherPairs(
  database: Database,
  config: Config,
  campaign: Campaign,
  { rows, seed }: { rows: number; seed: number },
  { notice, onProgress }: FitHooks,
): Promise<{ pairs: Pairs; embedded: number }> {
  const db = inOwnTransactions(database.pool, LOCK_WAIT);
  let embedded = 0;
  let pairs = await drawPairs(db, campaign, rows, seed);
  for (let round = 0; round < MOST_ROUNDS && pairs.old.vectors.rows < rows; round++) {
    onProgress('embedding', pairs.old.vectors.rows, rows);
    const stored = await embedMissing(database, config, campaign, rows - pairs.old.vectors.rows, notice);
    if (stored === 0) break;
    embedded += stored;
    pairs = await drawPairs(db, campaign, rows, seed);
  }
  const found = pairs.old.vectors.rows;
  onProgress('embedding', found, found);
  if (found < FEWEST_ROWS) throw new TooFewPairs(found, FEWEST_ROWS);
  return { pairs, embedded };
}

async function embedMissing(database: Database, config: Config, { target }: Campaign, rows: number, notice: (line: string) => void) {
  try {
    return await embedSubset(database, config, rows, notice, target, MOST_BATCHES);
  } catch (error) {
    // Every row has its vector, or waits elsewhere: the rows that there are must do.
    if (error instanceof NothingToEmbed) return 0;
    throw error;
  }
}

async function judge(
  database: Database,
  campaign: Campaign,
  fitted: FittedMap,
  source: JudgedSource,
  seed: number,
  { notice, onProgress }: FitHooks,
): Promise<JudgedFigures> {
  const queries = await askModels(inOwnTransactions(database.pool, LOCK_WAIT), campaign, source, seed, notice);
  const figures = await judgeBridge(database, campaign, fitted, queries, (done, total) => onProgress('searching', done, total));
  const margin = campaign.thresholds.maxNdcgLoss * (figures.old ?? 0);
  // Only a difference that chance does not explain refuses.
  if (figures.difference && figures.difference.high < -margin) throw new BridgeWorseThanOld(figures, margin);
  return figures;
}

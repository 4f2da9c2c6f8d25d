import { randomInt } from 'node:crypto';
import { type Database, inOwnTransactions, inTransaction } from '../../database/connection.ts';
import { type Campaign, loadCampaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import { bootstrapMeans } from '../metrics/bootstrap.ts';
import { indexRecall, LOCK_WAIT, QUERIES_A_PASS } from '../metrics/comparison.ts';
import { quantile } from '../metrics/quantile.ts';
import { SEEDS_END, spread, type VectorQuery } from '../queries/queries.ts';
import { prepareQueries, type QueryOptions } from '../queries/read-queries.ts';
import { nearestExactly } from '../search/exact-search.ts';
import { nearestByIndex } from '../search/index-search.ts';
import { timeSearch } from '../search/latency.ts';
import { type FoundRow, tableSource } from '../search/search-source.ts';
import { NothingToSweep } from '../validation-error.ts';
import { findSearchSetting, type SearchSetting } from './search-setting.ts';

/** Which index to measure, and with which queries. */
export interface SweepOptions extends Omit<QueryOptions, 'sliceBy' | 'seed' | 'judgements'> {
  /** short or full name of the target; may be omitted if there is only one */
  target?: string | undefined;
  /** depth of the result lists; default 10 */
  k?: number | undefined;
  /** seed of samples and intervals; default: a different one in each run */
  seed?: number | undefined;
  /** called after each value of a setting; the total may be too high, because values beyond a recall of 1 are left out */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What one value of the search setting gives. */
export interface SweepStep {
  value: number;
  /** mean index recall@k, 0 to 1 */
  recall: number;
  /** its 95 % interval; the lower end is that of the bootstrap or of Wilson's interval, whichever is lower */
  low: number;
  high: number;
  /** milliseconds on the server */
  p50: number;
  p95: number;
}

/** The index of one model, measured. */
export interface SweptIndex extends SearchSetting {
  role: Role;
  steps: SweepStep[];
  /** smallest value whose lower bound reaches min_index_recall; null if none does */
  smallest: number | null;
}

/** A measurement for a person; it is not stored and decides nothing. */
export interface Sweep {
  campaign: Campaign;
  queries: number;
  k: number;
  seed: number;
  /** the old model's index, then the new one's; without those that cannot be measured */
  indexes: SweptIndex[];
}

const MOST_TIMED = 50;

/**
 * Measures index recall and search times of the old and of the new index over their search setting. Only reads; each value is set for one
 * READ ONLY transaction.
 *
 * @throws NothingToSweep when neither index has a known search setting; NothingToCompare, NoQueries; errors of the embedder
 */
export async function sweep(database: Database, options: SweepOptions): Promise<Sweep> {
  const { pool } = database;
  const { k = 10, seed = randomInt(1, SEEDS_END), onProgress } = options;
  const db = inOwnTransactions(pool, LOCK_WAIT);
  const campaign = await loadCampaign(db, options);
  const { queries } = await prepareQueries(db, campaign, { ...options, sliceBy: [], seed });

  const found: { role: Role; setting: SearchSetting }[] = [];
  for (const role of ['old', 'new'] as const) {
    const vector = queries[0]?.[`${role}Vector`] ?? '';
    const setting = await inTransaction(pool, (client) => findSearchSetting(client, campaign, role, vector, k), LOCK_WAIT);
    if (setting) found.push({ role, setting });
  }
  if (found.length === 0) throw new NothingToSweep(campaign.table);

  const total = found.reduce((sum, { setting }) => sum + setting.values.length, 0);
  let done = 0;
  const indexes: SweptIndex[] = [];
  for (const { role, setting } of found) {
    const exact = await exactResults(database, campaign, role, queries, k);
    const steps: SweepStep[] = [];
    for (const value of setting.values) {
      // More candidates than those that find everything only take more time.
      if ((steps.at(-1)?.recall ?? 0) === 1 && value > setting.present) continue;
      steps.push(await measure(database, campaign, { role, name: setting.name, value, queries, exact, k, seed }));
      onProgress?.(++done, total);
    }
    const smallest = steps.find(({ low }) => low >= campaign.thresholds.minIndexRecall)?.value ?? null;
    indexes.push({ ...setting, role, steps, smallest });
  }
  return { campaign, queries: queries.length, k, seed, indexes };
}

interface Measured {
  role: Role;
  name: string;
  value: number;
  queries: readonly VectorQuery[];
  exact: readonly FoundRow[][];
  k: number;
  seed: number;
}

async function measure(
  database: Database,
  campaign: Campaign,
  { role, name, value, queries, exact, k, seed }: Measured,
): Promise<SweepStep> {
  const timed = new Set(spread(queries, MOST_TIMED));
  const recalls: number[] = [];
  const times: number[] = [];
  const searched = name === 'candidates' ? { ...campaign, candidates: value } : withSettingsOfSession(campaign);
  await inTransaction(
    database.pool,
    async (client) => {
      await client.query('SET TRANSACTION READ ONLY');
      if (name !== 'candidates') await client.query('SELECT set_config($1, $2, true)', [name, String(value)]);
      for (const [position, query] of queries.entries()) {
        const vector = query[`${role}Vector`];
        const found = await nearestByIndex(client, indexedSource(searched, role), vector, depth(query, k));
        recalls.push(indexRecall(exact[position] ?? [], withoutOwn(found, query, k)));
        // The first of the two runs of a timed search is not counted.
        if (timed.has(query)) times.push(await timeSearch(client, searched, role, vector, k));
      }
    },
    LOCK_WAIT,
  );
  times.sort((a, b) => a - b);
  const [interval] = bootstrapMeans([recalls], seed);
  const recall = interval?.value ?? 0;
  return {
    value,
    recall,
    low: Math.min(interval?.low ?? 0, wilsonLow(recall, queries.length * k)),
    high: interval?.high ?? 1,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
  };
}

async function exactResults(
  { pool }: Database,
  campaign: Campaign,
  role: Role,
  queries: readonly VectorQuery[],
  k: number,
): Promise<FoundRow[][]> {
  const results: FoundRow[][] = [];
  for (let at = 0; at < queries.length; at += QUERIES_A_PASS) {
    const pass = queries.slice(at, at + QUERIES_A_PASS);
    const vectors = pass.map((query) => query[`${role}Vector`]);
    const limit = Math.max(...pass.map((query) => depth(query, k)));
    const found = await inTransaction(pool, (client) => nearestExactly(client, indexedSource(campaign, role), vectors, limit), LOCK_WAIT);
    results.push(...pass.map((query, position) => withoutOwn(found[position] ?? [], query, k)));
  }
  return results;
}

function withSettingsOfSession(campaign: Campaign): Campaign {
  return { ...campaign, old: { ...campaign.old, leaves: null }, new: { ...campaign.new, leaves: null } };
}

/** All rows with a vector of the model, because the index has them too. */
function indexedSource(campaign: Campaign, role: Role) {
  return tableSource({ ...campaign, isPartial: false }, campaign[role]);
}

/** A query that was drawn from a row finds that row first. */
function depth({ ownKey }: VectorQuery, k: number): number {
  return ownKey === undefined ? k : k + 1;
}

function withoutOwn(rows: readonly FoundRow[], { ownKey }: VectorQuery, k: number): FoundRow[] {
  return rows.filter(({ key }) => key !== ownKey).slice(0, k);
}

const Z = 1.96;

/**
 * Lower end of the 95 % score interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", Journal
 * of the American Statistical Association 22, 1927). Unlike the bootstrap, it is below 1 when a few queries found everything.
 *
 * @param share 0 to 1
 * @param trials number that it is a share of
 */
export function wilsonLow(share: number, trials: number): number {
  const margin = Z * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2));
  return Math.max(0, (share + Z ** 2 / (2 * trials) - margin) / (1 + Z ** 2 / trials));
}

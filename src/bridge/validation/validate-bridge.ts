import { randomInt } from 'node:crypto';
import { toSql } from 'pgvector';
import { type Database, inOwnTransactions, inTransaction, type Queryable } from '../../database/connection.ts';
import { mapQuery } from '../../reading/bridge.ts';
import { type Campaign, loadCampaign } from '../../validation/campaign.ts';
import { LOCK_WAIT, QUERIES_A_PASS } from '../../validation/metrics/comparison.ts';
import { ndcgAt } from '../../validation/metrics/ranking-metrics.ts';
import type { Judgements } from '../../validation/queries/judgements.ts';
import { meanLexicalShare } from '../../validation/queries/lexical-share.ts';
import { leaveOutPendingRows } from '../../validation/queries/pending-judgements.ts';
import { hashQuery, MADE_OF_ROWS, SEEDS_END, type TextQuery } from '../../validation/queries/queries.ts';
import { readTextQueries } from '../../validation/queries/read-queries.ts';
import { nearestExactly } from '../../validation/search/exact-search.ts';
import { type FoundRow, type ResultNames, tableSource } from '../../validation/search/search-source.ts';
import type { ValidateOptions } from '../../validation/validate.ts';
import { NoQueries } from '../../validation/validation-error.ts';
import { type BridgeCoverage, measureBridgeCoverage } from './bridge-coverage.ts';
import { BridgeNeedsJudgements } from './bridge-error.ts';
import { type BridgeFigures, type BridgeQuery, bridgeFigures } from './bridge-figures.ts';
import { type Bridge, loadBridge, searchBridge } from './bridge-search.ts';

/** Options of validateBridge(): those of validate() that apply, and how many candidates the bridge takes. */
export interface BridgeOptions
  extends Pick<
    ValidateOptions,
    'target' | 'campaign' | 'queries' | 'embedder' | 'sample' | 'judgements' | 'judgementColumn' | 'judge' | 'seed' | 'k'
  > {
  candidates?: number | undefined;
}

/** A run, as stored in reembed.bridge_validation. */
export interface BridgeRun {
  campaign: Campaign;
  bridge: Bridge;
  /** by the database's clock, as text */
  startedAt: string;
  querySource: string;
  seed: number;
  k: number;
  candidates: number;
  lexicalShare: number | null;
  /** queries that were read; those without judgements are not searched for */
  read: number;
  queries: BridgeQuery[];
  figures: BridgeFigures;
  coverage: BridgeCoverage;
}

const CANDIDATES = 100;

/**
 * Compares the bridge as it answers now with the old model, where that can be called, and with the new model over the rows that have its
 * vector, on judged queries. Old and new model are searched exactly, the bridge by its function.
 *
 * @throws BridgeMissing, BridgeNeedsJudgements; errors of the queries and of the embedder
 */
export async function measureBridge(database: Database, options: BridgeOptions): Promise<BridgeRun> {
  const { k = 10, candidates = CANDIDATES, seed = randomInt(1, SEEDS_END), judgementColumn } = options;
  const db = inOwnTransactions(database.pool, LOCK_WAIT);
  const clock = await db.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  // All rows take part, with or without a new vector.
  const campaign = { ...(await loadCampaign(db, options)), isPartial: false };
  const bridge = await loadBridge(db, campaign);
  const asked = { ...options, seed, sliceBy: [] };
  const { queries, source, judgements } = await readTextQueries(db, withOldVector(campaign), asked);
  const judged = queries.filter(({ id }) => judgements?.has(id));
  if (!judgements || judged.length === 0) throw new BridgeNeedsJudgements();

  const vectors = await embed(campaign, bridge, judged, options);
  const found = await searchAll(database, campaign, bridge, vectors, { k, candidates, judgementColumn });
  const comparable = await judgementsOnNewVectors(db, campaign, judgements, { judgementColumn });
  const grade = MADE_OF_ROWS.includes(options.queries.kind) ? 'rows' : 'people';
  const results = judged.map(({ id, text }, i): BridgeQuery => {
    const gains = judgements.get(id) ?? new Map();
    const ndcg = (rows: readonly FoundRow[] | undefined, by = gains) => ndcgAt([...new Set(rows?.map(({ judgedId }) => judgedId))], by, k);
    const known = comparable.get(id);
    return {
      hash: hashQuery(text),
      grade,
      old: found.old ? ndcg(found.old[i]) : null,
      bridge: ndcg(found.bridge[i]),
      renewed: known ? ndcg(found.renewed[i], known) : null,
    };
  });
  return {
    campaign,
    bridge,
    startedAt: clock.rows[0]?.now ?? '',
    querySource: source,
    seed,
    k,
    candidates,
    lexicalShare: meanLexicalShare(queries),
    read: queries.length,
    queries: results,
    figures: bridgeFigures(results, seed),
    coverage: await measureBridgeCoverage(db, campaign),
  };
}

/**
 * The campaign for drawing rows that need an old vector only: most have no new one yet, and those that have are the ones that the bridge
 * ranks best.
 */
function withOldVector(campaign: Campaign): Campaign {
  return { ...campaign, new: { ...campaign.old, join: '' } };
}

interface QueryVectors {
  /** undefined where the old model cannot be asked */
  old: string[] | undefined;
  mapped: string[];
  renewed: string[];
}

async function embed(
  campaign: Campaign,
  bridge: Bridge,
  queries: readonly TextQuery[],
  { embedder }: BridgeOptions,
): Promise<QueryVectors> {
  const texts = queries.map(({ text }) => text);
  const renewed = await embedder(campaign.new.model, texts, 'query', 'new');
  return {
    old: campaign.oldModelGone ? keptVectors(queries) : (await embedder(campaign.old.model, texts, 'query', 'old')).map(vectorText),
    mapped: renewed.map((vector) => vectorText(mapQuery(bridge.map, vector))),
    renewed: renewed.map(vectorText),
  };
}

/** Vectors of a model that is gone, if every query has one. */
function keptVectors(queries: readonly TextQuery[]): string[] | undefined {
  const kept = queries.flatMap(({ oldVector }) => (oldVector ? [vectorText(oldVector)] : []));
  return kept.length === queries.length ? kept : undefined;
}

function vectorText(vector: ArrayLike<number>): string {
  return toSql(Array.from(vector)) as string;
}

async function searchAll(
  { pool }: Database,
  campaign: Campaign,
  bridge: Bridge,
  vectors: QueryVectors,
  options: ResultNames & { k: number; candidates: number },
): Promise<{ old: FoundRow[][] | undefined; bridge: FoundRow[][]; renewed: FoundRow[][] }> {
  const { k, candidates: _, ...names } = options;
  const found = { old: vectors.old && ([] as FoundRow[][]), bridge: [] as FoundRow[][], renewed: [] as FoundRow[][] };
  for (let from = 0; from < vectors.renewed.length; from += QUERIES_A_PASS) {
    const pass = (all: readonly string[]) => all.slice(from, from + QUERIES_A_PASS);
    // An exact search sets the planner for its whole transaction.
    await inTransaction(
      pool,
      async (client) => {
        for (const [i, renewed] of pass(vectors.renewed).entries()) {
          const mapped = vectors.mapped[from + i] as string;
          found.bridge.push(await searchBridge(client, campaign, bridge, { mapped, renewed }, options));
        }
      },
      LOCK_WAIT,
    );
    await inTransaction(
      pool,
      async (client) => {
        if (vectors.old)
          found.old?.push(...(await nearestExactly(client, tableSource(campaign, campaign.old, names), pass(vectors.old), k)));
        found.renewed.push(...(await nearestExactly(client, tableSource(campaign, campaign.new, names), pass(vectors.renewed), k)));
      },
      LOCK_WAIT,
    );
  }
  return found;
}

/** The judgements on rows that have a new vector. */
async function judgementsOnNewVectors(db: Queryable, campaign: Campaign, judgements: Judgements, names: ResultNames): Promise<Judgements> {
  try {
    return (await leaveOutPendingRows(db, campaign, judgements, names)).judgements;
  } catch (error) {
    if (error instanceof NoQueries) return new Map();
    throw error;
  }
}

import { quantile } from '../../src/validation/metrics/quantile.ts';
import { ndcgAt } from '../../src/validation/metrics/ranking-metrics.ts';
import { MINILM } from '../../test/harness/scifact-data.ts';
import { succeed } from '../succeed.ts';
import type { BenchQuery, BridgeFacts, BridgeSubject } from './open-bridge.ts';

const SHARES = [0, 0.05, 0.25, 0.5, 1];
const LEAST_INDEXED = 0.1;
const CANDIDATES = [10, 50, 100, 200, 500];
const NEAREST = 10;

/** nDCG@10 at one moment of the backfill. */
export interface Point {
  order: 'heap' | 'popular';
  share: number;
  isIndexed: boolean;
  ndcg: number;
}

export interface Latency {
  search: string;
  p50: number;
  p95: number;
}

export interface BridgeFigures {
  old: number;
  renewed: number;
  points: Point[];
  /** with all new vectors, by the old index alone */
  byCandidates: { candidates: number; ndcg: number }[];
  latencies: Latency[];
}

/** Everything that is written to the file. */
export type BridgeResult = BridgeFacts & BridgeFigures;

/** Fills the side table step by step, in each order, and searches with every query at each step. */
export async function measureBridge(subject: BridgeSubject, rounds: number, say: (line: string) => void): Promise<BridgeFigures> {
  const { pool, queries } = subject;
  const searches = searchesOf(subject);
  await fill(subject, subject.ids);
  const old = await meanNdcg(queries, (query) => searches.exact('use_lite', query.old));
  const renewed = await meanNdcg(queries, (query) => searches.exact('minilm', query.renewed));
  const byCandidates = [];
  for (const candidates of CANDIDATES) {
    byCandidates.push({ candidates, ndcg: await meanNdcg(queries, (query) => searches.bridge(query, candidates)) });
  }
  say(
    `old ${old.toFixed(3)}, new ${renewed.toFixed(3)}; ${byCandidates.map((one) => `${one.candidates}: ${one.ndcg.toFixed(3)}`).join(', ')}`,
  );
  const points: Point[] = [];
  for (const order of ['heap', 'popular'] as const) {
    await empty(subject);
    const ids = order === 'heap' ? subject.ids : await popularFirst(subject);
    for (const share of SHARES) {
      await fill(subject, ids.slice(0, Math.round(share * ids.length)));
      for (const isIndexed of share < LEAST_INDEXED ? [false] : [false, true]) {
        if (isIndexed) await buildEarly(subject);
        const ndcg = await meanNdcg(queries, (query) => searches.bridge(query));
        points.push({ order, share, isIndexed, ndcg });
        say(`${order} ${share * 100} %${isIndexed ? ' with the early index' : ''}: ${ndcg.toFixed(4)}`);
        if (isIndexed && !(order === 'popular' && share === 1)) await dropIndex(subject);
      }
    }
  }
  // All vectors and both indexes are there: the most work that a search over the bridge can be.
  await pool.query('VACUUM ANALYZE abstracts');
  const both = await measureLatencies(subject, 'both indexes', rounds);
  await dropIndex(subject);
  const latencies = [...both, ...(await measureLatencies(subject, 'the old index alone', rounds))];
  for (const { search, p50, p95 } of latencies) say(`${search}: p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`);
  return { old, renewed, points, byCandidates, latencies };
}

function searchesOf({ pool }: BridgeSubject) {
  const ids = async (sql: string, values: unknown[]) => (await pool.query<{ id: string }>(sql, values)).rows.map(({ id }) => id);
  return {
    exact: (model: string, vector: string) =>
      ids(
        `SELECT id FROM (SELECT id, embedding <=> $1::vector AS distance FROM abstracts_${model} OFFSET 0) AS d ORDER BY distance LIMIT ${NEAREST}`,
        [vector],
      ),
    bridge: ({ mapped, renewed }: BenchQuery, candidates = 100, k = NEAREST) =>
      ids('SELECT id FROM reembed_live.bridge_abstracts($1, $2, $3, $4)', [mapped, renewed, k, candidates]),
  };
}

async function meanNdcg(queries: BenchQuery[], search: (query: BenchQuery) => Promise<string[]>): Promise<number> {
  let sum = 0;
  for (const query of queries) sum += ndcgAt(await search(query), query.gains, NEAREST);
  return sum / queries.length;
}

async function empty(subject: BridgeSubject): Promise<void> {
  await dropIndex(subject);
  await subject.pool.query(`TRUNCATE ${subject.sideTable}`);
}

async function fill({ pool, sideTable }: BridgeSubject, ids: string[]): Promise<void> {
  await pool.query(
    `INSERT INTO ${sideTable} SELECT v.id, v.vector, '${MINILM.name}', reembed.text_hash(a.title || ' ' || a.body)
       FROM vectors_to_come AS v JOIN abstracts AS a ON a.id = v.id WHERE v.id = ANY ($1) ON CONFLICT DO NOTHING`,
    [ids],
  );
  await pool.query(`VACUUM ANALYZE ${sideTable}`);
}

/** Rows in the order in which traffic of these queries, repeated, would report them: those that most queries recall come first. */
async function popularFirst(subject: BridgeSubject): Promise<string[]> {
  const { bridge } = searchesOf(subject);
  const counts = new Map(subject.ids.map((id) => [id, 0]));
  for (const query of subject.queries) for (const id of await bridge(query, 100, 100)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return subject.ids.toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
}

async function buildEarly({ place, campaign }: BridgeSubject): Promise<void> {
  await succeed(place, ['bridge', 'index', '--campaign', campaign]);
}

async function dropIndex({ pool, campaign }: BridgeSubject): Promise<void> {
  const { rows } = await pool.query<{ name: string | null }>('SELECT reembed.main_index($1) AS name', [campaign]);
  await pool.query(`DROP INDEX IF EXISTS ${rows[0]?.name}`);
}

/** The kinds of search take turns, so that what else the server does touches all of them. */
async function measureLatencies({ pool, queries }: BridgeSubject, indexes: string, rounds: number): Promise<Latency[]> {
  const client = await pool.connect();
  const plain = (limit: number) => ({
    name: `plain search with the old model, ${limit} results`,
    sql: `SELECT id FROM abstracts_live ORDER BY embedding <=> $1::vector LIMIT ${limit}`,
    values: ({ old }: BenchQuery) => [old],
  });
  const bridged = {
    name: `bridge by ${indexes}, 100 candidates, 10 results`,
    sql: 'SELECT id FROM reembed_live.bridge_abstracts($1, $2)',
    values: ({ mapped, renewed }: BenchQuery) => [mapped, renewed],
  };
  const kinds = [plain(10), plain(100), bridged].map((kind) => ({ ...kind, taken: [] as number[] }));
  try {
    // So small a table would be read without its index.
    await client.query("SELECT '[1]'::vector; SET enable_seqscan = off; SET enable_sort = off; SET jit = off");
    for (let round = 0; round <= rounds; round++) {
      for (const query of queries) {
        for (const kind of kinds) {
          await client.query(`SET hnsw.ef_search = ${kind.name.includes('100 results') ? 100 : 40}`);
          const startedAt = performance.now();
          await client.query(kind.sql, kind.values(query));
          if (round > 0) kind.taken.push(performance.now() - startedAt);
        }
      }
    }
  } finally {
    client.release();
  }
  return kinds.map(({ name, taken }) => {
    const sorted = taken.toSorted((a, b) => a - b);
    return { search: name, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  });
}

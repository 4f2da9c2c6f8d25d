import type pg from 'pg';
import { createDraw, type Draw } from '../../storm/draw.ts';
import { OLD_MODEL, TABLE, type TableOptions } from '../backfill/documents.ts';
import { createVectorSpace } from '../backfill/vectors.ts';
import { type Percentiles, percentiles } from './latencies.ts';

/** Searches over the bridge, timed in turn with plain ones by the old vectors. Each reads 100 candidates and has a filter that a tenth of the rows meets. */
export interface BridgeFigures {
  fitSeconds: number;
  plain: Percentiles;
  bridged: Percentiles;
}

const FILTER = 'd.id % 10 = 3';
const ROUNDS = 300;
const REPORTED_KEYS = 50;

/** The search of an application over the bridge; its only parameter stands for both vectors of the query, which have as many dimensions. */
export async function searchOverBridge(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ statement: string }>('SELECT reembed.bridge_statement($1) AS statement', [TABLE]);
  const pieces: Record<string, string> = {
    columns: 'd.id, d.content',
    filter: ` AND (${FILTER})`,
    old_space_vector: '$1',
    new_vector: '$1',
    k: '10',
    candidates: '100',
  };
  return (rows[0]?.statement ?? '').replace(/\{(\w+)\}/g, (all, name: string) => pieces[name] ?? all);
}

/** Times plain searches and searches over the bridge in turn, on one connection. */
export async function compareSearches(client: pg.Client, table: TableOptions, fitSeconds: number): Promise<BridgeFigures> {
  const search = await searchOverBridge(client);
  const plain = `SELECT d.id, d.content FROM ${TABLE} AS d WHERE ${FILTER} ORDER BY d.embedding <=> $1::vector LIMIT 100`;
  const space = createVectorSpace(OLD_MODEL, table.dimensions, table.seed);
  const draw = createDraw(table.seed, 'searches over the bridge');
  const taken: Record<'plain' | 'bridged', number[]> = { plain: [], bridged: [] };
  await client.query("SET hnsw.ef_search = 100; SET hnsw.iterative_scan = 'relaxed_order'");
  for (let round = -10; round < ROUNDS; round++) {
    const vector = space.json(draw.between(1, table.rows), draw.between(1000, 2000));
    for (const [kind, text] of [
      ['plain', plain],
      ['bridged', search],
    ] as const) {
      const startedAt = performance.now();
      await client.query({ name: kind, text, values: [vector] });
      // The first rounds create plans and fill caches.
      if (round >= 0) taken[kind].push((performance.now() - startedAt) * 1000);
    }
  }
  return { fitSeconds, plain: percentiles(taken.plain), bridged: percentiles(taken.bridged) };
}

/** Reports rows as searches would that found them without a new vector. */
export async function reportRandomRows(client: pg.Client, draw: Draw, rows: number): Promise<void> {
  const keys = Array.from({ length: REPORTED_KEYS }, () => ({ id: draw.between(1, rows) }));
  await client.query('SELECT reembed.report_wanted($1, $2)', [TABLE, JSON.stringify(keys)]);
}

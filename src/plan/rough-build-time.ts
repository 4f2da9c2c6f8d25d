import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { formKey, type IndexForm } from '../database/index-form.ts';
import { type CampaignPlan, identifier, vectorType } from './plan.ts';

const VECTORS = 64;
const ROUNDS = 20;
// Fitted like sql/index/predict_index_build.sql: inserting a row costs as much as this many distances in a graph of 2,000 rows, at m = 16
// and ef_construction = 64.
const DISTANCES_A_ROW = 1300;
const ROWS_OF_FIT = 2000;
const OPERATORS = { cosine: '<=>', l2: '<->', inner_product: '<#>' } as const;

/**
 * Estimates the seconds that a single process needs to build a campaign's HNSW indexes, before there are vectors to measure with. The server
 * computes distances between random vectors. Accurate within a factor of about three; phase index predicts better.
 *
 * @param db a connection in a transaction, which may be read-only
 * @returns null without an HNSW index
 */
export async function roughBuildSeconds(db: Queryable, plan: CampaignPlan, rows: number): Promise<number | null> {
  const indexes = plan.indexes.filter(({ method }) => method === 'hnsw');
  if (indexes.length === 0) return null;
  let seconds = 0;
  for (const { form, parameters } of indexes) {
    // The time to generate the vectors is in both measurements and cancels out.
    const [little, much] = [await distances(db, plan, form, 1), await distances(db, plan, form, 1 + ROUNDS)];
    const secondsADistance = Math.max(0, much - little) / 1000 / (ROUNDS * VECTORS ** 2);
    // A partial index costs less; its share of the rows is not known.
    seconds += rows * distancesARow(parameters, rows) * secondsADistance;
  }
  return seconds;
}

function distancesARow(parameters: string, rows: number): number {
  const efConstruction = parameter(parameters, 'ef_construction') ?? 64;
  const m = parameter(parameters, 'm') ?? 16;
  return DISTANCES_A_ROW * (m / 16) * (efConstruction / 64) ** 0.75 * (rows / ROWS_OF_FIT) ** 0.25;
}

/** Milliseconds the server takes to compute all distances among VECTORS random vectors, `rounds` times. */
async function distances(db: Queryable, plan: CampaignPlan, form: IndexForm, rounds: number): Promise<number> {
  const made = `(ARRAY(SELECT random() - 0.5 + i * 0 FROM generate_series(1, ${plan.to.dimensions}))::${vectorType(plan, plan.to)})`;
  const { rows } = await db.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)
     WITH made AS MATERIALIZED (
       SELECT ${formKey(form, made, plan.to.elementType, plan.to.dimensions, identifier(plan, plan.vectorSchema))} AS v
         FROM generate_series(1, ${VECTORS}) AS i
     )
     SELECT sum(a.v OPERATOR(${pg.escapeIdentifier(plan.vectorSchema)}.${form.name === 'binary' ? '<~>' : OPERATORS[plan.to.distance]}) b.v)
       FROM made AS a, made AS b, generate_series(1, ${rounds})`,
  );
  return rows[0]?.['QUERY PLAN'][0]['Execution Time'] ?? 0;
}

function parameter(parameters: string, name: string): number | undefined {
  const [, value] = new RegExp(`\\b${name}\\s*=\\s*'?(\\d+)`).exec(parameters) ?? [];
  return value === undefined ? undefined : Number(value);
}

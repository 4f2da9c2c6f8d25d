import pg from 'pg';
import { formClass, formKey, type IndexForm, PLAIN } from '../database/index-form.ts';
import type { OwnersConnection } from '../database/owners-connection.ts';
import { knownModel } from '../embedding/model-catalog.ts';
import type { TableFacts } from './inspect.ts';
import { vectorTableOfFacts } from './inventory/old-vectors.ts';
import { inPartSql } from './part.ts';
import type { CampaignPlan } from './plan.ts';

/** Recall of the ten nearest rows in a sample of the old vectors, whose distribution is the only one known before the backfill. */
export interface SearchLoss {
  /** rows of the sample, and those that were searched for */
  rows: number;
  queries: number;
  /** recall in halfvec; null where the type stays */
  halfvec: number | null;
  /** recall by number of candidates that the index would return; empty where the index holds the vectors, or the old ones say nothing about it */
  candidates: { candidates: number; recall: number }[];
}

const ROWS = 2000;
const QUERIES = 50;
const NEAREST = 10;
const CANDIDATES = [20, 50, 100, 200];
const OPERATORS = { cosine: '<=>', l2: '<->', inner_product: '<#>' } as const;
// Fewer dimensions have fewer bits, so that the recall would be that of another index.
const SIMILAR_DIMENSIONS = 0.5;

/**
 * Measures on a sample of the old vectors what a smaller type, and an index on a part of the vectors, would lose. Only reads.
 *
 * @returns null where nothing is lost, or the old vectors say nothing about it
 */
export async function measureSearchLoss(owner: OwnersConnection, facts: TableFacts, plan: CampaignPlan): Promise<SearchLoss | null> {
  const isHalved = plan.to.elementType === 'halfvec' && facts.elementType === 'vector';
  const form = measurableForm(facts, plan);
  if (!isHalved && form.name === 'plain') return null;
  const { rows } = await owner.query<{ rows: number; queries: number; halfvec: number | null } & Record<string, number | null>>(
    lossSql(facts, plan, form, isHalved),
  );
  const [row] = rows;
  if (!row || row.queries === 0) return null;
  return {
    rows: row.rows,
    queries: row.queries,
    halfvec: isHalved ? row.halfvec : null,
    candidates:
      form.name === 'plain'
        ? []
        : CANDIDATES.filter((candidates) => candidates < row.rows / 2).map((candidates) => ({
            candidates,
            recall: row[`of_${candidates}`] ?? 0,
          })),
  };
}

/** The form of the main index, if the old vectors can show what it loses. */
function measurableForm(facts: TableFacts, plan: CampaignPlan): IndexForm {
  const form = plan.indexes.find(({ isMain }) => isMain)?.form ?? PLAIN;
  const dimensions = facts.dimensions ?? 0;
  if (form.name === 'binary') return dimensions >= SIMILAR_DIMENSIONS * plan.to.dimensions ? form : PLAIN;
  if (form.name === 'subvector')
    return dimensions > (form.dimensions ?? 0) && knownModel(plan.from.providerModel).isMatryoshka ? form : PLAIN;
  return PLAIN;
}

/** Compares each vector of the sample with some of them: once exactly, once in halfvec, and once as the index would hold them. */
function lossSql(facts: TableFacts, plan: CampaignPlan, form: IndexForm, isHalved: boolean): string {
  const schema = pg.escapeIdentifier(facts.vectorSchema);
  const relation = facts.sideTable === null ? facts.qualified : vectorTableOfFacts(facts);
  const vector = pg.escapeIdentifier(facts.column);
  const distance = `OPERATOR(${schema}.${OPERATORS[plan.from.distance]})`;
  const ofIndex = formClass(form, facts.elementType, plan.from.distance) === 'bit_hamming_ops' ? `OPERATOR(${schema}.<~>)` : distance;
  const percent = Math.min(100, ((1.5 * ROWS) / facts.rows) * 100);
  return `
    WITH sample AS MATERIALIZED (
      SELECT row_number() OVER () AS n, s.vector, ${isHalved ? `s.vector::${schema}.halfvec` : 's.vector'} AS half, ${formKey(form, 's.vector', facts.elementType, facts.dimensions ?? 1, schema)} AS indexed
        FROM (SELECT t.${vector} AS vector FROM ${relation} AS t ${percent < 100 ? `TABLESAMPLE SYSTEM (${percent.toFixed(4)})` : ''}
               WHERE ${inPartSql(facts)} AND t.${vector} IS NOT NULL AND ${schema}.vector_dims(t.${vector}) = ${facts.dimensions ?? 1} LIMIT ${ROWS}) AS s
    ), ranked AS (
      SELECT q.n AS query, row_number() OVER (PARTITION BY q.n ORDER BY q.vector ${distance} s.vector) AS place,
             row_number() OVER (PARTITION BY q.n ORDER BY q.half ${distance} s.half) AS half_place,
             row_number() OVER (PARTITION BY q.n ORDER BY q.indexed ${ofIndex} s.indexed) AS indexed_place
        FROM sample AS q JOIN sample AS s ON s.n <> q.n
       WHERE q.n <= ${QUERIES}
    ), found AS (
      SELECT r.query, count(*) AS wanted, count(*) FILTER (WHERE r.half_place <= ${NEAREST}) AS half${CANDIDATES.map((c) => `, count(*) FILTER (WHERE r.indexed_place <= ${c}) AS of_${c}`).join('')}
        FROM ranked AS r WHERE r.place <= ${NEAREST} GROUP BY r.query
    )
    SELECT (SELECT count(*) FROM sample)::integer AS rows, count(*)::integer AS queries,
           (sum(f.half) / sum(f.wanted))::float8 AS halfvec${CANDIDATES.map((c) => `, (sum(f.of_${c}) / sum(f.wanted))::float8 AS of_${c}`).join('')}
      FROM found AS f`;
}

import type pg from 'pg';
import { inTransaction } from '../database/connection.ts';
import type { BeforeAfter, QueryComparison } from './comparison.ts';

/** A run as it is stored. */
export interface ValidationRecord {
  migration: string;
  /** when the run began, by the clock of the database, as text */
  startedAt: string;
  querySource: string;
  k: number;
  queries: QueryComparison[];
  judgedQueries: number;
  overlap: number;
  indexRecall: number | null;
  coverage: number;
  missingRows: number;
  ndcg: BeforeAfter | null;
  mrr: BeforeAfter | null;
  recall: BeforeAfter | null;
  reasons: string[];
}

/**
 * Stores a run and its queries in one transaction.
 *
 * @returns number of the run
 */
export async function storeValidation(pool: pg.Pool, record: ValidationRecord): Promise<string> {
  const { queries, ndcg, mrr, recall } = record;
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO reembed.validation (migration, started_at, query_source, queries, judged_queries, k, overlap, index_recall, coverage, missing_rows,
                                       ndcg_before, ndcg_after, mrr_before, mrr_after, recall_before, recall_after, passed, reasons)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
       RETURNING id::text AS id`,
      [
        record.migration,
        record.startedAt,
        record.querySource,
        queries.length,
        record.judgedQueries,
        record.k,
        record.overlap,
        record.indexRecall,
        record.coverage,
        record.missingRows,
        ndcg?.before,
        ndcg?.after,
        mrr?.before,
        mrr?.after,
        recall?.before,
        recall?.after,
        record.reasons.length === 0,
        record.reasons,
      ],
    );
    const id = rows[0]?.id ?? '';
    await client.query(
      `INSERT INTO reembed.validation_query (validation, ordinal, query, overlap, index_recall, ndcg_before, ndcg_after)
       SELECT $1, q.ordinal, q.query, q.overlap, q.index_recall, q.ndcg_before, q.ndcg_after
         FROM unnest($2::text[], $3::double precision[], $4::double precision[], $5::double precision[], $6::double precision[])
              WITH ORDINALITY AS q(query, overlap, index_recall, ndcg_before, ndcg_after, ordinal)`,
      [
        id,
        queries.map((query) => query.label),
        queries.map((query) => query.overlap),
        queries.map((query) => query.indexRecall),
        queries.map((query) => query.judged?.ndcg.before ?? null),
        queries.map((query) => query.judged?.ndcg.after ?? null),
      ],
    );
    return id;
  });
}

import type pg from 'pg';
import { inTransaction, type Queryable } from '../../database/connection.ts';
import { scoresOf } from '../metrics/scores.ts';
import { cutoffRows, filterRows, integrityRows, metricRows } from '../search/part-rows.ts';
import type { TruthAudit } from './truth-audit.ts';
import { type ValidationRecord, validationRow } from './validation-record.ts';

/** The verdict on a stored run: see reembed.judge_validation(). */
export interface Verdict {
  /** id of the run */
  id: string;
  verdict: 'pass' | 'fail' | 'unsure';
  /** why it fails */
  reasons: string[];
  /** what the evidence does not decide */
  doubts: string[];
  /** findings that do not change the verdict */
  warnings: string[];
}

/** Stores a run with all its parts and judges it from what was stored, in one transaction. */
export async function storeValidation(pool: pg.Pool, record: ValidationRecord): Promise<Verdict> {
  return inTransaction(pool, async (client) => {
    const { rows } = await insert<{ id: string }>(client, 'validation', [runRow(record)], 'RETURNING id::text AS id');
    const id = rows[0]?.id ?? '';
    const parts = { validation_query: queryRows(record), validation_metric: metricRows(record), ...otherRows(record) };
    for (const [table, part] of Object.entries(parts)) {
      await insert(
        client,
        table,
        part.map((row) => ({ validation: id, ...row })),
      );
    }
    await storeAudit(client, id, record.audit);
    const judged = await client.query<Omit<Verdict, 'id'>>(
      `UPDATE reembed.validation AS v SET verdict = j.verdict, reasons = j.reasons, doubts = j.doubts, warnings = j.warnings
         FROM (SELECT CASE WHEN bool_or(outcome = 'fail') THEN 'fail' WHEN bool_or(outcome = 'unsure') THEN 'unsure' ELSE 'pass' END AS verdict,
                      coalesce(array_agg(reason) FILTER (WHERE outcome = 'fail'), '{}') AS reasons,
                      coalesce(array_agg(reason) FILTER (WHERE outcome = 'unsure'), '{}') AS doubts,
                      coalesce(array_agg(reason) FILTER (WHERE outcome = 'warning'), '{}') AS warnings
                 FROM reembed.judge_validation($1)) AS j
        WHERE v.id = $1 RETURNING v.verdict, v.reasons, v.doubts, v.warnings`,
      [id],
    );
    const [verdict] = judged.rows;
    if (!verdict) throw new Error(`validation ${id} was not stored`);
    return { id, ...verdict };
  });
}

type Row = Record<string, unknown>;

/** Inserts rows. jsonb_populate_recordset() converts the values to the column types, including arrays and objects. */
async function insert<T extends Row>(client: Queryable, table: string, rows: Row[], returning = '') {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  if (columns === '') return { rows: [] as T[] };
  return client.query<T>(
    `INSERT INTO reembed.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::reembed.${table}, $1) ${returning}`,
    [JSON.stringify(rows)],
  );
}

/** Stores the audit. Not through insert(), because a large number in a key would lose its last digits. */
async function storeAudit(client: Queryable, id: string, audit: TruthAudit): Promise<void> {
  const rows = [...audit.new.rows, ...audit.old.rows];
  await client.query(
    `INSERT INTO reembed.truth_audit (validation, role, ordinal, key, similarity)
     SELECT $1, role, row_number() OVER (PARTITION BY role ORDER BY place), key, similarity
       FROM unnest($2::text[], $3::jsonb[], $4::float8[]) WITH ORDINALITY AS a(role, key, similarity, place)`,
    [id, rows.map(({ role }) => role), rows.map(({ key }) => key), rows.map(({ similarity }) => similarity)],
  );
}

function runRow(record: ValidationRecord): Row {
  // Replaced by the verdict in the same transaction.
  const verdict = { verdict: 'pass', reasons: [], doubts: [], warnings: [] };
  return { ...validationRow(record), ...auditRow(record.audit), index_file: record.index?.file ?? null, ...verdict };
}

function auditRow({ new: renewed, old, oldCause }: TruthAudit): Row {
  return {
    audit_problem: renewed.problem,
    audit_rows: renewed.auditable,
    old_audit_rows: old.auditable,
    old_audit_problem: old.problem,
    old_audit_cause: oldCause,
  };
}

function queryRows({ campaign, comparisons, times }: ValidationRecord): Row[] {
  const [before, after] = [scoresOf(comparisons, campaign, 'old'), scoresOf(comparisons, campaign, 'new')];
  const timeOf = new Map(times.map((time) => [time.query, time]));
  return comparisons.map((one, i) => ({
    ordinal: i + 1,
    query: one.query.label,
    query_length: one.query.length,
    lexical_share: one.query.lexicalShare ?? null,
    slices: one.query.slices,
    overlap: one.overlap,
    jaccard: one.jaccard,
    rank_biased_overlap: one.rankBiasedOverlap,
    kendall_tau: one.kendallTau,
    index_recall: one.indexRecall.after,
    index_recall_before: one.indexRecall.before,
    grade: one.judged?.grade ?? null,
    // bytea in its text form
    query_hash: `\\x${one.query.hash}`,
    ndcg_before: one.judged?.ndcg.before ?? null,
    ndcg_after: one.judged?.ndcg.after ?? null,
    reciprocal_rank_before: one.judged?.reciprocalRank.before ?? null,
    reciprocal_rank_after: one.judged?.reciprocalRank.after ?? null,
    recall_before: one.judged?.recall.before ?? null,
    recall_after: one.judged?.recall.after ?? null,
    search_ms_before: timeOf.get(one.query)?.before ?? null,
    search_ms_after: timeOf.get(one.query)?.after ?? null,
    results_before: one.results.before.map(({ key }) => key),
    results_after: one.results.after.map(({ key }) => key),
    scores_before: before[i],
    scores_after: after[i],
    relevant_results: one.judged?.relevantKeys ?? null,
  }));
}

function otherRows(record: ValidationRecord): Record<string, Row[]> {
  return {
    validation_filter: filterRows(record),
    validation_integrity: integrityRows(record),
    score_distribution: record.distributions.flatMap(({ role, rows, deciles }) =>
      deciles.map((score, i) => ({ role, rows, percentile: 10 * i, score })),
    ),
    score_cutoff: cutoffRows(record).map((row, i) => ({ ordinal: i + 1, ...row })),
  };
}

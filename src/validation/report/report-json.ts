import type { QueryComparison } from '../metrics/comparison.ts';
import { cutoffRows, filterRows, integrityRows, metricRows } from '../search/part-rows.ts';
import type { ValidationResult } from '../validate.ts';
import { agreeing, comparedRows } from '../verdict/truth-audit.ts';
import { validationRow } from '../verdict/validation-record.ts';

/**
 * Formats a run as JSON, with the column names of reembed.validation and of the tables of its parts.
 *
 * @param lowest number of queries with the worst losses and with the lowest overlap to include
 */
export function reportJson(result: ValidationResult, lowest: number): Record<string, unknown> {
  const { campaign, comparisons, index, coverage } = result;
  return {
    id: Number(result.id),
    target: campaign.target,
    from_model: campaign.old.model.name,
    to_model: campaign.new.model.name,
    ...validationRow(result),
    judged_rows_missing: result.judgedRowsMissing,
    judged_rows_pending: result.judgedRowsPending,
    judge: result.grading && {
      model: result.grading.model,
      graded_pairs: result.grading.gradedPairs,
      known_pairs: result.grading.knownPairs,
      ungraded_pairs: result.grading.ungradedPairs,
      queries_left_out: result.grading.leftOut,
      tokens: result.grading.tokens,
      usd: result.grading.usd,
      problem: result.grading.problem,
    },
    index: index?.usable ? campaign.indexName : null,
    rows: coverage.rows,
    verdict: result.verdict,
    reasons: result.reasons,
    doubts: result.doubts,
    warnings: result.warnings,
    metrics: metricRows(result),
    filters: filterRows(result),
    integrity: integrityRows(result),
    truth_audit: auditJson(result),
    score_distributions: result.distributions,
    score_cutoffs: cutoffRows(result),
    worst_losses: worstLosses(comparisons, lowest).map(changedQuery),
    lowest_overlap: lowestOverlap(comparisons, lowest).map(changedQuery),
  };
}

function changedQuery(one: QueryComparison) {
  return {
    query: one.query.label,
    overlap: one.overlap,
    ndcg_before: one.judged?.ndcg.before ?? null,
    ndcg_after: one.judged?.ndcg.after ?? null,
    results_before: one.results.before.map(({ key }) => key),
    results_after: one.results.after.map(({ key }) => key),
  };
}

/** Returns the queries whose results lost most nDCG, the worst first. */
export function worstLosses(comparisons: readonly QueryComparison[], count: number): QueryComparison[] {
  const lossOf = ({ judged }: QueryComparison) => (judged ? judged.ndcg.before - judged.ndcg.after : 0);
  return comparisons
    .filter((one) => lossOf(one) > 0)
    .sort((a, b) => lossOf(b) - lossOf(a))
    .slice(0, count);
}

/** Returns the queries whose results changed most. */
export function lowestOverlap(comparisons: readonly QueryComparison[], count: number): QueryComparison[] {
  return [...comparisons].sort((a, b) => a.overlap - b.overlap).slice(0, count);
}

function auditJson({ audit, campaign }: ValidationResult) {
  return (['new', 'old'] as const).map((role) => {
    const rows = comparedRows(audit[role]);
    const same = agreeing(rows, campaign.thresholds.minAuditSimilarity);
    return {
      role,
      rows: rows.length,
      agreeing_rows: same.length,
      lowest_similarity: rows.length === 0 ? null : Math.min(...rows.map((row) => row.similarity)),
      problem: audit[role].problem,
      cause: role === 'old' ? audit.oldCause : null,
      // A key may exceed JavaScript's integer range. As text it keeps its digits.
      disagreeing: rows.filter((row) => !same.includes(row)).map(({ key, similarity }) => ({ key, similarity })),
    };
  });
}

import Table from 'cli-table3';
import type { BeforeAfter } from './comparison.ts';
import type { ValidationResult } from './validate.ts';

/**
 * A run as a reader sees it: the figures beside their thresholds, the queries that changed most, the verdict.
 *
 * @param lowest how many of the queries with the lowest overlap to list
 */
export function reportText(result: ValidationResult, lowest: number): string {
  const { k, queries, judgedQueries } = result;
  const judged = judgedQueries > 0 ? `, ${judgedQueries} of them judged` : '';
  return [
    `validation ${result.id}: ${result.oldModel} -> ${result.newModel} on ${result.target}`,
    `${queries.length} queries from ${result.querySource}${judged}, the ${k} nearest rows of each`,
    '',
    figuresTable(result),
    '',
    ...lowestOverlap(result, lowest),
    ...notes(result),
    result.passed ? 'PASS' : 'FAIL',
    ...result.reasons.map((reason) => `  - ${reason}`),
  ]
    .join('\n')
    .replace(/ +$/gm, '');
}

/**
 * A run as JSON, with the names the columns of reembed.validation have.
 *
 * @param lowest how many of the queries with the lowest overlap to include
 */
export function reportJson(result: ValidationResult, lowest: number): Record<string, unknown> {
  return {
    id: Number(result.id),
    migration: result.migration,
    target: result.target,
    from_model: result.oldModel,
    to_model: result.newModel,
    started_at: result.startedAt,
    query_source: result.querySource,
    queries: result.queries.length,
    judged_queries: result.judgedQueries,
    judged_rows_missing: result.judgedRowsMissing,
    k: result.k,
    overlap: result.overlap,
    index: result.indexName,
    index_recall: result.indexRecall,
    coverage: result.coverage,
    rows: result.rows,
    missing_rows: result.missingRows,
    just_changed_rows: result.justChangedRows,
    ndcg_before: result.ndcg?.before ?? null,
    ndcg_after: result.ndcg?.after ?? null,
    mrr_before: result.mrr?.before ?? null,
    mrr_after: result.mrr?.after ?? null,
    recall_before: result.recall?.before ?? null,
    recall_after: result.recall?.after ?? null,
    passed: result.passed,
    reasons: result.reasons,
    lowest_overlap: lowestQueries(result, lowest).map((query) => ({
      query: query.label,
      overlap: query.overlap,
      ndcg_before: query.judged?.ndcg.before ?? null,
      ndcg_after: query.judged?.ndcg.after ?? null,
    })),
  };
}

function figuresTable(result: ValidationResult): string {
  const { k, thresholds, ndcg, mrr, recall } = result;
  const table = plainTable();
  if (ndcg && mrr && recall) {
    table.push([`nDCG@${k}`, arrow(ndcg), `may fall by ${thresholds.maxNdcgDrop} (max_ndcg_drop)`]);
    table.push([`MRR@${k}`, arrow(mrr), ''], [`recall@${k}`, arrow(recall), '']);
  }
  table.push(
    [`overlap@${k}`, result.overlap.toFixed(3), `at least ${thresholds.minOverlap} (min_overlap)`],
    [`index recall@${k}`, result.indexRecall?.toFixed(3) ?? 'no index', `at least ${thresholds.minIndexRecall} (min_index_recall)`],
    ['coverage', percent(result), `at most ${thresholds.maxFailedRows} rows missing (max_failed_rows)`],
  );
  return table.toString();
}

function lowestOverlap(result: ValidationResult, lowest: number): string[] {
  const queries = lowestQueries(result, lowest);
  if (queries.length === 0) return [];
  const table = plainTable();
  for (const query of queries)
    table.push([query.overlap.toFixed(2), query.judged ? `nDCG ${arrow(query.judged.ndcg)}` : '', oneLine(query.label)]);
  return ['lowest overlap:', table.toString(), ''];
}

function notes(result: ValidationResult): string[] {
  const lines: string[] = [];
  if (result.ndcg === null) {
    lines.push(
      'Overlap shows how much changes, not whether it gets worse: two good models may agree on little.',
      'Judged queries decide on quality: npm run validate -- --queries FILE --judgements FILE',
    );
  }
  if (result.judgedRowsMissing > 0) {
    lines.push(`${result.judgedRowsMissing} rows that are judged relevant are not in the table; they count against both models.`);
  }
  if (result.justChangedRows > 0) {
    lines.push(`${result.justChangedRows} of the missing rows changed in the last 30 seconds and do not count: the workers are at them.`);
  }
  if (result.indexName === null)
    lines.push('There is no valid index on the new vectors yet; validate again when it is built, the switch asks for it.');
  return lines.length === 0 ? [] : [...lines, ''];
}

function lowestQueries(result: ValidationResult, count: number) {
  return [...result.queries].sort((a, b) => a.overlap - b.overlap).slice(0, count);
}

/** Columns without any frame, so that each line can be read and searched as text. */
function plainTable() {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
  const rest = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'];
  const chars = Object.fromEntries([...none, ...rest].map((part) => [part, '']));
  return new Table({ chars, style: { 'padding-left': 2, 'padding-right': 0, head: [], border: [] } });
}

function arrow({ before, after }: BeforeAfter): string {
  return `${before.toFixed(3)} -> ${after.toFixed(3)}`;
}

/** Rounded down: 100 % is said only of all rows. */
function percent({ coverage, rows, missingRows }: ValidationResult): string {
  const share = `${(Math.floor(coverage * 10_000) / 100).toFixed(2)} %`;
  return missingRows === 0 ? `${share} of ${rows} rows` : `${share}, ${missingRows} of ${rows} rows missing`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

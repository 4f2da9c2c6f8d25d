import { counted, formatNumber, plural } from '../../wording.ts';
import type { BeforeAfter } from '../metrics/comparison.ts';
import { type Metric, overall } from '../metrics/metrics.ts';
import type { ValidationResult } from '../validate.ts';
import { judgeNotes } from './judge-notes.ts';
import { lowestOverlap, worstLosses } from './report-json.ts';
import { auditText, cutoffSection, filterSection, querySection, sliceSection, vectorText } from './report-sections.ts';
import { arrow, indented, intervalText, oneLine, plainTable, signed } from './report-wording.ts';

/**
 * Formats a run for people, at most a hundred columns wide: figures with thresholds, their parts, the queries that changed most, and the
 * verdict.
 *
 * @param lowest number of queries to list: the worst losses of nDCG, or without any those with the lowest overlap
 */
export function reportText(result: ValidationResult, lowest: number): string {
  const { campaign, comparisons, metrics, k, knownItems } = result;
  const judged = overall(metrics, 'ndcg')?.queries ?? 0;
  const judgedText = judged === 0 ? '' : knownItems ? ', each to find its own row' : `, ${formatNumber(judged)} of them judged`;
  return [
    `validation ${result.id}: ${campaign.old.model.name} -> ${campaign.new.model.name} on ${campaign.target}`,
    `${counted(comparisons.length, 'query', 'queries')} from ${result.querySource}${judgedText}, ${k} nearest ${result.groupBy === null ? 'rows' : 'groups'} of each, seed ${result.seed}`,
    ...scopeLines(result),
    '',
    figuresTable(result),
    '',
    ...querySection(result),
    ...sliceSection(result),
    ...filterSection(result),
    ...cutoffSection(result),
    ...lowestSection(result, lowest),
    ...notes(result),
    ...worthKnowing(result),
    result.verdict.toUpperCase(),
    ...result.reasons.flatMap(indented),
    ...(result.verdict === 'fail' && result.doubts.length > 0 ? ['not decided:'] : []),
    ...result.doubts.flatMap(indented),
  ]
    .join('\n')
    .replace(/ +$/gm, '');
}

function figuresTable(result: ValidationResult): string {
  const { metrics, k, coverage, campaign, integrity } = result;
  const { thresholds } = campaign;
  const table = plainTable();
  const add = (label: string, text: string, interval: string, threshold = '') => table.push([label, text, interval, threshold]);
  const compared = (label: string, name: string, threshold?: string, none?: string) => {
    const metric = overall(metrics, name);
    if (metric) add(label, metric.value.toFixed(3), intervalText(metric), threshold);
    else if (none) add(label, none, '', threshold);
  };
  const ofEach = (label: string, name: string, threshold?: string) => {
    const metric = overall(metrics, name);
    if (metric) add(label, arrow(both(metric)), `${signed(metric.value)} ${intervalText(metric, signed)}`, threshold);
  };
  ofEach(`nDCG@${k}`, 'ndcg', `may lose ${percent(thresholds.maxNdcgLoss)} (max_ndcg_loss)`);
  ofEach(`MRR@${k}`, 'mrr');
  ofEach(`recall@${k}`, 'recall');
  ofEach(`judged of the ${k}`, 'judged_share');
  ofEach(`condensed nDCG@${k}`, 'condensed_ndcg');
  if (result.lexicalShare !== null) add('lexical share', result.lexicalShare.toFixed(3), 'words in the row', 'above 0.5: at most UNSURE');
  compared(`overlap@${k}`, 'overlap', thresholds.minOverlap === null ? '' : `at least ${thresholds.minOverlap} (min_overlap)`);
  compared(`Jaccard@${k}`, 'jaccard');
  compared('rank-biased overlap', 'rank_biased_overlap');
  compared('Kendall tau', 'kendall_tau');
  compared(`index recall@${k}`, 'index_recall', `at least ${thresholds.minIndexRecall} (min_index_recall)`, 'no index');
  const oldRecall = overall(metrics, 'index_recall')?.before ?? null;
  if (oldRecall !== null) add('  of the old index', oldRecall.toFixed(3), '');
  if (result.index?.usable && result.index.searchSetting !== null)
    table.push(['  searched with', { content: result.index.searchSetting, colSpan: 3 }]);
  for (const percent of [50, 95]) {
    const time = overall(metrics, `search_p${percent}_ms`);
    const limit =
      percent === 50 && thresholds.maxLatencyRatio !== null ? `${thresholds.maxLatencyRatio} x or +10 ms (max_latency_ratio)` : '';
    if (time) add(`search p${percent}`, `${milliseconds(time.before)} -> ${milliseconds(time.after)}`, 'ms on the server', limit);
  }
  const missing =
    coverage.missingRows === 0
      ? `of ${counted(coverage.rows, 'row')}`
      : `${formatNumber(coverage.missingRows)} of ${counted(coverage.rows, 'row')} missing`;
  add('coverage', percent(coverage.coverage), missing, `at most ${thresholds.maxFailedRows} missing (max_failed_rows)`);
  const audit = auditText(result);
  if (audit) add('truth audit', ...audit, `at most ${thresholds.maxAuditShare} (max_audit_share)`);
  return [table.toString(), ...integrity.map(vectorText)].join('\n');
}

/** Formats what a result is, and which rows were compared, where that is not each row of the table. */
function scopeLines({ groupBy, comparedRows, coverage }: ValidationResult): string[] {
  return [
    ...(groupBy === null ? [] : [`grouped by ${oneLine(groupBy, 40)}: a group counts once, by its nearest row`]),
    ...(comparedRows === null
      ? []
      : [
          `the backfill has not ended: ${formatNumber(comparedRows)} of ${counted(coverage.rows, 'row')} ${plural(comparedRows, 'has', 'have')} both vectors, and only these were searched`,
        ]),
  ];
}

function lowestSection({ comparisons }: ValidationResult, count: number): string[] {
  const losses = worstLosses(comparisons, count);
  const table = plainTable();
  for (const one of losses.length > 0 ? losses : lowestOverlap(comparisons, count))
    table.push([
      one.overlap.toFixed(2),
      one.judged ? `nDCG ${arrow(one.judged.ndcg)}` : '',
      oneLine(one.query.label, one.judged ? 65 : 85),
    ]);
  return [losses.length > 0 ? 'worst losses of nDCG, with the overlap:' : 'lowest overlap:', table.toString(), ''];
}

function notes(result: ValidationResult): string[] {
  const { metrics, judgedRowsMissing, judgedRowsPending, coverage, index } = result;
  const lines: string[] = [];
  if (!overall(metrics, 'ndcg')) {
    lines.push(
      'Overlap shows how much changes, not whether results get worse: two good models may share few results.',
      'Judged queries measure quality: npm run validate -- --queries FILE --judgements FILE',
      'or a chat model that grades the results: npm run validate -- --queries-from log --grade',
      'or queries made of the rows: npm run validate -- --queries-from generated',
    );
  }
  if (judgedRowsMissing > 0)
    lines.push(
      judgedRowsMissing === 1
        ? '1 row that is judged relevant is not in the table; it counts against both models.'
        : `${formatNumber(judgedRowsMissing)} rows that are judged relevant are not in the table; they count against both models.`,
    );
  if (judgedRowsPending > 0)
    lines.push(
      `${counted(judgedRowsPending, 'row')} judged relevant ${plural(judgedRowsPending, 'has', 'have')} no vector of one model yet and ${plural(judgedRowsPending, 'was', 'were')} left out, for both models.`,
    );
  lines.push(...judgeNotes(result));
  if (coverage.justChangedRows > 0)
    lines.push(
      `${formatNumber(coverage.justChangedRows)} of the missing rows changed in the last 30 seconds and ${plural(coverage.justChangedRows, 'does', 'do')} not count: the workers are embedding ${plural(coverage.justChangedRows, 'it', 'them')}.`,
    );
  if (!index?.usable)
    lines.push(
      'There is no valid index on the new vectors yet, so filters were not measured:',
      'validate again after it is built, because the switch requires it.',
    );
  return lines.length === 0 ? [] : [...lines, ''];
}

/** Formats findings that did not affect the verdict. */
function worthKnowing({ warnings }: ValidationResult): string[] {
  return warnings.length === 0 ? [] : ['warnings:', ...warnings.flatMap(indented), ''];
}

function both({ before, after }: Metric): BeforeAfter {
  return { before: before ?? Number.NaN, after: after ?? Number.NaN };
}

function milliseconds(value: number | null): string {
  return value === null ? '-' : value.toFixed(value < 10 ? 2 : 0);
}

/** Rounded down, so that 100 % means all rows. */
function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

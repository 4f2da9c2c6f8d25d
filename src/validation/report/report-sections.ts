import { counted, formatNumber } from '../../wording.ts';
import { type Metric, overall } from '../metrics/metrics.ts';
import type { ScoreCutoff } from '../metrics/score-cutoff.ts';
import type { ValidationResult } from '../validate.ts';
import type { Integrity } from '../verdict/integrity.ts';
import { agreeing, comparedRows } from '../verdict/truth-audit.ts';
import { arrow, intervalText, oneLine, plainTable, signed } from './report-wording.ts';

// All slices are in the database and in the JSON.
const MOST_SLICES = 12;

const TESTED = { ndcg: 'nDCG', mrr: 'MRR', recall: 'recall' };

/** Formats how many judged queries got better, worse and stayed the same, and the p-values. */
export function querySection({ metrics, k }: ValidationResult): string[] {
  const table = plainTable();
  for (const [name, label] of Object.entries(TESTED)) {
    const { wins, losses, ties, pValue } = overall(metrics, name) ?? {};
    if (typeof pValue !== 'number') continue;
    table.push([`${label}@${k}`, `${wins} better`, `${losses} worse`, `${ties} equal`, `p = ${pValue.toFixed(4)}`]);
  }
  return table.length === 0 ? [] : ['judged queries, with p of a paired randomisation test:', table.toString(), ''];
}

/** Formats the overlap and, for judged queries, nDCG by the value of each column and by length. */
export function sliceSection({ metrics, k }: ValidationResult): string[] {
  const columns = Map.groupBy(
    metrics.filter(({ metric, slice }) => metric === 'overlap' && slice !== ''),
    ({ slice }) => slice,
  );
  return [...columns].flatMap(([column, slices]) => {
    const table = plainTable();
    for (const slice of slices.slice(0, MOST_SLICES)) {
      const ndcg = metrics.find((one) => one.metric === 'ndcg' && one.slice === column && one.sliceValue === slice.sliceValue);
      table.push([oneLine(slice.sliceValue, 30), `${slice.queries}`, `overlap ${slice.value.toFixed(3)}`, ndcg ? ndcgText(ndcg, k) : '']);
    }
    const left = slices.length - MOST_SLICES;
    return [
      `by ${column}, with the number of queries:`,
      table.toString(),
      ...(left > 0 ? [`  and ${counted(left, 'more value')}`] : []),
      '',
    ];
  });
}

/** Formats the results of filtered searches. */
export function filterSection({ filters }: ValidationResult): string[] {
  if (filters.length === 0) return [];
  const table = plainTable();
  for (const one of filters) {
    table.push([
      oneLine(one.filter, 34),
      one.iterativeScan,
      `${one.returnedRows.toFixed(1)} of ${one.wantedRows.toFixed(1)} rows`,
      `index recall ${one.indexRecall.toFixed(3)}`,
    ]);
  }
  return ['with a filter, by iterative scan:', table.toString(), ''];
}

/** Formats the scores of rows in each model and the mapped cut-offs. Empty unless a cut-off was given. */
export function cutoffSection({ cutoffs, distributions, k, campaign }: ValidationResult): string[] {
  if (!cutoffs.some(({ basis }) => basis === 'same_share')) return [];
  const scores = plainTable();
  scores.push(['percent below', ...Array.from({ length: 11 }, (_, i) => String(i * 10))]);
  for (const { role, rows, deciles } of distributions) {
    scores.push([`${role}, ${rows === 'nearest' ? `${k} nearest` : 'random rows'}`, ...deciles.map((score) => score.toFixed(2))]);
  }
  const moved = plainTable();
  for (const cutoff of cutoffs) moved.push(cutoffRow(cutoff));
  return [
    `scores (${scoreName(campaign.old.model.distance)}):`,
    scores.toString(),
    '',
    'cut-offs, and the share of rows they keep:',
    moved.toString(),
    '',
  ];
}

/** Formats how many audited rows agree, and the lowest similarity; undefined if no row was audited. */
export function auditText({ audit, campaign }: ValidationResult): [string, string] | undefined {
  const rows = comparedRows(audit.new);
  if (rows.length === 0) return undefined;
  const same = agreeing(rows, campaign.thresholds.minAuditSimilarity).length;
  return [`${same} of ${rows.length}`, `agree, lowest ${Math.min(...rows.map((row) => row.similarity)).toFixed(4)}`];
}

/** Formats the measurements of a model's vectors in one line. */
export function vectorText({ role, rows, norm, zeroRows, sharedVectorRows, oddNormRows, checksum }: Integrity): string {
  const parts = [
    formatNumber(rows),
    norm ? `length ${norm.min.toFixed(3)} to ${norm.max.toFixed(3)}` : '',
    zeroRows > 0 ? `${formatNumber(zeroRows)} zero` : '',
    oddNormRows > 0 ? `${formatNumber(oddNormRows)} of odd length` : '',
    sharedVectorRows > 0 ? `${formatNumber(sharedVectorRows)} shared with other texts` : '',
    checksum ? `unchanged since ${checksum.at.slice(0, 16).replace('T', ' ')} UTC: ${formatNumber(checksum.unchangedRows)}` : '',
    checksum && checksum.setAsideRows > 0 ? `not comparable: ${formatNumber(checksum.setAsideRows)}` : '',
    checksum && checksum.changedRows > 0 ? `changed: ${formatNumber(checksum.changedRows)}` : '',
  ];
  return `  ${`${role} vectors`.padEnd(21)}${parts.filter(Boolean).join(', ')}`;
}

function ndcgText(ndcg: Metric, k: number): string {
  const { before, after } = ndcg;
  return `nDCG@${k} ${arrow({ before: before ?? 0, after: after ?? 0 })}  ${signed(ndcg.value)} ${intervalText(ndcg, signed)}`;
}

function cutoffRow(cutoff: ScoreCutoff): string[] {
  const { share, f1 } = cutoff;
  const percent = (value: number) => `${(100 * value).toFixed(value < 0.01 ? 2 : 1)} %`;
  const moved =
    cutoff.newCutoff === null
      ? 'no row reaches it'
      : `${cutoff.newCutoff.toFixed(3)} ${intervalText({ low: cutoff.newCutoffLow, high: cutoff.newCutoffHigh })}`;
  return [
    cutoff.basis === 'same_share' ? 'same share' : 'best F1',
    `${cutoff.oldCutoff?.toFixed(3)} -> ${moved}`,
    share.after === null ? percent(share.before) : `${percent(share.before)} -> ${percent(share.after)}`,
    f1 ? `F1 ${arrow(f1)}` : '',
  ];
}

function scoreName(distance: 'cosine' | 'l2' | 'inner_product'): string {
  if (distance === 'cosine') return 'cosine similarity';
  return distance === 'l2' ? 'distance with a minus sign' : 'inner product';
}

import { visible } from '../print-text.ts';
import { dollars } from '../report/format.ts';
import type { Interval } from '../validation/metrics/bootstrap.ts';
import { headedTable, indented, intervalText, signed } from '../validation/report/report-wording.ts';
import { counted, formatNumber } from '../wording.ts';
import { bytesText } from './costs.ts';
import { evidenceText, rankedBy, sampleNote } from './explanation.ts';
import type { Comparison, ModelComparison } from './result.ts';

const NONE = '–';

/** Formats a comparison for a terminal: quality, costs, and the outcome of each candidate with its reasons. */
export function leaderboardText(result: Comparison): string {
  const { models, k } = result;
  return [
    `${visible(result.table)}.${visible(result.column)}: ${counted(result.queries, 'query', 'queries')} on ${counted(result.sampledRows, 'row')} of ${formatNumber(result.tableRows)}, seed ${result.seed}`,
    ...evidenceText(result).flatMap(indented),
    ...indented(sampleNote(result)),
    '',
    rankedBy(result),
    headedTable(qualityRows(models, k)),
    '',
    `${headedTable(costRows(models))}\n  bytes and index: vector / halfvec; query: median time to embed one, ${NONE} where every vector was cached`,
    '',
    ...models.flatMap(({ name, outcome }) =>
      outcome ? [`${visible(name)}: ${outcome.kind}`, ...outcome.reasons.flatMap((reason) => indented(visible(reason)))] : [],
    ),
  ]
    .join('\n')
    .replace(/ +$/gm, '');
}

/** Quality of the models, after a row of headings. */
export function qualityRows(models: readonly ModelComparison[], k: number): string[][] {
  const rows = [['model', `nDCG@${k}`, 'difference', 'better/worse/same', `recall@${k}`, `MRR@${k}`, `overlap@${k}`, 'outcome']];
  for (const one of models) {
    const { ndcg, recall, mrr, overlap } = one;
    const difference = ndcg?.difference;
    rows.push([
      visible(one.name),
      mean(ndcg?.value),
      difference ? `${signed(difference.value)} ${intervalText(difference, signed)}` : NONE,
      one.isPresent || !ndcg ? NONE : `${one.wins}/${one.losses}/${one.ties}`,
      mean(recall?.value),
      mean(mrr?.value),
      mean(overlap ?? undefined),
      one.isPresent ? 'present vectors' : (one.outcome?.kind ?? NONE),
    ]);
  }
  return rows;
}

/** Costs of the models, after a row of headings. */
export function costRows(models: readonly ModelComparison[]): string[][] {
  const rows = [['model', 'dimensions', '$/M tokens', '$ whole table', 'bytes a row', 'index', 'query', 'requests']];
  for (const { name, dimensions, costs, latencyMs, requests } of models) {
    rows.push([
      visible(name),
      String(dimensions),
      costs.usdPerMillionTokens === null ? NONE : String(costs.usdPerMillionTokens),
      dollars(costs.usd),
      bytesText(costs.bytesPerRow, NONE),
      bytesText(costs.indexBytes, NONE),
      latencyMs === null ? NONE : `${latencyMs.toFixed(0)} ms`,
      String(requests),
    ]);
  }
  return rows;
}

function mean(interval: Interval | undefined): string {
  return interval ? interval.value.toFixed(3) : NONE;
}

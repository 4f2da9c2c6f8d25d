import type { BridgeFigures } from '../bridge/stored-bridge.ts';
import { visibleAll } from '../print-text.ts';
import { signed } from '../validation/report/report-wording.ts';
import { counted, formatNumber } from '../wording.ts';

/** The figures of a map for people. */
export function bridgeText(figures: BridgeFigures & { fitted_at?: string; fitted_by?: string }): string {
  const { campaign, fitted_at: at, fitted_by: by } = visibleAll(figures);
  const lambda = figures.regularisation === null ? '' : `, lambda ${figures.regularisation}`;
  return [
    `bridge of ${campaign}: ${figures.method}${lambda}, ${figures.old_dimensions} x ${figures.new_dimensions}, fitted to ${counted(figures.fitted_rows, 'row')}`,
    `  retention  ${interval(figures.retention, figures.retention_low, figures.retention_high)} of ${formatNumber(figures.held_out_rows)} held-out rows`,
    ...judgedLines(figures),
    ...(at === undefined ? [] : [`  fitted     ${at.slice(0, 16).replace('T', ' ')} by ${by}`]),
    '',
  ].join('\n');
}

function judgedLines(figures: BridgeFigures): string[] {
  if (figures.judged_queries === null || figures.judged_bridge === null) return [];
  const others = [
    figures.judged_old === null ? 'old model not asked' : `old model ${figures.judged_old.toFixed(3)}`,
    ...(figures.judged_new === null ? [] : [`new model ${figures.judged_new.toFixed(3)}`]),
  ];
  const { judged_difference: difference, judged_difference_low: low, judged_difference_high: high } = figures;
  return [
    `  nDCG@10    ${figures.judged_bridge.toFixed(3)}, ${others.join(', ')}, on ${counted(figures.judged_queries, 'judged query', 'judged queries')}`,
    ...(difference === null || low === null || high === null
      ? []
      : [`  against the old model  ${signed(difference)} [${signed(low)}, ${signed(high)}]`]),
  ];
}

function interval(value: number, low: number, high: number): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

import { html } from 'hono/html';
import type { ReportedIntegrity } from '../data/figures.ts';
import { count, minute, percent, score } from '../format.ts';
import { latencyPlot } from '../plots/latency.ts';
import type { ModelLabels } from '../plots/plot.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import { type Cell, type Html, table } from './table.ts';

const READING =
  'Duration of a search on the server, with a warm cache and the plan that the planner chooses; with shadow reads, also in the application.';

/** Section on index, filters, search times and stored vectors, with their thresholds. */
export async function checksSection(report: Report, labels: ModelLabels, draw: Draw): Promise<Html | null> {
  const { validation, shadow_reads } = report;
  if (!validation) return null;
  const { metrics, filters, integrity } = validation.figures;
  return html`<section id="checks" aria-labelledby="checks-head">
<h2 id="checks-head">Index, speed and stored vectors</h2>
${await figures(draw, latencyPlot(metrics, shadow_reads, labels), READING)}
${table({
  caption: 'Figures and current thresholds',
  columns: [{ name: 'figure', kind: 'tight' }, { name: 'value', kind: 'wide' }, { name: 'threshold', kind: 'tight' }, { name: 'setting' }],
  rows: thresholdRows(report),
})}
${
  filters.length === 0
    ? null
    : table({
        caption: 'Searches with a filter, by iterative scan',
        columns: [
          { name: 'filter', kind: 'wide' },
          { name: 'iterative scan', kind: 'tight' },
          ...['queries', 'rows wanted', 'rows returned', 'queries short of rows', 'index recall'].map((name) => ({
            name,
            kind: 'number' as const,
          })),
        ],
        rows: filters.map((one) => [
          html`<code>${one.filter}</code>`,
          one.iterative_scan,
          count(one.queries),
          one.wanted_rows.toFixed(1),
          one.returned_rows.toFixed(1),
          count(one.short_queries),
          score(one.index_recall),
        ]),
      })
}
${integrity.length === 0 ? null : integrityTable(integrity)}
</section>`;
}

function thresholdRows({ validation, campaign, runs }: Report): Cell[][] {
  const [run] = runs;
  if (!validation || !run) return [];
  const { figures: found } = validation;
  const limit = (name: string) => campaign.thresholds[name] ?? null;
  const of = (name: string) => found.metrics.find(({ metric, slice }) => metric === name && slice === '');
  const row = (figure: string, value: string | null, word: string, name: string): Cell[] => [
    figure,
    value ?? 'not examined',
    limit(name) === null ? 'none' : `${word} ${limit(name)}`,
    html`<code>${name}</code>`,
  ];
  const [ndcg, time] = [of('ndcg'), of('search_p50_ms')];
  const audits = found.audit.map((one) =>
    row(
      `truth audit, ${one.role} model`,
      `${one.agreeing_rows} of ${one.rows} agree, lowest similarity ${one.lowest_similarity.toFixed(4)}`,
      'share of at least',
      'min_truth_audit',
    ),
  );
  const ratio = time?.before && time.after !== null ? `${(time.after / time.before).toFixed(2)} times` : null;
  return [
    row(`loss of nDCG@${run.k}`, ndcg ? lossText(ndcg) : null, 'at most', 'max_ndcg_loss'),
    row(`overlap@${run.k}`, score(run.overlap), 'at least', 'min_overlap'),
    row(
      `index recall@${run.k}`,
      run.index_recall === null ? null : `${score(run.index_recall)}${run.index_setting === null ? '' : `, ${run.index_setting}`}`,
      'at least',
      'min_index_recall',
    ),
    row('rows without a new vector', `${count(run.missing_rows)}, coverage ${percent(run.coverage)}`, 'at most', 'max_failed_rows'),
    ...(audits.length > 0
      ? audits
      : [row('truth audit', run.audit_problem && `not possible: ${run.audit_problem}`, 'share of at least', 'min_truth_audit')]),
    row('median search, new to old', ratio, 'at most', 'max_latency_ratio'),
  ];
}

function lossText({ value, before }: { value: number; before: number | null }): string {
  return value < 0 && before ? `${score(-value / before)} of ${score(before)}` : 'none';
}

/** Table with one line per check, so that the two models are side by side. */
function integrityTable(integrity: ReportedIntegrity[]): Html {
  const line = (name: string, of: (one: ReportedIntegrity) => Cell): Cell[] => [name, ...integrity.map(of)];
  return table({
    caption: 'Stored vectors',
    columns: [
      { name: 'vectors', kind: 'tight' },
      ...integrity.map(({ role, model }) => ({ name: `${role}: ${model}`, kind: 'number' as const })),
    ],
    rows: [
      line('rows with a vector', (one) => count(one.rows)),
      line('zero', (one) => count(one.zero_rows)),
      line('not finite', (one) => count(one.not_finite_rows)),
      line('of wrong dimensions', (one) => count(one.wrong_dimensions_rows)),
      line('of odd length', (one) => count(one.odd_norm_rows)),
      line('shared by rows of different texts', (one) => count(one.shared_vector_rows)),
      line('length, shortest to longest', (one) => (one.norm_min === null ? '–' : `${score(one.norm_min)} to ${score(one.norm_max)}`)),
      line('checksum taken', (one) => (one.checksum_at === null ? '–' : minute(one.checksum_at))),
      line('proved unchanged since', (one) => count(one.unchanged_rows)),
      line('changed since, with the same text', (one) => count(one.changed_rows)),
    ],
  });
}

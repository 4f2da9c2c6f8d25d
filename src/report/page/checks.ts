import { html } from 'hono/html';
import { count, minute, percent, score } from '../format.ts';
import { latencyPlot } from '../plots/latency.ts';
import type { ModelLabels } from '../plots/plot.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import { type Cell, type Html, table } from './table.ts';

/** Index, filters, times and stored vectors beside their thresholds. */
export async function checksSection(report: Report, labels: ModelLabels, draw: Draw): Promise<Html | null> {
  const { validation, shadow_reads } = report;
  if (!validation) return null;
  const { metrics, filters, integrity } = validation.figures;
  return html`<section id="checks" aria-labelledby="checks-head">
<h2 id="checks-head">Index, speed and stored vectors</h2>
${await figures(draw, latencyPlot(metrics, shadow_reads, labels))}
${table({
  caption: 'Figures beside the thresholds of now',
  columns: [{ name: 'figure', kind: 'tight' }, { name: 'value', kind: 'tight' }, { name: 'threshold', kind: 'tight' }, { name: 'setting' }],
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
${
  integrity.length === 0
    ? null
    : table({
        caption: 'Vectors as they are stored',
        columns: [
          { name: 'vectors', kind: 'tight' },
          ...[
            'rows',
            'zero',
            'not finite',
            'wrong dimensions',
            'odd length',
            'shared by other texts',
            'length',
            'unchanged since checksum',
            'changed',
          ].map((name) => ({ name, kind: 'number' as const })),
        ],
        rows: integrity.map((one) => [
          `${one.role}: ${one.model}`,
          count(one.rows),
          count(one.zero_rows),
          count(one.not_finite_rows),
          count(one.wrong_dimensions_rows),
          count(one.odd_norm_rows),
          count(one.shared_vector_rows),
          one.norm_min === null ? '–' : `${score(one.norm_min)} to ${score(one.norm_max)}`,
          one.checksum_at === null ? '–' : `${count(one.unchanged_rows)} since ${minute(one.checksum_at)}`,
          count(one.changed_rows),
        ]),
      })
}
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
  const audit = found.audit.map(
    (one) => `${one.role} ${one.agreeing_rows} of ${one.rows} agree, lowest similarity ${one.lowest_similarity.toFixed(4)}`,
  );
  const ratio = time?.before && time.after !== null ? `${(time.after / time.before).toFixed(2)} times` : null;
  return [
    row(`fall of nDCG@${run.k}`, ndcg ? (ndcg.value < 0 ? score(-ndcg.value) : 'none') : null, 'at most', 'max_ndcg_drop'),
    row(`overlap@${run.k}`, score(run.overlap), 'at least', 'min_overlap'),
    row(
      `index recall@${run.k}`,
      run.index_recall === null ? null : `${score(run.index_recall)}${run.index_setting === null ? '' : `, ${run.index_setting}`}`,
      'at least',
      'min_index_recall',
    ),
    row('rows without a new vector', `${count(run.missing_rows)}, coverage ${percent(run.coverage)}`, 'at most', 'max_failed_rows'),
    row(
      'truth audit',
      audit.length > 0 ? audit.join('; ') : run.audit_problem && `not possible: ${run.audit_problem}`,
      'share of at least',
      'min_truth_audit',
    ),
    row('median search, new to old', ratio, 'at most', 'max_latency_ratio'),
  ];
}

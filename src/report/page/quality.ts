import { html } from 'hono/html';
import type { ReportedMetric } from '../data/figures.ts';
import { count, interval, metricName, score, signed } from '../format.ts';
import type { ModelLabels } from '../plots/plot.ts';
import { inOrder, qualityPlots, slicePlots } from '../plots/quality.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import { type Cell, type Html, table } from './table.ts';

const TIMES = ['search_p50_ms', 'search_p95_ms'];
// All slices are in the database and in the JSON.
const MOST_SLICES = 60;

const WHOSE = {
  people: 'queries judged by people',
  model: 'queries graded by a chat model',
  rows: 'queries made of rows, each to find its own row',
} as const;

/** Section that compares both models: every metric with its interval, over all queries and by slice. */
export async function qualitySection(report: Report, labels: ModelLabels, draw: Draw): Promise<Html | null> {
  const { validation, runs } = report;
  if (!validation) return null;
  const k = runs[0]?.k ?? 10;
  const metrics = validation.figures.metrics.filter(({ metric }) => !TIMES.includes(metric));
  const all = metrics.filter(({ slice }) => slice === '');
  const slices = metrics.filter(({ slice, metric }) => slice !== '' && ['ndcg', 'overlap', 'index_recall'].includes(metric));
  const { searches } = validation;
  return html`<section id="quality" aria-labelledby="quality-head">
<h2 id="quality-head">Old against new</h2>
${searches ? html`<p>Of ${count(searches.queries)} ${WHOSE[searches.grade]}, <b>${count(searches.better)}</b> got better results, ${count(searches.queries - searches.better - searches.worse)} equally good ones and <b>${count(searches.worse)}</b> worse ones, by nDCG.</p>` : html`<p>No query was judged, so these figures show how much changes, not whether results improve.</p>`}
${await figures(draw, qualityPlots(all, labels, k))}
${all.length > 0 ? metricTable(all, k) : null}
${slices.length > 0 ? html`<h3>By slice</h3>${await figures(draw, slicePlots(slices, k), 'Each line is the 95 % interval of one slice: the fewer queries, the longer the line.')}${sliceTable(slices, k)}` : null}
</section>`;
}

function metricTable(metrics: ReportedMetric[], k: number): Html {
  return table({
    caption: 'Metrics, each with the 95 % interval of a paired bootstrap over the queries',
    columns: [{ name: 'metric', kind: 'tight' }, ...numbers('queries', 'old', 'new', 'difference or value', '95 % interval', 'run')],
    rows: metrics.map((one) => [metricName(one.metric, k), ...figureCells(one), one.validation]),
  });
}

function sliceTable(slices: ReportedMetric[], k: number): Html {
  const left = slices.length - MOST_SLICES;
  return html`${table({
    caption: 'Metrics by slice',
    columns: [
      { name: 'slice', kind: 'tight' },
      { name: 'value', kind: 'wide' },
      { name: 'metric', kind: 'tight' },
      ...numbers('queries', 'old', 'new', 'difference or value', '95 % interval', 'run'),
    ],
    rows: inOrder(slices.slice(0, MOST_SLICES)).map((one) => [
      one.slice,
      one.slice_value,
      metricName(one.metric, k),
      ...figureCells(one),
      one.validation,
    ]),
    long: true,
  })}${left > 0 ? html`<p class="quiet">And ${count(left)} more in <code>reembed.validation_metric</code>.</p>` : null}`;
}

function figureCells(one: ReportedMetric): Cell[] {
  const isDifference = one.before !== null && one.metric !== 'index_recall';
  const write = isDifference ? signed : score;
  return [count(one.queries), score(one.before), score(one.after), write(one.value), interval(one, write)];
}

function numbers(...names: string[]) {
  return names.map((name) => ({ name, kind: 'number' as const }));
}

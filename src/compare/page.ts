import { html } from 'hono/html';
import { count, dollars, interval, metricName, minute, percent, score, signed } from '../report/format.ts';
import { figures } from '../report/page/plots.ts';
import { standalonePage } from '../report/page/standalone.ts';
import { type Cell, type Html, table } from '../report/page/table.ts';
import { drawPlot } from '../report/plots/draw-plot.ts';
import { plural } from '../wording.ts';
import { bytesText } from './costs.ts';
import { differencePlot } from './difference-plot.ts';
import { evidenceText, rankedBy, sampleNote } from './explanation.ts';
import type { JudgedFigure } from './figures.ts';
import type { OutcomeKind } from './outcome.ts';
import type { Comparison, ModelComparison } from './result.ts';

const BADGES: Record<OutcomeKind, 'pass' | 'fail' | 'wait'> = {
  'worth it': 'pass',
  'worth it for these slices': 'pass',
  equal: 'wait',
  unsure: 'wait',
  'not worth it': 'fail',
};

/** Renders a comparison as one self-contained HTML file, in the style of the report. It holds no text of a row or query. */
export async function comparePage(result: Comparison): Promise<string> {
  const { models } = result;
  const name = `${result.table}.${result.column}`;
  const present = models.find(({ isPresent }) => isPresent);
  return standalonePage({
    title: html`Candidates for ${name}`,
    header: html`<p class="eyebrow">Comparison of embedding models</p>
<h1>Which model for <code>${name}</code>?</h1>
<p class="quiet">Present vectors: <b>${present?.name}</b>, ${present?.dimensions} dimensions. ${count(result.queries)} ${plural(result.queries, 'query', 'queries')} on ${count(result.sampledRows)} of ${count(result.tableRows)} rows, seed ${result.seed}.</p>`,
    main: html`<section id="outcomes" aria-labelledby="outcomes-head">
<h2 id="outcomes-head">Outcomes</h2>
<ul class="plain">${[...evidenceText(result), sampleNote(result)].map((sentence) => html`<li>${capital(sentence)}.</li>`)}</ul>
${outcomeTable(models)}
</section>
${await qualitySection(result)}
${costSection(models)}`,
    footer: html`<p>Created ${minute(result.at)} by pg-reembed. It holds no text of a query or row, and no vectors.</p>`,
  });
}

function outcomeTable(models: readonly ModelComparison[]): Html {
  return table({
    caption: 'Is a migration worth it?',
    columns: [{ name: 'candidate' }, { name: 'outcome', kind: 'tight' }, { name: 'why', kind: 'wide' }],
    rows: models.flatMap(({ name, outcome }) =>
      outcome
        ? [[name, html`<span class="badge ${BADGES[outcome.kind]}">${outcome.kind}</span>`, capital(outcome.reasons.join('; '))]]
        : [],
    ),
  });
}

async function qualitySection(result: Comparison): Promise<Html> {
  const { models, k } = result;
  const plots = differencePlot(models, k);
  return html`<section id="quality" aria-labelledby="quality-head">
<h2 id="quality-head">Quality</h2>
${result.evidence === 'none' ? null : html`<p>${capital(rankedBy(result))}.</p>`}
${await figures(drawPlot, plots, 'Each line is the 95 % interval of a difference: a line to the right of 0 is an improvement beyond chance.')}
${table({
  caption: 'Means over the queries, on exact search',
  columns: [
    { name: 'model' },
    ...['ndcg', 'recall', 'mrr'].flatMap((metric) => [
      { name: metricName(metric, k), kind: 'number' as const },
      { name: 'difference, 95 % interval', kind: 'number' as const },
    ]),
    ...['better/worse/same', metricName('overlap', k)].map((name) => ({ name, kind: 'number' as const })),
  ],
  rows: models.map((one) => [
    one.isPresent ? `${one.name} (present)` : one.name,
    ...[one.ndcg, one.recall, one.mrr].flatMap(judgedCells),
    one.isPresent ? '–' : [one.wins, one.losses, one.ties].map(count).join('/'),
    one.overlap ? percent(one.overlap.value) : '–',
  ]),
})}
${sliceTable(models)}
</section>`;
}

function judgedCells(figure: JudgedFigure | null): Cell[] {
  if (!figure) return ['–', '–'];
  const { value, difference } = figure;
  return [score(value.value), difference ? `${signed(difference.value)} ${interval(difference, signed)}` : '–'];
}

function sliceTable(models: readonly ModelComparison[]): Html | null {
  const rows = models.flatMap(({ name, slices }) =>
    slices.map((one): Cell[] => [
      name,
      `${one.slice} = ${one.value}`,
      count(one.queries),
      score(one.before),
      score(one.after),
      signed(one.after - one.before),
    ]),
  );
  if (rows.length === 0) return null;
  return table({
    caption: 'nDCG by slice',
    columns: [
      { name: 'candidate' },
      { name: 'slice', kind: 'wide' },
      ...['queries', 'present', 'candidate', 'difference'].map((name) => ({ name, kind: 'number' as const })),
    ],
    rows,
    long: true,
  });
}

function costSection(models: readonly ModelComparison[]): Html {
  return html`<section id="costs" aria-labelledby="costs-head">
<h2 id="costs-head">Costs and size</h2>
${table({
  caption: 'For the whole table; bytes as vector and as halfvec, HNSW at m = 16',
  columns: [
    { name: 'model' },
    ...['dimensions', '$ a million tokens', '$ whole table', 'bytes a row', 'index', 'time of a query', 'requests sent'].map((name) => ({
      name,
      kind: 'number' as const,
    })),
  ],
  rows: models.map(({ name, isPresent, dimensions, costs, latencyMs, requests }) => [
    isPresent ? `${name} (present)` : name,
    count(dimensions),
    costs.usdPerMillionTokens === null ? 'not known' : dollars(costs.usdPerMillionTokens),
    costs.usd === null ? 'not known' : dollars(costs.usd),
    bytesText(costs.bytesPerRow, 'no index'),
    bytesText(costs.indexBytes, 'no index'),
    latencyMs === null ? '–' : `${latencyMs.toFixed(0)} ms`,
    count(requests),
  ]),
})}
<p class="quiet">Time of a query: median of requests with one query each; “–” where every vector was cached.</p>
</section>`;
}

function capital(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

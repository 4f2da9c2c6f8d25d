import type { TopLevelSpec } from 'vega-lite';
import type { ReportedMetric } from '../data/figures.ts';
import { interval, metricName, score, signed } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, GROUP_HEIGHT, type ModelLabels, modelColour, type PlotDraft } from './plot.ts';

const JUDGED = ['ndcg', 'mrr', 'recall'];
// The table shows more.
const MOST_SLICES = 16;

/** Plots the judged metrics of both models, and their differences with intervals; an empty array without judgements. */
export function qualityPlots(metrics: readonly ReportedMetric[], labels: ModelLabels, k: number): PlotDraft[] {
  const judged = JUDGED.flatMap((name) => metrics.find(({ metric, slice }) => metric === name && slice === '') ?? []);
  if (judged.length === 0) return [];
  const bars = judged.flatMap((one) =>
    ([one.before, one.after] as const).map((value, i) => ({
      metric: metricName(one.metric, k),
      model: labels[i],
      value,
      label: score(value),
    })),
  );
  return [
    {
      title: 'Old and new model on the judged queries',
      description: judged.map((one) => `${metricName(one.metric, k)}: ${score(one.before)} before, ${score(one.after)} after`).join('; '),
      spec: {
        ...FRAME,
        height: judged.length * GROUP_HEIGHT,
        data: { values: bars },
        encoding: {
          y: { field: 'metric', type: 'nominal', sort: null, title: null },
          yOffset: { field: 'model', type: 'nominal', sort: null },
          x: { field: 'value', type: 'quantitative', title: null, scale: { domain: [0, 1] } },
        },
        layer: [
          { mark: 'bar', encoding: { color: modelColour(labels) } },
          { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { text: { field: 'label' } } },
        ],
      },
    },
    {
      title: 'Difference, new minus old, with its 95 % interval',
      description: judged.map((one) => `${metricName(one.metric, k)} ${signed(one.value)} ${interval(one, signed)}`).join('; '),
      spec: intervals(
        judged.map((one) => ({ ...one, name: metricName(one.metric, k) })),
        'difference',
      ),
    },
  ];
}

/** Plots the difference in nDCG, or else the overlap, in each slice. */
export function slicePlots(metrics: readonly ReportedMetric[], k: number): PlotDraft[] {
  const metric = metrics.some((one) => one.metric === 'ndcg') ? 'ndcg' : 'overlap';
  const slices = Map.groupBy(
    metrics.filter((one) => one.metric === metric && one.slice !== ''),
    ({ slice }) => slice,
  );
  const title = metric === 'ndcg' ? `Difference in nDCG@${k}` : `Overlap@${k}`;
  return [...slices].map(([slice, values]) => {
    const shown = inOrder(values.slice(0, MOST_SLICES));
    return {
      title: `${title} by ${slice}`,
      description: shown.map((one) => `${one.slice_value}: ${one.value.toFixed(3)} ${interval(one)}`).join('; '),
      spec: intervals(
        shown.map((one) => ({ ...one, name: one.slice_value })),
        metric === 'ndcg' ? 'difference' : 'overlap',
      ),
    };
  });
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Sorts slices by value, numbers numerically. */
export function inOrder<Row extends Pick<ReportedMetric, 'slice_value'>>(slices: readonly Row[]): Row[] {
  return slices.toSorted((a, b) => COLLATOR.compare(a.slice_value, b.slice_value));
}

function intervals(values: (ReportedMetric & { name: string })[], title: string): TopLevelSpec {
  const zero: TopLevelSpec[] =
    title === 'difference'
      ? [{ data: { values: [{ zero: 0 }] }, mark: 'rule', encoding: { x: { field: 'zero', type: 'quantitative' } } }]
      : [];
  const y = { field: 'name', type: 'nominal' as const, sort: null, title: null };
  return {
    ...FRAME,
    height: Math.max(1, values.length) * 32,
    layer: [
      ...(zero as []),
      {
        data: { values },
        mark: { type: 'rule', color: COLOURS.blue, strokeWidth: 3 },
        encoding: { y, x: { field: 'low', type: 'quantitative', title: null }, x2: { field: 'high' } },
      },
      {
        data: { values },
        mark: { type: 'point', color: COLOURS.blue, filled: true, size: 90, opacity: 1 },
        encoding: { y, x: { field: 'value', type: 'quantitative', title } },
      },
    ],
  };
}

import type { ReportedMetric } from '../data/figures.ts';
import type { ReportedShadowReads } from '../data/live.ts';
import { milliseconds, minute, percent } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, GROUP_HEIGHT, type ModelLabels, modelColour, type PlotDraft, timeUnit } from './plot.ts';

interface Times {
  name: string;
  before: number | null | undefined;
  after: number | null | undefined;
}

/** Plots median and 95th percentile of search times in the validation and, with shadow reads, in the application. */
export function latencyPlot(metrics: readonly ReportedMetric[], shadow: ReportedShadowReads | null, labels: ModelLabels): PlotDraft[] {
  const of = (name: string) => metrics.find(({ metric, slice }) => metric === name && slice === '');
  const times: Times[] = [
    { name: 'median', ...pick(of('search_p50_ms')) },
    { name: '95th percentile', ...pick(of('search_p95_ms')) },
    { name: 'live median', before: shadow?.old_p50_ms, after: shadow?.new_p50_ms },
    { name: 'live 95th', before: shadow?.old_p95_ms, after: shadow?.new_p95_ms },
  ].filter(({ before, after }) => typeof before === 'number' && typeof after === 'number');
  if (times.length === 0) return [];
  return [
    {
      title: 'A search, in milliseconds',
      description: times
        .map(({ name, before, after }) => `${name}: ${milliseconds(before)} before, ${milliseconds(after)} after`)
        .join('; '),
      spec: {
        ...FRAME,
        height: times.length * GROUP_HEIGHT,
        data: {
          values: times.flatMap(({ name, before, after }) =>
            [before, after].map((value, i) => ({ name, model: labels[i], value, label: milliseconds(value) })),
          ),
        },
        encoding: {
          y: { field: 'name', type: 'nominal', sort: null, title: null },
          yOffset: { field: 'model', type: 'nominal', sort: null },
          x: { field: 'value', type: 'quantitative', title: null },
        },
        layer: [
          { mark: 'bar', encoding: { color: modelColour(labels) } },
          { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { text: { field: 'label' } } },
        ],
      },
    },
  ];
}

/** Plots the overlap of shadow reads over time. */
export function shadowPlot(shadow: ReportedShadowReads | null): PlotDraft[] {
  const points = shadow?.points.filter(({ overlap }) => overlap !== null) ?? [];
  const [first] = points;
  const last = points.at(-1);
  if (!shadow || !first || !last || points.length < 2) return [];
  const unit = timeUnit((last.at.getTime() - first.at.getTime()) / 1000);
  return [
    {
      title: 'Overlap of live searches',
      description: `Mean overlap of ${shadow.reads} shadow reads: ${percent(shadow.overlap ?? 0)}.`,
      spec: {
        ...FRAME,
        height: 180,
        data: { values: points.map(({ at, overlap }) => ({ time: (at.getTime() - first.at.getTime()) / 1000 / unit.seconds, overlap })) },
        mark: { type: 'line', color: COLOURS.blue, point: { color: COLOURS.blue, size: 20 } },
        encoding: {
          x: { field: 'time', type: 'quantitative', title: `${unit.name} since ${minute(first.at)}`, scale: { nice: false } },
          y: { field: 'overlap', type: 'quantitative', title: null, scale: { domain: [0, 1] } },
        },
      },
    },
  ];
}

function pick(metric: ReportedMetric | undefined): Omit<Times, 'name'> {
  return { before: metric?.before, after: metric?.after };
}

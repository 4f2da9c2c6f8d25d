import type { TopLevelSpec } from 'vega-lite';
import { counted } from '../../wording.ts';
import type { ReportedFigures } from '../data/figures.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, type PlotDraft } from './plot.ts';

interface Bar {
  value: string;
  queries: number;
}

/** Plots the number of queries by overlap and, for judged queries, by gain in nDCG. */
export function changePlots({ overlaps, gains }: ReportedFigures, k: number): PlotDraft[] {
  if (overlaps.length === 0) return [];
  const bars = tenths(0, 10);
  for (const one of overlaps) add(bars, one.overlap, one.queries);
  const plots = [
    {
      title: `Share of the ${k} nearest rows that both models return`,
      description: wordsOf(bars),
      spec: histogram(bars, 'overlap'),
    },
  ];
  if (gains.length === 0) return plots;
  const won = tenths(-10, 10);
  for (const one of gains) add(won, one.gain, one.queries);
  const spec = histogram(won, 'nDCG, new minus old');
  return [...plots, { title: `Gain in nDCG@${k}`, description: wordsOf(won), spec }];
}

function tenths(from: number, to: number): Bar[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({ value: nameOf((from + i) / 10), queries: 0 }));
}

function add(bars: Bar[], value: number, queries: number): void {
  const bar = bars.find((one) => one.value === nameOf(value));
  if (bar) bar.queries += queries;
}

function nameOf(value: number): string {
  return (Math.round(10 * value) / 10 + 0).toFixed(1).replace('-', '−');
}

function wordsOf(bars: Bar[]): string {
  const queries = bars.reduce((sum, one) => sum + one.queries, 0);
  const filled = bars.filter((bar) => bar.queries > 0);
  return `Histogram of ${counted(queries, 'query', 'queries')}: ${filled.map((bar) => `${bar.queries} at ${bar.value}`).join(', ')}.`;
}

function histogram(values: Bar[], title: string): TopLevelSpec {
  const few = values.length < 12;
  return {
    ...FRAME,
    height: 200,
    data: { values },
    encoding: {
      x: { field: 'value', type: 'ordinal', sort: null, title, axis: { labelAngle: 0, labelOverlap: true } },
      y: { field: 'queries', type: 'quantitative', title: 'queries' },
    },
    layer: [
      { mark: { type: 'bar', color: COLOURS.blue } },
      {
        mark: { type: 'text', dy: -7, fontSize: few ? 12 : 10 },
        transform: [{ filter: 'datum.queries > 0' }],
        encoding: { text: { field: 'queries' } },
      },
    ],
  };
}

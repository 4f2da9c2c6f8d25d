import type { ReportedFigures } from '../data/figures.ts';
import { percent } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, type PlotDraft } from './plot.ts';

/** How many queries keep how much of their results. */
export function overlapPlot({ overlaps }: ReportedFigures, k: number): PlotDraft[] {
  const queries = overlaps.reduce((sum, one) => sum + one.queries, 0);
  if (queries === 0) return [];
  const bars = Array.from({ length: 11 }, (_, i) => ({ share: (i / 10).toFixed(1), queries: 0 }));
  for (const one of overlaps) {
    const bar = bars[Math.round(10 * one.overlap)];
    if (bar) bar.queries += one.queries;
  }
  const none = bars[0]?.queries ?? 0;
  const all = bars[10]?.queries ?? 0;
  return [
    {
      title: `Share of the ${k} nearest rows that both models return, by query`,
      description: `Histogram of ${queries} queries: ${percent(none / queries)} of them share hardly any result, ${percent(all / queries)} nearly all.`,
      spec: {
        ...FRAME,
        height: 200,
        data: { values: bars },
        encoding: {
          x: { field: 'share', type: 'ordinal', title: 'overlap', axis: { labelAngle: 0 } },
          y: { field: 'queries', type: 'quantitative', title: 'queries' },
        },
        layer: [
          { mark: { type: 'bar', color: COLOURS.blue } },
          { mark: { type: 'text', dy: -7 }, transform: [{ filter: 'datum.queries > 0' }], encoding: { text: { field: 'queries' } } },
        ],
      },
    },
  ];
}

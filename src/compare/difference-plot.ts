import { interval, signed } from '../report/format.ts';
import { COLOURS } from '../report/plots/draw-plot.ts';
import { FRAME, type PlotDraft } from '../report/plots/plot.ts';
import { marginOf } from './outcome.ts';
import type { ModelComparison } from './result.ts';

/** Plots the differences of nDCG with their intervals, and the margin; an empty array without judgements. */
export function differencePlot(models: readonly ModelComparison[], k: number): PlotDraft[] {
  const values = models.flatMap(({ name, ndcg }) => (ndcg?.difference ? [{ name, ...ndcg.difference }] : []));
  const before = models.find(({ isPresent }) => isPresent)?.ndcg?.value.value;
  if (values.length === 0 || before === undefined) return [];
  // Names of models are longer than other labels.
  const y = { field: 'name', type: 'nominal' as const, sort: null, title: null, axis: { labelLimit: 300 } };
  const margin = marginOf(before);
  return [
    {
      title: `nDCG@${k}, candidate minus present vectors; the grey band is the margin`,
      description: values.map((one) => `${one.name}: ${signed(one.value)} ${interval(one, signed)}`).join('; '),
      spec: {
        ...FRAME,
        height: values.length * 32,
        layer: [
          {
            data: { values: [{ from: -margin, to: margin }] },
            mark: { type: 'rect', color: COLOURS.grey, opacity: 0.25 },
            encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
          },
          { data: { values: [{ zero: 0 }] }, mark: 'rule', encoding: { x: { field: 'zero', type: 'quantitative' } } },
          {
            data: { values },
            mark: { type: 'rule', color: COLOURS.blue, strokeWidth: 3 },
            encoding: { y, x: { field: 'low', type: 'quantitative', title: null }, x2: { field: 'high' } },
          },
          {
            data: { values },
            mark: { type: 'point', color: COLOURS.blue, filled: true, size: 90, opacity: 1 },
            encoding: { y, x: { field: 'value', type: 'quantitative', title: 'difference' } },
          },
        ],
      },
    },
  ];
}

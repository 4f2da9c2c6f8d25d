import type { TopLevelSpec } from 'vega-lite';
import { COLOURS } from '../../src/report/plots/draw-plot.ts';
import type { BenchResult, Figures } from '../backfill/figures.ts';

type Figure = 'rowsPerSecond' | 'walBytesPerRow';

/** Groups of contenders, as shown to readers. */
const KINDS = { domain: ['by hand', 'pg-reembed', 'floor'], range: [COLOURS.grey, COLOURS.blue, COLOURS.green] };

function kindOf({ contender }: Pick<Figures, 'contender'>): string {
  if (contender === 'c' || contender === 'd') return 'pg-reembed';
  return contender === 'e' ? 'floor' : 'by hand';
}

/** Heading of a size of table in a plot. */
export function sizeOf({ options }: BenchResult): string {
  return `${options.table.rows.toLocaleString('en-US')} rows of ${options.table.dimensions} dimensions`;
}

/** One bar per contender, in one block per size of table. */
export function barsOf(results: BenchResult[], figure: Figure, title: string): TopLevelSpec {
  return {
    title,
    vconcat: results.map((result) => ({
      title: { text: sizeOf(result), fontSize: 11 },
      data: {
        values: result.contenders.map((figures) => ({
          contender: figures.title,
          kind: kindOf(figures),
          value: figures[figure],
          label: labelOf(figures, figure),
        })),
      },
      width: 480,
      height: { step: 22 },
      encoding: {
        y: { field: 'contender', type: 'nominal', sort: null, title: null, axis: { labelLimit: 260 } },
        x: { field: 'value', type: 'quantitative', title: null },
      },
      layer: [
        { mark: 'bar', encoding: { color: { field: 'kind', type: 'nominal', scale: KINDS, legend: null } } },
        { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { text: { field: 'label' } } },
      ],
    })),
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

function labelOf(figures: Figures, figure: Figure): string {
  const ratio = figures.contender === 'a' ? undefined : figures.ratios.toRowByRow?.[figure];
  const value = Math.round(figures[figure]).toLocaleString('en-US');
  return ratio === undefined || ratio === null ? value : `${value} (× ${ratio.toFixed(ratio < 10 ? 1 : 0)})`;
}

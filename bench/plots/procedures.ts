import type { TopLevelSpec } from 'vega-lite';
import type { BenchResult } from '../backfill/figures.ts';
import { sizeOf } from './bars.ts';

/** One bar per procedure, divided into its steps, next to the floor. */
export function procedures(results: BenchResult[]): TopLevelSpec {
  return {
    title: 'from the old vectors to searches by the new ones, seconds',
    vconcat: results.map((result) => ({
      title: { text: sizeOf(result), fontSize: 11 },
      data: { values: stepsOf(result) },
      width: 480,
      height: { step: 24 },
      mark: 'bar',
      encoding: {
        y: { field: 'procedure', type: 'nominal', sort: null, title: null, axis: { labelLimit: 260 } },
        x: { field: 'seconds', type: 'quantitative', title: null },
        color: {
          field: 'step',
          type: 'nominal',
          sort: null,
          title: null,
          scale: { scheme: 'tableau10' },
          legend: { orient: 'bottom', columns: 4 },
        },
        order: { field: 'order', type: 'quantitative' },
      },
    })),
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

function stepsOf({ procedure }: BenchResult) {
  const all = [...(procedure?.procedures ?? []), { title: 'load and index alone', steps: procedure?.floor ?? [] }];
  return all.flatMap(({ title, steps }) => steps.map((step, order) => ({ procedure: title, order, ...step })));
}

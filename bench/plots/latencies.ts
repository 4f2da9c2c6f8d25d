import type { TopLevelSpec } from 'vega-lite';
import { COLOURS } from '../../src/report/plots/draw-plot.ts';
import type { BenchResult, Figures } from '../backfill/figures.ts';
import { sizeOf } from './bars.ts';

const WHEN = { domain: ['alone', 'beside it'], range: [COLOURS.grey, COLOURS.blue] };
const OPERATIONS = ['reads', 'writes'] as const;
type Operation = (typeof OPERATIONS)[number];

/** For each contender a line from p50 to p99 of the application's latency, alone and with the contender, with a mark at p95. */
export function latencies(results: BenchResult[]): TopLevelSpec {
  return {
    title: 'latency of the application in ms, alone and beside each contender: p50 to p99, a mark at p95',
    columns: OPERATIONS.length,
    concat: results.flatMap((result) =>
      OPERATIONS.filter((operation) => result.contenders.some(({ during }) => (during?.[operation].count ?? 0) > 0)).map((operation) => ({
        title: { text: `${operation}, ${sizeOf(result)}`, fontSize: 11 },
        data: { values: result.contenders.flatMap((figures) => pointsOf(figures, operation)) },
        width: 260,
        height: { step: 12 },
        encoding: {
          y: { field: 'contender', type: 'nominal' as const, sort: null, title: null, axis: { labelLimit: 260 } },
          yOffset: { field: 'when', type: 'nominal' as const, sort: null },
          color: { field: 'when', type: 'nominal' as const, scale: WHEN, title: null, legend: { orient: 'bottom' as const } },
        },
        layer: [
          {
            mark: { type: 'rule' as const, strokeWidth: 3 },
            encoding: {
              x: { field: 'p50', type: 'quantitative' as const, scale: { type: 'log' as const }, title: null },
              x2: { field: 'p99' },
            },
          },
          {
            mark: { type: 'tick' as const, thickness: 3, size: 9 },
            encoding: { x: { field: 'p95', type: 'quantitative' as const, scale: { type: 'log' as const }, title: null } },
          },
        ],
      })),
    ),
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared' } },
  };
}

function pointsOf({ title, idle, during }: Figures, operation: Operation) {
  return [
    { when: 'alone', latency: idle?.[operation] },
    { when: 'beside it', latency: during?.[operation] },
  ].flatMap(({ when, latency }) =>
    latency && latency.count > 0 ? [{ contender: title, when, p50: latency.p50, p95: latency.p95, p99: latency.p99 }] : [],
  );
}

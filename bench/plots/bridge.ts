import type { TopLevelSpec } from 'vega-lite';
import { COLOURS } from '../../src/report/plots/draw-plot.ts';
import type { BridgeResult } from '../bridge/measure-bridge.ts';

const ORDERS = { heap: 'heap order', popular: 'popular rows first' } as const;

/** nDCG@10 over the share of the backfill, for each order, with and without the early index, between the two models alone. */
export function bridgePlot({ points, old, renewed }: BridgeResult): TopLevelSpec {
  const values = points.map(({ order, share, isIndexed, ndcg }) => ({
    share: 100 * share,
    ndcg,
    order: ORDERS[order],
    index: isIndexed ? 'with the early index' : 'old index alone',
  }));
  const models = [
    { ndcg: renewed, model: `new model, all rows: ${renewed.toFixed(3)}` },
    { ndcg: old, model: `old model: ${old.toFixed(3)}` },
  ];
  const y = { field: 'ndcg', type: 'quantitative' as const, title: 'nDCG@10', scale: { domain: [0, 0.7] } };
  return {
    title: 'SciFact, USE-lite to MiniLM: nDCG@10 over the bridge while the backfill advances',
    width: 560,
    height: 300,
    layer: [
      { data: { values: models }, mark: { type: 'rule', strokeDash: [2, 3] }, encoding: { y } },
      {
        data: { values: models },
        mark: { type: 'text', align: 'right', baseline: 'bottom', dy: -3 },
        encoding: { y, x: { value: 560 }, text: { field: 'model' } },
      },
      {
        data: { values },
        mark: { type: 'line', point: true, strokeWidth: 2 },
        encoding: {
          x: { field: 'share', type: 'quantitative', title: 'rows with a new vector, %' },
          y,
          color: {
            field: 'order',
            type: 'nominal',
            title: null,
            scale: { domain: Object.values(ORDERS), range: [COLOURS.blue, COLOURS.green] },
          },
          strokeDash: {
            field: 'index',
            type: 'nominal',
            title: null,
            sort: ['with the early index', 'old index alone'],
            legend: { symbolType: 'stroke' },
          },
        },
      },
    ],
  };
}

import type { ReportedScore } from '../data/figures.ts';
import { score } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, type ModelLabels, modelColour, type PlotDraft } from './plot.ts';

/** Plots the score distributions of results and of random rows in each model. */
export function scorePlots(scores: readonly ReportedScore[], labels: ModelLabels, k: number): PlotDraft[] {
  const values = scores
    .filter(({ score: value }) => Number.isFinite(value))
    .map((one) => ({
      model: labels[one.role === 'old' ? 0 : 1],
      rows: one.rows === 'nearest' ? `${k} nearest rows` : 'random rows',
      score: one.score,
      percent: one.percentile,
    }));
  if (values.length === 0) return [];
  const at = (role: string, rows: string, percentile: number) =>
    score(scores.find((one) => one.role === role && one.rows === rows && one.percentile === percentile)?.score);
  const words = (rows: string) =>
    (['old', 'new'] as const)
      .map((role) => `${at(role, rows, 10)}, ${at(role, rows, 50)} and ${at(role, rows, 90)} in the ${role} model`)
      .join('; ');
  return [
    {
      title: 'Percent of rows that stay below a score',
      description: `Scores below which 10, 50 and 90 % of the rows stay. The ${k} nearest rows: ${words('nearest')}. Random rows: ${words('random')}.`,
      spec: {
        ...FRAME,
        height: 240,
        data: { values },
        mark: { type: 'line', interpolate: 'monotone', strokeWidth: 2.5 },
        encoding: {
          x: { field: 'score', type: 'quantitative', title: 'score', scale: { zero: false } },
          y: { field: 'percent', type: 'quantitative', title: null },
          order: { field: 'percent', type: 'quantitative' },
          color: modelColour(labels),
          strokeDash: {
            field: 'rows',
            type: 'nominal',
            title: null,
            scale: {
              domain: [`${k} nearest rows`, 'random rows'],
              range: [
                [1, 0],
                [3, 4],
              ],
            },
            legend: { orient: 'top', symbolStrokeColor: COLOURS.grey, symbolType: 'stroke', symbolSize: 400 },
          },
        },
      },
    },
  ];
}

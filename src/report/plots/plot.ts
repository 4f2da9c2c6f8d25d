import type { TopLevelSpec } from 'vega-lite';
import { COLOURS } from './draw-plot.ts';

/** What is to be drawn, and what it says to somebody who does not see it. */
export interface PlotDraft {
  title: string;
  description: string;
  spec: TopLevelSpec;
}

/** Labels of the two models, the old one first. */
export type ModelLabels = readonly [old: string, renewed: string];

/** So wide that the letters can be read on a telephone, where a plot is as wide as the page. */
export const WIDTH = 440;

/** A bar for each of the two models. */
export const GROUP_HEIGHT = 54;

/** What all plots have: a width that counts axes and legend in. */
export const FRAME = {
  width: WIDTH,
  autosize: { type: 'fit-x', contains: 'padding' },
  config: {
    axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: 200 },
    legend: { labelFontSize: 12 },
    text: { fontSize: 12 },
  },
} as const;

/** The colour of each model and, below the plot, which is which. */
export function modelColour(labels: ModelLabels) {
  return {
    field: 'model',
    type: 'nominal' as const,
    sort: null,
    title: null,
    scale: { domain: [...labels], range: [COLOURS.grey, COLOURS.blue] },
    legend: { orient: 'bottom' as const, columns: 1, labelLimit: 230 },
  };
}

const UNITS: readonly [name: string, seconds: number][] = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
  ['seconds', 1],
];

/** The unit in which a length of time is at least three, and how many seconds it has. */
export function timeUnit(seconds: number): { name: string; seconds: number } {
  const [name, length] = UNITS.find(([, one]) => seconds >= 3 * one) ?? (['seconds', 1] as const);
  return { name, seconds: length };
}

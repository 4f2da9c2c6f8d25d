import type { TopLevelSpec } from 'vega-lite';
import { COLOURS } from './draw-plot.ts';

/** A plot to be drawn, with a text description for readers who cannot see it. */
export interface PlotDraft {
  title: string;
  description: string;
  spec: TopLevelSpec;
}

/** Labels of the two models, the old one first. */
export type ModelLabels = readonly [old: string, renewed: string];

/** Width of a plot in pixels: letters stay legible on a phone, where a plot is as wide as the page. */
export const WIDTH = 440;

/** Height in pixels of a group with one bar per model. */
export const GROUP_HEIGHT = 54;

/** Common properties of all plots. The width includes axes and legend. */
export const FRAME = {
  width: WIDTH,
  autosize: { type: 'fit-x', contains: 'padding' },
  config: {
    axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: 200 },
    legend: { labelFontSize: 12 },
    text: { fontSize: 12 },
  },
} as const;

/** Colour encoding of the models, with the legend below the plot. */
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

/** Largest unit in which a duration is at least three, and its length in seconds. */
export function timeUnit(seconds: number): { name: string; seconds: number } {
  const [name, length] = UNITS.find(([, one]) => seconds >= 3 * one) ?? (['seconds', 1] as const);
  return { name, seconds: length };
}

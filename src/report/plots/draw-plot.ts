import { mergeConfig, parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

// Lines and letters take the colour of the text around them, which follows the page.
const CURRENT = 'currentColor';
const CONFIG: NonNullable<TopLevelSpec['config']> = {
  aria: false,
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { color: CURRENT, anchor: 'start', fontSize: 14, offset: 14 },
  text: { color: CURRENT },
  rule: { color: CURRENT },
  axis: { labelColor: CURRENT, titleColor: CURRENT, tickColor: CURRENT, domainColor: CURRENT, gridColor: CURRENT, gridOpacity: 0.15 },
  header: { labelColor: CURRENT, titleColor: CURRENT, labelFontWeight: 'bold' },
  legend: { labelColor: CURRENT, titleColor: CURRENT, labelLimit: 240 },
};

/** Seen on white and on black. */
export const COLOURS = { grey: '#8b949e', blue: '#3b82f6', green: '#10a37f' } as const;

/** A plot as the text of an SVG element whose lines and letters have the colour of the text around it. */
export async function drawPlot(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile({ ...spec, config: mergeConfig(CONFIG, spec.config ?? {}) }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

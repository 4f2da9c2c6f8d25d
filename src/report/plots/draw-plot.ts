import type { TopLevelSpec } from 'vega-lite';
import { requirePackages } from '../../optional-packages.ts';

// Lines and text take the colour of the surrounding text, which follows the page's theme.
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

/** Visible on white and on black. */
export const COLOURS = { grey: '#8b949e', blue: '#3b82f6', green: '#10a37f' } as const;

/**
 * Refuses to make a page whose plots cannot be drawn; called before anything is paid or read.
 *
 * @param purpose what has plots, as the subject of a sentence
 * @throws PackageMissing
 */
export function requirePlots(purpose: string): void {
  requirePackages(purpose, ['vega', 'vega-lite'], 'print the data instead: --json');
}

/** Renders a plot as an SVG element. Lines and text take the colour of the surrounding text. */
export async function drawPlot(spec: TopLevelSpec): Promise<string> {
  // Takes most of a second to load.
  const [{ mergeConfig, parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new View(parse(compile({ ...spec, config: mergeConfig(CONFIG, spec.config ?? {}) }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

import { writeFileSync } from 'node:fs';
import type { TopLevelSpec } from 'vega-lite';
import { drawPlot } from '../../src/report/plots/draw-plot.ts';
import type { BenchResult } from '../backfill/figures.ts';
import { barsOf } from './bars.ts';
import { latencies } from './latencies.ts';
import { procedures } from './procedures.ts';

/** A plot as the text of an SVG file. */
export interface Plot {
  name: string;
  svg: string;
}

// A standalone file has no surrounding text whose colour it could use.
const STYLE = '<style>svg{color:#1f2328}@media (prefers-color-scheme:dark){svg{color:#e6edf3}}</style>';

/** Draws the plots for which the results have figures. */
export async function drawPlots(results: BenchResult[]): Promise<Plot[]> {
  const bySize = results.toSorted((a, b) => a.options.table.rows - b.options.table.rows);
  const filled = bySize.filter(({ contenders }) => contenders.length > 0);
  const live = filled.filter(({ contenders }) => contenders.some(({ during }) => during));
  const travelled = bySize.filter(({ procedure }) => procedure);
  return Promise.all([
    ...(filled.length > 0
      ? [
          render('rows-per-second', barsOf(filled, 'rowsPerSecond', 'rows filled a second; more is better')),
          render('wal', barsOf(filled, 'walBytesPerRow', 'write-ahead log, bytes a row; less is better')),
        ]
      : []),
    ...(live.length > 0 ? [render('latency', latencies(live))] : []),
    ...(travelled.length > 0 ? [render('procedure', procedures(travelled))] : []),
  ]);
}

/** Draws one plot into a file. */
export async function drawFile(spec: TopLevelSpec, path: string): Promise<void> {
  writeFileSync(path, (await render(path, spec)).svg);
}

async function render(name: string, spec: TopLevelSpec): Promise<Plot> {
  const svg = await drawPlot(spec);
  return { name, svg: svg.replace(/^<svg[^>]*>/, (tag) => `${tag}${STYLE}`) };
}

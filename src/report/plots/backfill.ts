import { formatSeconds } from '../../wording.ts';
import type { ReportedProgress } from '../data/progress.ts';
import { count, minute } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, type PlotDraft, timeUnit } from './plot.ts';

/** Plots rows settled over time in steps, and rows settled per second; an empty array before the first batch is done. */
export function backfillPlots({ points, rates, longest_pause_seconds: pause }: ReportedProgress, planned: number): PlotDraft[] {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return [];
  const unit = timeUnit((last.at.getTime() - first.at.getTime()) / 1000);
  const since = (at: Date) => (at.getTime() - first.at.getTime()) / 1000 / unit.seconds;
  const x = { field: 'time', type: 'quantitative' as const, title: `${unit.name} since ${minute(first.at)}`, scale: { nice: false } };
  const plots: PlotDraft[] = [
    {
      title: 'Rows with their new vector',
      description: `Steps from 0 to ${count(last.rows)} of ${count(planned)} rows in ${since(last.at).toFixed(1)} ${unit.name}, one for each time at which batches were finished. Longest time without a finished batch: ${formatSeconds(pause ?? 0)}.`,
      spec: {
        ...FRAME,
        height: 180,
        data: { values: points.map(({ at, rows }) => ({ time: since(at), rows })) },
        mark: { type: 'area', interpolate: 'step-after', line: { color: COLOURS.blue }, color: COLOURS.blue, fillOpacity: 0.2 },
        encoding: { x, y: { field: 'rows', type: 'quantitative', title: null, scale: { domainMax: Math.max(planned, last.rows, 1) } } },
      },
    },
  ];
  if (rates.length === 0) return plots;
  const fastest = Math.max(...rates.map(({ rows_per_second }) => rows_per_second));
  return [
    ...plots,
    {
      title: 'Rows a second',
      description: `Rows settled per second in ${rates.length} equal intervals of the same time, at most ${count(Math.round(fastest))}.`,
      spec: {
        ...FRAME,
        height: 180,
        data: { values: rates.map(({ at, rows_per_second }) => ({ time: since(at), rate: rows_per_second })) },
        mark: { type: 'area', interpolate: 'step-before', line: { color: COLOURS.blue }, color: COLOURS.blue, fillOpacity: 0.2 },
        encoding: { x, y: { field: 'rate', type: 'quantitative', title: null } },
      },
    },
  ];
}

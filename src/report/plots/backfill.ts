import type { ReportedProgress } from '../data/progress.ts';
import { count, minute } from '../format.ts';
import { COLOURS } from './draw-plot.ts';
import { FRAME, type PlotDraft, timeUnit } from './plot.ts';

// With fewer batches, the rate mainly shows when batches happened to end.
const FEWEST_BATCHES = 20;

/** Plots rows settled over time, and rows settled per second; an empty array before the first batch is done. */
export function backfillPlots({ points, batches_done }: ReportedProgress, planned: number): PlotDraft[] {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return [];
  const seconds = (last.at.getTime() - first.at.getTime()) / 1000;
  const unit = timeUnit(seconds);
  const values = points.map(({ at, rows, rows_per_second }) => ({
    time: (at.getTime() - first.at.getTime()) / 1000 / unit.seconds,
    rows,
    rate: rows_per_second,
  }));
  const x = { field: 'time', type: 'quantitative' as const, title: `${unit.name} since ${minute(first.at)}`, scale: { nice: false } };
  const fastest = Math.max(...values.map(({ rate }) => rate ?? 0));
  const plots: PlotDraft[] = [
    {
      title: 'Rows with their new vector',
      description: `Line from 0 to ${count(last.rows)} of ${count(planned)} rows in ${(seconds / unit.seconds).toFixed(1)} ${unit.name}.`,
      spec: {
        ...FRAME,
        height: 180,
        data: { values },
        mark: { type: 'area', line: { color: COLOURS.blue }, color: COLOURS.blue, fillOpacity: 0.2 },
        encoding: { x, y: { field: 'rows', type: 'quantitative', title: null, scale: { domainMax: Math.max(planned, last.rows, 1) } } },
      },
    },
  ];
  if (batches_done < FEWEST_BATCHES) return plots;
  return [
    ...plots,
    {
      title: 'Rows a second',
      description: `Rows settled per second over the same time, at most ${count(Math.round(fastest))}.`,
      spec: {
        ...FRAME,
        height: 180,
        data: { values: values.slice(1) },
        mark: { type: 'area', interpolate: 'step-before', line: { color: COLOURS.blue }, color: COLOURS.blue, fillOpacity: 0.2 },
        encoding: { x, y: { field: 'rate', type: 'quantitative', title: null } },
      },
    },
  ];
}

import { drawChart } from './chart.js';

// A point is a minute.
const SPAN = { shownMs: 3_600_000, gapMs: 90_000 };

/**
 * Charts of the last hour for each of the models whose provider was asked.
 *
 * @param rows minutes of all models
 * @param models those to show
 */
export function drawProvider(rows, models, now) {
  return models.flatMap((model) => {
    const minutes = rows.filter((row) => row.model === model);
    if (minutes.length === 0) return [];
    const line = (label, key) => ({
      label,
      points: minutes.filter((row) => row[key] !== null).map((row) => [Date.parse(row.at), row[key]]),
    });
    return [
      drawChart(
        `Answers of ${model}: mean of a minute (solid) and slowest (dashed)`,
        'ms',
        [line('mean', 'mean_ms'), line('slowest', 'slowest_ms')],
        now,
        SPAN,
      ),
      drawChart(
        `Requests of ${model} answered with 429 (solid), and failed otherwise (dashed)`,
        'a minute',
        [line('429', 'overloaded'), line('failed otherwise', 'failed')],
        now,
        SPAN,
      ),
    ];
  });
}

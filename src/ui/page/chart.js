import { element, formatNumber } from './element.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [600, 120];

/** How much time a chart shows. */
export const SHOWN_MS = 600_000;

// Longer without a point, and the line has a gap.
const GAP_MS = 45_000;

const MINUTE_MS = 60_000;
/** length of the stroke for a point without a neighbour */
const LONE = 6;

/**
 * Draws lines over the last minutes: ten, unless `span` says otherwise.
 *
 * @param lines at most two, each with a label and points `[time, value]` in the order of time
 * @param now right end
 * @param span.gapMs longer without a point, and a line has a gap
 */
export function drawChart(title, unit, lines, now, { shownMs, gapMs } = { shownMs: SHOWN_MS, gapMs: GAP_MS }) {
  const from = now - shownMs;
  const shown = lines.map(({ label, points }) => ({ label, points: points.filter(([at]) => at >= from && at <= now) }));
  const values = shown.flatMap(({ points }) => points.map(([, value]) => value));
  const top = Math.max(1e-9, ...values);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', summary(title, unit, shown));
  for (const [at, { points }] of shown.entries()) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', outline(points, { from, top, shownMs, gapMs }));
    if (at > 0) path.setAttribute('class', 'second');
    svg.append(path);
  }
  const highest = values.length === 0 ? 'no data yet' : `up to ${formatNumber(top, top < 10 ? 1 : 0)} ${unit}`;
  return element(
    'figure',
    {},
    element('figcaption', {}, title),
    element('div', { class: 'quiet' }, highest),
    svg,
    element('div', { class: 'quiet ends' }, element('span', {}, `${shownMs / MINUTE_MS} minutes ago`), element('span', {}, 'now')),
  );
}

function outline(points, { from, top, shownMs, gapMs }) {
  return points
    .map(([at, value], i) => {
      const x = ((at - from) / shownMs) * WIDTH;
      const y = HEIGHT - (value / top) * (HEIGHT - 4);
      const starts = i === 0 || at - points[i - 1][0] > gapMs;
      const ends = i === points.length - 1 || points[i + 1][0] - at > gapMs;
      // A point alone would not be seen.
      if (starts && ends) return `M${(x - LONE / 2).toFixed(1)} ${y.toFixed(1)}h${LONE}`;
      return `${starts ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

function summary(title, unit, lines) {
  const parts = lines.map(({ label, points }) => {
    if (points.length === 0) return `${label}: no data`;
    return `${label}: last ${formatNumber(points.at(-1)[1], 1)} ${unit}, highest ${formatNumber(Math.max(...points.map(([, value]) => value)), 1)}`;
  });
  return `${title}. ${parts.join('; ')}`;
}

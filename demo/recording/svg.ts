import { type Line, type Piece, textOf } from './terminal.ts';

const LINE_HEIGHT = 18;
const CHARACTER_WIDTH = 7.83;
const PADDING = 16;
const TITLE_HEIGHT = 28;
// What takes longer is shortened: a reader waits for nothing.
const LONGEST_PAUSE_MS = 1500;
const LAST_FRAME_MS = 6000;
const COLOURS: Record<number, string> = { 1: '#ffffff', 2: '#8b949e', 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' };

/** Draws a recording as an animated SVG without script: each line appears when it was printed. Readers without animation see all lines. */
export function drawRecording(title: string, lines: readonly Line[]): string {
  const columns = Math.max(...lines.map((line) => textOf(line).length));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * PADDING);
  const height = TITLE_HEIGHT + lines.length * LINE_HEIGHT + 2 * PADDING;
  const times = shortened(lines.map(({ at }) => at));
  const total = (times.at(-1) ?? 0) + LAST_FRAME_MS;
  const rules = [...new Set(times)].map((time) => {
    const share = ((100 * time) / total).toFixed(2);
    return `@keyframes at${time}{0%,${share}%{opacity:0}${share}%,100%{opacity:1}}.at${time}{animation:at${time} ${total}ms step-end infinite}`;
  });
  const rows = lines.map((line, position) => {
    const y = TITLE_HEIGHT + PADDING + (position + 0.75) * LINE_HEIGHT;
    return `<text class="at${times[position]}" x="${PADDING}" y="${y}">${line.pieces.map(drawPiece).join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}
@media (prefers-reduced-motion:no-preference){${rules.join('')}}</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="18" cy="15" r="5" fill="#ff5f57"/><circle cx="36" cy="15" r="5" fill="#febc2e"/><circle cx="54" cy="15" r="5" fill="#28c840"/>
${rows.join('\n')}
</svg>
`;
}

function drawPiece({ text, styles }: Piece): string {
  const fill = styles.map((style) => COLOURS[style]).findLast((colour) => colour !== undefined);
  const weight = styles.includes(1) ? ' font-weight="bold"' : '';
  return fill === undefined ? escaped(text) : `<tspan fill="${fill}"${weight}>${escaped(text)}</tspan>`;
}

/** Times in whole milliseconds from the first line on, without long pauses. */
function shortened(times: readonly number[]): number[] {
  let before = times[0] ?? 0;
  let sum = 0;
  return times.map((time) => {
    sum += Math.min(LONGEST_PAUSE_MS, time - before);
    before = time;
    return Math.round(sum);
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

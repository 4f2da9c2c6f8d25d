import { html } from 'hono/html';

/** Markup whose interpolated values are escaped. */
export type Html = ReturnType<typeof html>;

/** Content of a cell. Text is escaped. */
export type Cell = Html | string | number | null;

/** A column and the layout of its cells. */
export interface Column {
  name: string;
  /** number: right-aligned; tight: never wrapped; wide: wrapped, with a minimum width */
  kind?: 'number' | 'tight' | 'wide';
}

/** Options of a table. */
export interface TableOptions {
  caption: string;
  columns: Column[];
  /** the first cell of a row is its header */
  rows: Cell[][];
  /** whether the table scrolls within itself when it is longer than half a page */
  long?: boolean;
}

/** Renders a table that scrolls horizontally on narrow pages, also by keyboard. */
export function table({ caption, columns, rows, long = false }: TableOptions): Html {
  return html`<figure class="data"><figcaption>${caption}</figcaption><div class="scroll${long ? ' long' : ''}" role="region" aria-label="${caption}" tabindex="0"><table aria-label="${caption}">
<thead><tr>${columns.map(({ name, kind = '' }) => html`<th scope="col" class="${kind}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => tableCell(cell, columns[i]?.kind ?? '', i === 0))}</tr>\n`)}</tbody>
</table></div></figure>`;
}

function tableCell(cell: Cell, kind: string, isHead: boolean): Html {
  return isHead ? html`<th scope="row" class="${kind}">${cell}</th>` : html`<td class="${kind}">${cell}</td>`;
}

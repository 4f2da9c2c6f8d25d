import { html } from 'hono/html';

/** Markup in which every value was escaped. */
export type Html = ReturnType<typeof html>;

/** Whatever may stand in a cell; text is escaped. */
export type Cell = Html | string | number | null;

/** A column and how its cells are set. */
export interface Column {
  name: string;
  /** number: to the right; tight: never broken; wide: broken, but not too narrow */
  kind?: 'number' | 'tight' | 'wide';
}

/** How a table is shown. */
export interface TableOptions {
  caption: string;
  columns: Column[];
  /** the first cell of a row is its head */
  rows: Cell[][];
  /** whether it scrolls within itself once it is longer than half a page */
  long?: boolean;
}

/** A table that scrolls within itself where the page is narrower; by keyboard too. */
export function table({ caption, columns, rows, long = false }: TableOptions): Html {
  return html`<figure class="data"><figcaption>${caption}</figcaption><div class="scroll${long ? ' long' : ''}" role="region" aria-label="${caption}" tabindex="0"><table aria-label="${caption}">
<thead><tr>${columns.map(({ name, kind = '' }) => html`<th scope="col" class="${kind}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => tableCell(cell, columns[i]?.kind ?? '', i === 0))}</tr>\n`)}</tbody>
</table></div></figure>`;
}

function tableCell(cell: Cell, kind: string, isHead: boolean): Html {
  return isHead ? html`<th scope="row" class="${kind}">${cell}</th>` : html`<td class="${kind}">${cell}</td>`;
}

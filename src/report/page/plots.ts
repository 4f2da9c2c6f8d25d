import { html, raw } from 'hono/html';
import type { PlotDraft } from '../plots/plot.ts';
import type { Html } from './table.ts';

/** Draws a plot. The drawing module is loaded only for a page. */
export type Draw = (spec: PlotDraft['spec']) => Promise<string>;

/**
 * Places plots side by side if there is room.
 *
 * @param reading how to read the plots; shown beside a single plot, above several
 */
export async function figures(draw: Draw, drafts: PlotDraft[], reading?: string): Promise<Html | null> {
  if (drafts.length === 0) return null;
  const drawn = await Promise.all(
    drafts.map(async ({ title, description, spec }) => {
      // vega escapes the texts it draws.
      const svg = raw(await draw(spec));
      return html`<figure><figcaption>${title}</figcaption><div role="img" aria-label="${description}">${svg}</div></figure>`;
    }),
  );
  const note = reading === undefined ? null : html`<p class="quiet">${reading}</p>`;
  return drafts.length === 1 ? html`<div class="plots">${drawn}${note}</div>` : html`${note}<div class="plots">${drawn}</div>`;
}

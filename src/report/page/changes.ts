import { html } from 'hono/html';
import type { ChangedQuery, ReportedResult } from '../data/changed-queries.ts';
import { score } from '../format.ts';
import { changePlots } from '../plots/overlap.ts';
import type { Report } from '../read-report.ts';
import { type Draw, figures } from './plots.ts';
import type { Html } from './table.ts';

const READING =
  'Each bar counts queries. Two good models may share few results: overlap measures how much changes for users, judged queries measure whether results improve.';

/** Section on overlap, and on the queries that changed most. */
export async function changesSection(report: Report, draw: Draw): Promise<Html | null> {
  const { validation, runs, with_text } = report;
  if (!validation) return null;
  const k = runs[0]?.k ?? 10;
  const queries = validation.changed_queries;
  return html`<section id="changes" aria-labelledby="changes-head">
<h2 id="changes-head">What changes for users</h2>
${await figures(draw, changePlots(validation.figures, k), READING)}
${
  queries.length === 0
    ? null
    : html`<h3>Queries that changed most</h3>
<p class="quiet">${isJudged(queries) ? html`The queries that lost most nDCG come first, then those that gained most. ${MARK} marks rows that are judged relevant.` : 'The queries with the fewest common results.'} Rows on a coloured background are not in the other list. ${
        with_text
          ? 'Rows are shown by their key and the start of their current text.'
          : html`Rows are shown by their key. To show texts too, which may be personal data: <code>${withTextCommand(report)}</code>.`
      }</p>
${queries.map((query, i) => queryDetails(query, runs[0]?.id, i === 0))}`
}
</section>`;
}

// Not by colour alone.
const MARK = html`<b class="right"><span aria-hidden="true">✓</span> right</b>`;

function isJudged(queries: ChangedQuery[]): boolean {
  return queries.some(({ ndcg_before }) => ndcg_before !== null);
}

/** A campaign's name consists of characters that need no quotes in a shell. */
function withTextCommand({ campaign }: Report): string {
  return `npm run report -- --campaign ${campaign.name} --with-text`;
}

function queryDetails(query: ChangedQuery, newest: string | undefined, isOpen: boolean): Html {
  const name =
    query.key === null ? `query ${query.ordinal}${query.validation === newest ? '' : ` of run ${query.validation}`}` : `row ${query.key}`;
  const ndcg = query.ndcg_before === null ? '' : `, nDCG ${score(query.ndcg_before)} → ${score(query.ndcg_after)}`;
  const figures = `overlap ${query.overlap.toFixed(2)}${ndcg}`;
  const head =
    query.text === undefined
      ? html`<b>${name}</b> <span class="quiet">${figures}</span>`
      : html`<bdi>${query.text}</bdi> <span class="quiet">${name}, ${figures}</span>`;
  const places = (results: ReportedResult[]) => new Map(results.map(({ key }, i) => [key, i + 1]));
  return html`<details${isOpen ? html` open` : null}>
<summary>${head}</summary>
<div class="lists">${resultList('Old model', query.before, places(query.after), 'now')}${resultList('New model', query.after, places(query.before), 'was')}</div>
${isLost(query) ? html`<p class="quiet">No row that is judged relevant is in either list.</p>` : null}
</details>`;
}

function isLost({ before, after, ndcg_before }: ChangedQuery): boolean {
  return ndcg_before !== null && [...before, ...after].every(({ relevant }) => relevant === false);
}

function resultList(name: string, results: ReportedResult[], others: Map<string, number>, word: 'now' | 'was'): Html {
  if (results.length === 0) return html`<div><h4>${name}</h4><p class="quiet">no result</p></div>`;
  return html`<div><h4>${name}</h4><ol>${results.map(({ key, score: value, text, relevant }) => {
    const place = others.get(key);
    const moved = place === undefined ? (word === 'now' ? 'gone' : 'new') : `${word} ${place}`;
    return html`<li class="${place === undefined ? 'moved' : ''}"><b>${key}</b>${relevant ? html` ${MARK}` : null} <span class="quiet">${score(value)}, ${moved}</span>${text === undefined ? null : html`<bdi>${text}</bdi>`}</li>`;
  })}</ol></div>`;
}

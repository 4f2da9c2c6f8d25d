import { element, formatTime } from './element.js';
import { table } from './tables.js';

/** Shows the comparison of models that the command was given, if any. */
export async function showLeaderboard(where) {
  const answer = await fetch('/comparison').catch(() => undefined);
  if (!answer) return;
  const comparison = await answer.json();
  if (comparison === null) return;
  if (!answer.ok) {
    where.replaceChildren(element('article', {}, element('h2', {}, 'Comparison of models'), element('p', {}, comparison.problem)));
    return;
  }
  const { column, at, notes, quality, costs, outcomes } = comparison;
  where.replaceChildren(
    element(
      'article',
      {},
      element('h2', {}, `Comparison of models: ${column}`),
      element('p', { class: 'quiet' }, formatTime(at)),
      ...notes.map((note) => element('p', {}, note)),
      scrolling('Quality', quality),
      scrolling('Costs', costs),
      ...outcomes.flatMap(({ model, outcome, reasons }) => [
        element('h3', {}, `${model}: ${outcome}`),
        element('ul', {}, ...reasons.map((reason) => element('li', {}, reason))),
      ]),
    ),
  );
}

function scrolling(label, [head, ...rows]) {
  const cells = rows.map((row) => row.map((text) => element('td', {}, text)));
  return element('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, table(label, head, cells));
}

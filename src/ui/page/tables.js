import { createPart, element, formatNumber, formatTime } from './element.js';

/** A table in a region that scrolls by keyboard. */
export function table(label, head, rows) {
  return element(
    'table',
    { 'aria-label': label },
    element('thead', {}, element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells))),
  );
}

const cell = (text) => element('td', {}, text);
const textCell = (text) => element('td', { class: 'text' }, text);

/**
 * A part of a target that opens and closes.
 *
 * @param target full name
 * @param draw returns the children for the rows
 * @returns the element, and what shows rows in it; null hides it
 */
function createSection(target, title, draw, more = []) {
  const count = element('span');
  const region = element('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': `${title}: ${target}` });
  const details = element('details', {}, element('summary', {}, `${title} `, count), region, ...more);
  const show = createPart(region, draw);
  return {
    details,
    show(rows, counted = rows?.length) {
      details.hidden = rows === null;
      if (rows === null) return;
      count.textContent = `(${formatNumber(counted)})`;
      region.hidden = rows.length === 0;
      show(rows);
    },
  };
}

/** Batches whose last attempt failed. */
export function createFailedBatches(target) {
  return createSection(target, 'Batches that failed and will be tried again', (rows) => [
    table(
      'Failed batches',
      ['batch', 'attempts', 'failed', 'why'],
      rows.map((row) => [cell(row.id), cell(row.attempts), cell(formatTime(row.failed_at)), textCell(row.error)]),
    ),
  ]);
}

/** Alerts that are open. */
export function createAlerts(target) {
  return createSection(target, 'Open alerts', (rows) => [
    table(
      'Open alerts',
      ['since', 'alert', 'severity', 'what'],
      rows.map((row) => [cell(formatTime(row.opened_at)), cell(row.kind), cell(row.severity), textCell(row.message)]),
    ),
  ]);
}

/** Settings, with those marked that differ from the default. */
export function createSettings(target) {
  return createSection(target, 'Settings', (rows) => [
    table(
      'Settings',
      ['setting', 'value', 'default', 'meaning'],
      rows.map((row) => [
        cell(row.name),
        element('td', {}, row.value ?? 'none', ...(row.changed ? [' ', element('span', { class: 'badge changed' }, 'changed')] : [])),
        cell(row.default ?? (row.changed ? 'none' : '')),
        textCell(row.meaning),
      ]),
    ),
  ]);
}

/**
 * Rows that cannot be embedded, with a button for the messages about them, which may quote their texts.
 *
 * @param target full name
 */
export function createFailedRows(target) {
  const button = element('button', { type: 'button', 'aria-expanded': 'false' }, 'Show messages, which may quote texts');
  const messages = element('div', {
    class: 'scroll',
    role: 'region',
    tabindex: '0',
    'aria-label': `Messages about failed rows: ${target}`,
    hidden: true,
  });
  button.addEventListener('click', async () => {
    const opens = messages.hidden;
    button.setAttribute('aria-expanded', String(opens));
    messages.hidden = !opens;
    // What was shown is not kept behind a closed part.
    messages.replaceChildren(...(opens ? await readMessages(target) : []));
  });
  const section = createSection(
    target,
    'Rows that cannot be embedded',
    (rows) => [
      table(
        'Failed rows',
        ['key', 'class', 'attempts', 'failed'],
        rows.map((row) => [textCell(JSON.stringify(row.key)), cell(row.class), cell(row.attempts), cell(formatTime(row.failed_at))]),
      ),
    ],
    [button, messages],
  );
  return {
    details: section.details,
    show(rows, counted) {
      section.show(rows, counted);
      button.hidden = !rows?.length;
    },
  };
}

async function readMessages(target) {
  try {
    const answer = await fetch('/messages');
    const rows = await answer.json();
    if (!answer.ok) return [element('p', {}, rows.problem)];
    const own = rows.filter((row) => row.target === target);
    return [
      table(
        'Messages about failed rows',
        ['key', 'model', 'message'],
        own.map((row) => [textCell(JSON.stringify(row.key)), cell(row.model), textCell(row.words ?? 'no message')]),
      ),
    ];
  } catch {
    return [element('p', {}, 'The messages could not be read.')];
  }
}

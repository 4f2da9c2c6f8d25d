// Control characters, bidirectional marks and invisible characters, which would change how the text around them looks.
const UNSEEN = /(?!\n)[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Text of somebody else, for a text node. */
export function plain(text) {
  return String(text ?? '').replace(UNSEEN, '');
}

/**
 * Creates an element. Texts become text nodes, so that no text of a database is ever read as HTML.
 *
 * @param attributes `undefined` and `false` leave an attribute out
 */
export function element(name, attributes = {}, ...children) {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) created.setAttribute(key, value === true ? '' : plain(value));
  created.append(...children.map((child) => (child instanceof Node ? child : plain(child))));
  return created;
}

/**
 * A container whose content is drawn again only when its data changed, so that focus, selection and scrolling stay.
 *
 * @param draw returns the children
 */
export function createPart(container, draw) {
  let before;
  return (data) => {
    const now = JSON.stringify(data);
    if (now === before) return;
    before = now;
    container.replaceChildren(...draw(data));
  };
}

/** Formats a number with thousands separators. */
export function formatNumber(value, digits = 0) {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** A count with its noun: 1 row, 2 rows. */
export function counted(count, one, many = `${one}s`) {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** Formats a duration. */
export function formatSeconds(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

/** Formats a time of the server in the time zone of the reader, which it names: 2026-11-30 21:58:23 UTC. */
export function formatTime(text) {
  // Swedish writes dates as the rest of pg-reembed does.
  const time = new Date(text).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(new Date(text));
  return `${time} ${zone.find(({ type }) => type === 'timeZoneName').value}`;
}

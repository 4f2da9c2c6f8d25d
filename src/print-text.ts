// Control characters, which move the cursor, change colours or ring the bell; bidirectional marks, which change the
// visible order of a line; separators that only some programs treat as line ends; and invisible characters.
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Untrusted text for printing on one line: characters that a terminal or chat would interpret are written as escapes,
 * such as \x1b or \u202e. Used for texts of rows, names from the catalog and of files, and messages of servers.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** The same for text of several lines; line breaks are kept. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

// Escape sequences that styleText() returns for the styles in use. Untrusted text is made visible before styling, so
// none of these sequences comes from it.
const ESCAPE = '\x1b';
const OWN_STYLES = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|33|36|39)m)`);

/** The same for lines that we styled ourselves. */
export function visibleStyled(text: string): string {
  return text
    .split(OWN_STYLES)
    .map((part, at) => (at % 2 === 1 ? part : visibleLines(part)))
    .join('');
}

/** A copy of rows or findings with every text in them made visible; dates and numbers are unchanged. */
export function visibleAll<T>(value: T): T {
  if (typeof value === 'string') return visibleLines(value) as T;
  if (Array.isArray(value)) return value.map(visibleAll) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visible(key), visibleAll(inner)])) as T;
}

/** JSON for a program that reads stdout, which may also be a terminal. Parsing it returns the unchanged texts. */
export function jsonText(value: unknown, indent?: number): string {
  const asJson = (character: string) => `\\u${hex(character).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replace(UNSEEN, (character) => (character === '\n' ? character : asJson(character)));
}

const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = hex(character);
  return SHORT_ESCAPES[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

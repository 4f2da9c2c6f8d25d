// Control characters, which move the cursor, colour or ring; marks of direction, which let a line read otherwise than it is; separators
// that end a line in some programs only; and what nobody sees.
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Text of others as it may be printed on one line: whatever a terminal or a chat would act on instead of showing it is written as an
 * escape, such as \x1b or \u202e. Used for texts of rows, names of the catalog and of files, and messages of servers.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** The same for text of several lines, which stay lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

// What styleText() gives of the styles in use. Text of others is made visible before it is styled, so that none of these is its own.
const ESCAPE = '\x1b';
const OWN_STYLES = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|33|39)m)`);

/** The same for lines that we styled ourselves. */
export function visibleStyled(text: string): string {
  return text
    .split(OWN_STYLES)
    .map((part, at) => (at % 2 === 1 ? part : visibleLines(part)))
    .join('');
}

/** A copy of rows or findings with every text in them made visible; dates and numbers stay what they are. */
export function visibleAll<T>(value: T): T {
  if (typeof value === 'string') return visibleLines(value) as T;
  if (Array.isArray(value)) return value.map(visibleAll) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visible(key), visibleAll(inner)])) as T;
}

/** JSON for a program that reads stdout, which may also be a terminal. The texts in it are unchanged once it is parsed. */
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

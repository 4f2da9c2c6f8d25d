import test from 'ava';
import { jsonText, visible, visibleAll, visibleLines, visibleStyled } from '../src/print-text.ts';

const CASES: { about: string; text: string; shown: string }[] = [
  { about: 'plain text stays as it is', text: 'Größe 5, "quoted" \\ 日本語 👩‍💻', shown: 'Größe 5, "quoted" \\ 日本語 👩‍💻' },
  { about: 'an ANSI escape', text: '\x1b[31mred\x1b[0m', shown: '\\x1b[31mred\\x1b[0m' },
  { about: 'an escape in one byte of C1', text: '\x9b2J\x85', shown: '\\x9b2J\\x85' },
  { about: 'a terminal title', text: '\x1b]0;owned\x07', shown: '\\x1b]0;owned\\x07' },
  { about: 'carriage return, backspace, delete, null', text: 'a\rb\bc\x7fd\0', shown: 'a\\rb\\x08c\\x7fd\\x00' },
  { about: 'lines and tabs on one line', text: 'a\nb\tc', shown: 'a\\nb\\tc' },
  { about: 'separators of lines', text: 'a\u2028b\u2029c', shown: 'a\\u2028b\\u2029c' },
  { about: 'overrides of direction', text: '\u202eevil\u202c \u202a\u202b\u202d', shown: '\\u202eevil\\u202c \\u202a\\u202b\\u202d' },
  { about: 'isolates', text: '\u2066\u2067\u2068\u2069', shown: '\\u2066\\u2067\\u2068\\u2069' },
  { about: 'marks of direction', text: '\u200e\u200f\u061c', shown: '\\u200e\\u200f\\u061c' },
  { about: 'what has no width', text: 'a\u200bb\u2060c\ufeff', shown: 'a\\u200bb\\u2060c\\ufeff' },
];

for (const { about, text, shown } of CASES) {
  test(`control characters in foreign text are made visible: ${about}`, (t) => {
    t.is(visible(text), shown);
    t.is(visible(shown), shown);
  });
}

test('text of several lines keeps its lines and nothing else', (t) => {
  t.is(visibleLines('a\nb\r\n\x1b[2Jc'), 'a\nb\\r\n\\x1b[2Jc');
});

test('styles of ours pass, any other sequence does not', (t) => {
  t.is(visibleStyled('\x1b[1mbold\x1b[22m \x1b[8mhidden \x1b[2J\n'), '\x1b[1mbold\x1b[22m \\x1b[8mhidden \\x1b[2J\n');
});

test('rows are made visible throughout, and keep their dates and numbers', (t) => {
  const at = new Date();
  t.deepEqual(visibleAll({ '\x1bkey': ['\u202e', { deep: '\x07' }], at, count: 1, none: null }), {
    '\\x1bkey': ['\\u202e', { deep: '\\x07' }],
    at,
    count: 1,
    none: null,
  });
});

test('JSON output escapes invisible characters and keeps its meaning', (t) => {
  const value = { text: CASES.map(({ text }) => text) };
  const json = jsonText(value, 2);
  t.notRegex(json.replaceAll('\n', ''), /[\x7f-\x9f\u200e\u2028\u202e\u2066\ufeff]/);
  t.deepEqual(JSON.parse(json), value);
});

import test from 'ava';
import { hideQuotedSecrets, hideSecrets, learnPassword, learnSecrets } from '../src/secrets.ts';

const KEY = 'sk-Zr/9+tä "x" & <y>~0123';
const PLAIN = 'proj_abcDEF0123456789';
const PASSWORD = 'p@ss/w0rd+very';
learnSecrets(KEY, PLAIN);
learnPassword(`postgres://app:${encodeURIComponent(PASSWORD)}@db.example:5432/shop`);
learnPassword('postgres://postgres:postgres@localhost/test');

const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const percentAll = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const unicodeAll = (text: string) => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

const FORMS: Record<string, (secret: string) => string> = {
  'as it is': (s) => s,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (s) => encodeURIComponent(s).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded throughout': percentAll,
  'percent-encoded twice': (s) => encodeURIComponent(encodeURIComponent(s)),
  'as a form': (s) => new URLSearchParams({ s }).toString().slice(2),
  'as JSON': (s) => JSON.stringify(s).slice(1, -1),
  'as JSON within JSON': (s) => JSON.stringify(JSON.stringify(s)).slice(3, -3),
  'as JSON with escapes throughout': unicodeAll,
  'as HTML': (s) => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  'as base64': base64,
  'as base64 for addresses': base64url,
  'as base64 of a header': (s) => base64(`Bearer ${s}`),
  'as base64 of user and password': (s) => base64(`user:${s}`),
  'as base64 with a byte before it': (s) => base64url(`:${s}`),
  'as base64 with two bytes before it and more after it': (s) => base64(`ab${s}/and more`),
  'as base64 in an address': (s) => encodeURIComponent(base64(s)),
  'as hexadecimal digits': (s) => Buffer.from(s).toString('hex'),
};

for (const [name, write] of Object.entries(FORMS)) {
  test(`a secret is hidden ${name}`, (t) => {
    for (const secret of [KEY, PLAIN, PASSWORD]) {
      const written = write(secret);
      const shown = hideSecrets(`said: "${written}" to all`);
      t.regex(shown, /\[key\]/, written);
      for (let at = 0; at + 8 <= written.length; at++) {
        const part = written.slice(at, at + 8);
        // What stands before and after the secret in base64 is not the secret.
        if (!/base64/.test(name)) t.false(shown.includes(part), `${part} of ${written} in ${shown}`);
      }
      t.false(shown.includes(written), shown);
    }
  });
}

test('of base64 with the secret in its middle nothing is left that gives the secret', (t) => {
  for (const before of ['', 'x', 'xy', 'xyz', 'Bearer ', 'user:']) {
    const shown = hideSecrets(base64(`${before}${PLAIN}`));
    const decoded = Buffer.from(shown.replace('[key]', ''), 'base64').toString('latin1');
    for (let at = 0; at + 2 <= PLAIN.length; at++) t.false(decoded.includes(PLAIN.slice(at, at + 2)), `${before}: ${shown}`);
  }
});

test('text that is not secret is unchanged', (t) => {
  const text = 'role "postgres" of database test, postgres://localhost; 100 %; app; a+b; \\n';
  t.is(hideSecrets(text), text);
  t.is(hideSecrets('postgres:postgres@localhost'), '[key]localhost');
});

test('the words of a server are searched for what looks like a key, too', (t) => {
  t.is(hideQuotedSecrets('no key sk-abcdef123 or Bearer abcdefghij, Basic dXNlcjpwYXNz', []), 'no key [key] or Bearer [key], Basic [key]');
  t.is(hideQuotedSecrets('at http://me:word@host/v1: the key abcd', ['abcd']), 'at http://[key]@host/v1: the key [key]');
});

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { counted, plural } from '../src/wording.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('one item is counted in the singular, none and several in the plural', (t) => {
  t.deepEqual(
    [0, 1, 2].map((count) => counted(count, 'row')),
    ['0 rows', '1 row', '2 rows'],
  );
  t.is(counted(1, 'query', 'queries'), '1 query');
  t.is(plural(2, 'row waits', 'rows wait'), 'rows wait');
});

// What cspell cannot flag, because it is more than a word. Concatenated, so that this file does not hold them.
const PHRASES = [
  ['the', 'begin'],
  ['by', 'itself'],
  ['is', 'told'],
  ['are', 'told'],
  ['bears', 'with'],
  ['lets', 'everybody'],
].map((words) => words.join(' '));

test('no text of the project uses a phrase that has a plain word', (t) => {
  const files = globSync('{README,CHANGELOG,CONTRIBUTING,SECURITY}.md', { cwd: ROOT }).concat(
    globSync('{docs,clients,src,sql,test,storm,bench,demo,mutants,site}/**/*.{md,ts,sql}', {
      cwd: ROOT,
      exclude: (name) => name.includes('node_modules') || name === 'collected',
    }),
  );
  t.true(files.length > 500);
  const found = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return PHRASES.filter((phrase) => new RegExp(`\\b${phrase}\\b`, 'i').test(text)).map((phrase) => `${file}: ${phrase}`);
  });
  t.deepEqual(found, []);
});

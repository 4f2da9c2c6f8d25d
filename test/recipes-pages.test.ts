import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { readMatrix } from './recipes/matrix.ts';
import { pageNames, readPage } from './recipes/page.ts';
import { NOT_RUN, RECIPES } from './recipes/recipes.ts';

const CI = readFileSync(new URL('../.ci/run', import.meta.url), 'utf8');
const NIGHTLY = readFileSync(new URL('../.ci/nightly', import.meta.url), 'utf8');
const names = pageNames();

test('every page of docs/recipes is run or says why not, and has a row in the table', (t) => {
  t.deepEqual([...RECIPES.map(({ name }) => name), ...Object.keys(NOT_RUN)].sort(), names);
  t.deepEqual([...readMatrix().keys()].sort(), names);
  for (const [name, cells] of readMatrix()) {
    for (const [column, cell] of Object.entries(cells)) t.regex(cell, /^(yes|not run|no: .+)$/, `${name}, ${column}`);
  }
});

test('a page that is not run claims nothing', (t) => {
  for (const [name, reason] of Object.entries(NOT_RUN)) {
    t.deepEqual(new Set(Object.values(readMatrix().get(name) ?? {})), new Set(['not run']), name);
    t.true(readPage(name).text.includes(`**Not run**: ${reason}`), name);
  }
});

test('a page that is run has been: campaign, own writes and after contract', (t) => {
  for (const { name } of RECIPES) t.like(readMatrix().get(name), { campaign: 'yes', 'own writes': 'yes', 'after contract': 'yes' }, name);
});

for (const { name } of RECIPES) {
  test(`the page ${name} pins what it installs, and has a program and a campaign`, (t) => {
    const { packages, files, creates, text } = readPage(name);
    const version = packages?.installer === 'pip' ? /^[\w-]+(\[[\w,]+\])?==\d[\w.]*$/ : /^(@[\w-]+\/)?[\w-]+@\d[\w.-]*$/;
    t.true((packages?.names.length ?? 0) > 0);
    for (const one of packages?.names ?? []) t.regex(one, version);
    t.true(files.has('app.py') || files.has('app.ts'));
    t.true(creates.length > 0);
    for (const [, path = ''] of text.matchAll(/\]\((?!http)([^)#]+)/g))
      t.true(existsSync(new URL(`../docs/recipes/${path}`, import.meta.url)), path);
  });
}

test('CI runs the recipes that are marked for it, the nightly run all of them', (t) => {
  t.true(RECIPES.some(({ inCi }) => inCi));
  t.regex(CI, /npm run recipes -- --ci\b/);
  t.regex(NIGHTLY, /npm run recipes;/);
});

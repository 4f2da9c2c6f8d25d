import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { BAD_ANSWERS } from '../mutants/bad-answers.ts';
import { FOUND_BY_REVIEW } from '../mutants/found-by-review.ts';
import { FOUND_BY_STORMS } from '../mutants/found-by-storms.ts';
import { HARM } from '../mutants/harm.ts';
import { mutate } from '../mutants/mutant.ts';
import { PROVIDERS } from '../mutants/providers.ts';
import { SPENDING } from '../mutants/spending.ts';
import { FAULTS } from '../storm/faults.ts';
import { FAULTS as PROVIDER_FAULTS } from '../storm/provider-faults.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MUTANTS = [...FOUND_BY_STORMS, ...BAD_ANSWERS, ...HARM, ...FOUND_BY_REVIEW, ...PROVIDERS, ...SPENDING];

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const faultsOf = (mutants: { fault: string }[]) => [...new Set(mutants.map(({ fault }) => fault))].sort();

test('every mutant still applies: what it replaces is there exactly once', (t) => {
  for (const mutant of MUTANTS) t.notThrows(() => mutate(mutant, ROOT), mutant.fault);
});

test('every mutant names an existing test', (t) => {
  for (const { test: file, title } of MUTANTS) {
    const source = read(`test/${file}.test.ts`);
    t.true(
      [`'${title}'`, `"${title}"`].some((quoted) => source.includes(quoted)),
      title,
    );
  }
});

test('whatever a storm brings has a mutant', (t) => {
  t.deepEqual(faultsOf(BAD_ANSWERS), [...Object.keys(PROVIDER_FAULTS), 'a text the provider refuses'].sort());
  t.deepEqual(faultsOf(HARM), [...Object.keys(FAULTS), 'two runners at once'].sort());
});

test('each fault that storms found, as the documentation lists them, has a mutant', (t) => {
  const section = read('docs/reliability.md').split('## What the storms found')[1]?.split('\n## ')[0] ?? '';
  const documented = [...section.matchAll(/^\| ([^|]+) \|/gm)]
    .map(([, fault]) => fault)
    .filter((fault) => !/^(fault|---)$/.test(fault ?? ''));
  t.deepEqual(faultsOf(FOUND_BY_STORMS), documented.sort());
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { MUTANTS } from '../mutants/all.ts';
import { BAD_ANSWERS } from '../mutants/bad-answers.ts';
import { FOUND_BY_STORMS } from '../mutants/found-by-storms.ts';
import { HARM } from '../mutants/harm.ts';
import { mutate } from '../mutants/mutant.ts';
import { FAULTS } from '../storm/faults.ts';
import { FAULTS as PROVIDER_FAULTS } from '../storm/provider-faults.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Titles that a test file makes from a table. */
function templatesIn(source: string): RegExp[] {
  return [...source.matchAll(/`([^`]*\$\{[^`]*)`/g)].map(([, template = '']) => {
    const fixed = template.split(/\$\{[^}]*\}/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return new RegExp(`^${fixed.join('.+')}$`);
  });
}

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const faultsOf = (mutants: { fault: string }[]) => [...new Set(mutants.map(({ fault }) => fault))].sort();

test('every mutant still applies: what it replaces is there exactly once', (t) => {
  for (const mutant of MUTANTS) t.notThrows(() => mutate(mutant, ROOT), mutant.fault);
});

test('every mutant names an existing test', (t) => {
  for (const { test: file, title } of MUTANTS) {
    const source = read(`test/${file}.test.ts`);
    t.true(
      [`'${title}'`, `"${title}"`].some((quoted) => source.includes(quoted)) || templatesIn(source).some((pattern) => pattern.test(title)),
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

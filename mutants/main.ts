import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { BAD_ANSWERS } from './bad-answers.ts';
import { FOUND_BY_REVIEW } from './found-by-review.ts';
import { FOUND_BY_STORMS } from './found-by-storms.ts';
import { HARM } from './harm.ts';
import { type Mutant, mutate, writeAll } from './mutant.ts';
import { PROVIDERS } from './providers.ts';
import { SPENDING } from './spending.ts';
import { copyTree, type Tree } from './tree.ts';

const HELP = `
Takes the fix of each fault out of a copy of the project, runs the test that is there for it, and expects that it fails. First every
one of these tests has to pass with all fixes in place. Needs TEST_DATABASE_URL, as the suite does, and time: that is more than fifty runs of
a test, some of which fail by waiting a minute in vain.

  TEST_DATABASE_URL=postgres://postgres@localhost/postgres npm run mutants
  TEST_DATABASE_URL=postgres://postgres@localhost/postgres npm run mutants -- 429 SIGTERM

Exit code 0: every test fails without its fix.`;

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

await new Command('mutants')
  .description('show that the test of each fault fails without its fix')
  .argument('[words...]', 'only faults that have one of these words in their name; all of them when left out')
  .addHelpText('after', HELP)
  .action(prove)
  .parseAsync();

async function prove(words: string[]): Promise<void> {
  if (!process.env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL is not set: most of these faults need a real server');
  const mutants = [...FOUND_BY_STORMS, ...BAD_ANSWERS, ...HARM, ...FOUND_BY_REVIEW, ...PROVIDERS, ...SPENDING].filter(
    ({ fault }) => words.length === 0 || words.some((word) => fault.includes(word)),
  );
  const tree = copyTree(ROOT);
  const stop = () => {
    tree.remove();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const unsound = await testsThatFailAnyway(tree, mutants);
    process.stdout.write('| fault | fix | test | fails without it |\n| --- | --- | --- | --- |\n');
    for (const mutant of mutants) {
      const verdict = unsound.has(mutant.title) ? 'NO: it fails with it, too' : await judge(tree, mutant);
      process.stdout.write(`| ${mutant.fault} | ${mutant.fix} | \`${mutant.test}\`: ${mutant.title} | ${verdict} |\n`);
      if (!verdict.startsWith('yes')) process.exitCode = 1;
    }
  } finally {
    tree.remove();
  }
}

/** Titles of tests that do not pass in the project as it is: that such a test fails for a mutant proves nothing. */
async function testsThatFailAnyway(tree: Tree, mutants: Mutant[]): Promise<Set<string>> {
  const failing = new Set<string>();
  for (const test of new Set(mutants.map((mutant) => mutant.test))) {
    const titles = [...new Set(mutants.filter((mutant) => mutant.test === test).map(({ title }) => title))];
    const { passed, output } = await tree.run(test, titles);
    process.stderr.write(`${test}: ${passed.length} of ${titles.length} tests pass with every fix\n`);
    if (passed.length < titles.length) process.stderr.write(output);
    for (const title of titles) if (!passed.includes(title)) failing.add(title);
  }
  return failing;
}

async function judge(tree: Tree, mutant: Mutant): Promise<string> {
  const files = mutate(mutant, ROOT);
  writeAll(tree.directory, files);
  try {
    const { failed, passed, output } = await tree.run(mutant.test, [mutant.title]);
    const [said] = mutant.says.exec(output) ?? [];
    if (failed.length > 0 && said !== undefined) return `yes: ${said}`;
    process.stderr.write(`${output}\n`);
    if (failed.length > 0) return `NO: it fails, but does not say ${mutant.says}`;
    return passed.length > 0 ? 'NO: it passes' : 'NO: it did not end';
  } finally {
    writeAll(tree.directory, new Map([...files.keys()].map((file) => [file, readFileSync(join(ROOT, file), 'utf8')])));
  }
}

import { Command } from 'commander';
import { counted } from '../../src/wording.ts';
import { differences, writeMatrix } from './matrix.ts';
import { runRecipe } from './procedure.ts';
import { RECIPES } from './recipes.ts';

const HELP = `
Installs the libraries of each page of docs/recipes from PyPI or npm (kept in the cache folder of the user), runs its code, and
compares every search with an exact one. Needs TEST_DATABASE_URL, and for Python's libraries python3 with venv.

  TEST_DATABASE_URL=postgres://postgres@localhost/postgres npm run recipes -- psycopg langchain

Exit code 0: each page works, and docs/recipes/README.md says so. UPDATE_DOCS=1 writes its table.`;

await new Command('recipes')
  .description('run the recipes of docs/recipes against the real libraries')
  .argument('[names...]', 'pages to run; all of them when left out')
  .option('--ci', 'only those that CI runs')
  .addHelpText('after', HELP)
  .action(run)
  .parseAsync();

async function run(names: string[], { ci }: { ci?: true }): Promise<void> {
  if (!process.env.TEST_DATABASE_URL) throw new Error('TEST_DATABASE_URL is not set: the libraries need a real server');
  const unknown = names.filter((name) => !RECIPES.some((recipe) => recipe.name === name));
  if (unknown.length > 0) throw new Error(`no recipe ${unknown.join(', ')}: ${RECIPES.map(({ name }) => name).join(', ')}`);
  const wanted = RECIPES.filter(({ name, inCi }) => (ci ? inCi : names.length === 0 || names.includes(name)));
  let failed = 0;
  for (const recipe of wanted) {
    const startedAt = Date.now();
    let step = '';
    try {
      const cells = await runRecipe(recipe, (next) => {
        step = next;
        process.stderr.write(`${recipe.name}: ${next}\n`);
      });
      if (process.env.UPDATE_DOCS) writeMatrix(recipe.name, cells);
      const wrong = differences(recipe.name, cells);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      process.stdout.write(`${recipe.name}: passed in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
    } catch (error) {
      failed += 1;
      const { message, cause } = error as Error;
      process.stdout.write(`${recipe.name}: failed at "${step}": ${message}\n${cause === undefined ? '' : `${cause}\n`}`);
    }
  }
  process.stdout.write(`${wanted.length - failed} of ${counted(wanted.length, 'recipe')} passed\n`);
  if (failed > 0) process.exitCode = 1;
}

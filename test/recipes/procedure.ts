import { createStage, type Stage } from '../harness/stage.ts';
import { undoneAtSignal } from '../harness/undo-at-signal.ts';
import type { Cells } from './matrix.ts';
import { type ModelDeployments, openDeployments } from './model-deployments.ts';
import { type Page, readPage } from './page.ts';
import { prepareProgram } from './program.ts';
import type { Recipe } from './recipes.ts';
import { type Model, NEW, OLD, Texts } from './texts.ts';

/**
 * Runs a campaign on the table that the program of a page makes, forward, back and forward, while the program writes and searches.
 *
 * @returns what was seen to work; rejects with the first thing that does not
 */
export async function runRecipe(recipe: Recipe, say: (step: string) => void): Promise<Cells> {
  const page = readPage(recipe.name);
  say('install');
  const program = await prepareProgram(page);
  let deployments: ModelDeployments | undefined;
  say('database');
  let opening: Promise<Stage> | undefined;
  const close = undoneAtSignal(async () => {
    program.remove();
    await deployments?.close();
    await (await opening)?.close();
    await recipe.platform?.close(process.env.TEST_DATABASE_URL ?? '');
  });
  opening = createStage({ [OLD.name]: OLD.dimensions, [NEW.name]: NEW.dimensions });
  const stage = await opening;
  const deploy = ({ name, dimensions }: Model, env: Record<string, string> = {}) =>
    program.deploy({
      DATABASE_URL: stage.db.url,
      OPENAI_BASE_URL: stage.provider.url,
      OPENAI_API_KEY: 'test',
      EMBEDDING_MODEL: name,
      EMBEDDING_DIMENSIONS: String(dimensions),
      ...env,
    });
  const { pool } = stage.db;
  try {
    await recipe.platform?.open(pool);
    const texts = new Texts(recipe);
    const both = { embedding: OLD, embedding_v2: NEW };
    const isLive = page.files.has('live.py') || page.files.has('live.ts');
    const apply = async (file: string) => {
      const statements = page.files.get(file);
      if (statements) await pool.query(statements);
    };
    const searchLive = async (model: Model) => {
      if (isLive) await texts.search(old, 'live', model);
    };

    say('today');
    await apply('schema.sql');
    let old = deploy(OLD);
    await old.call('app', 'create');
    await texts.fill(old);
    await recipe.platform?.addHiddenRows(pool);
    await texts.search(old, 'app', OLD);

    say('expand and backfill');
    const campaign = await createCampaign(stage, page);
    await stage.bring(campaign, 'backfill');
    await apply('live.sql');
    await texts.write(old);
    await texts.search(old, 'app', OLD);
    await searchLive(OLD);

    say('index');
    await stage.bring(campaign, 'index');
    await texts.write(old);
    await stage.work();
    await texts.compare(pool, recipe, both);
    if (recipe.hasReaders) await tryCanary(stage, campaign, (reader, model) => texts.search(old, 'live', model, reader));

    say('switch, rollback, switch');
    deployments = await openDeployments(stage, recipe, deploy, page.statements[0]);
    for (const [standing, model] of [
      ['switch', NEW],
      ['index', OLD],
      ['switch', NEW],
    ] as const) {
      await stage.bring(campaign, standing);
      await searchLive(model);
      await texts.write(old);
      await texts.search(old, 'app', OLD);
      await stage.work();
      await texts.compare(pool, recipe, both);
      await searchLive(model);
      await deployments.search(texts, recipe.refusedRead);
      await deployments.write(texts, recipe.refusedWrite);
      await stage.work();
      await texts.compare(pool, recipe, both);
      await deployments.search(texts, recipe.refusedRead);
    }
    await deployments.close();
    await recipe.during?.(old);
    await recipe.platform?.checkHiddenRows(pool, Object.keys(both));
    if (recipe.hasReaders) await tryStaleAnswer(stage, recipe, searchLive);

    say('contract');
    await stage.bring(campaign, 'contract');
    old.stop();
    let current = deploy(NEW);
    await texts.search(current, 'app', NEW);
    await texts.write(current);
    await stage.work();
    await texts.compare(pool, recipe, { embedding: NEW });
    await texts.search(current, 'app', NEW);
    await recipe.after?.(current);
    await recipe.platform?.checkHiddenRows(pool, ['embedding']);

    say('back and forward again');
    current.stop();
    await stage.bring(campaign, 'switch');
    await stage.work();
    await texts.compare(pool, recipe, both);
    old = deploy(OLD);
    await texts.search(old, 'app', OLD);
    await searchLive(NEW);
    old.stop();
    await stage.bring(campaign, 'contract');
    current = deploy(NEW);
    await texts.search(current, 'app', NEW);
    return {
      campaign: 'yes',
      'own writes': 'yes',
      'reads without change': recipe.refusedRead ? `no: ${recipe.refusedRead.reason}` : 'yes',
      'writes without change': recipe.refusedWrite ? `no: ${recipe.refusedWrite.reason}` : 'yes',
      'after contract': 'yes',
    };
  } finally {
    await close();
  }
}

/** Runs the commands of the page: all but the last are refused, and name what the next one adds. */
async function createCampaign(stage: Stage, { name, creates }: Page): Promise<string> {
  const last = creates.at(-1);
  if (!last) throw new Error(`${name}.md has no line "npm run migrate create -- …"`);
  for (const args of creates.slice(0, -1)) {
    const { code, stderr } = await stage.workplace.run(['migrate', 'create', ...args]);
    if (code !== 1) throw new Error(`create ${args.join(' ')} was not refused: ${stderr}`);
    const [, proposed = ''] = /--text-sql "(.*?[^\\])"; to go on/.exec(stderr) ?? [];
    const expression = proposed.replace(/\\(["$`\\])/g, '$1');
    if (last[last.indexOf('--text-sql') + 1] !== expression) throw new Error(`create proposes another text than the page: ${stderr}`);
  }
  return stage.create(last);
}

/** An application that kept the name of the model over a switch is refused with RE002, asks again, and finds the right rows. */
async function tryStaleAnswer({ db, provider }: Stage, { table }: Recipe, search: (model: Model) => Promise<void>): Promise<void> {
  const switchTo = ({ name }: Model) => db.pool.query('SELECT reembed.switch_to($1, $2)', [table, name]);
  let models: string[] = [];
  // On a busy machine the application may forget its answer before it searches.
  for (let tries = 0; tries < 5 && models.join() !== [NEW.name, OLD.name].join(); tries++) {
    await search(NEW);
    await switchTo(OLD);
    provider.requests.length = 0;
    await search(OLD);
    models = provider.requests.slice(0, 2).map(({ model }) => model);
    await switchTo(NEW);
  }
  if (models[0] !== NEW.name) throw new Error(`no query was embedded with ${NEW.name} after the switch back: ${models}`);
}

/** Sends all readers to the new model before the switch, and back. */
async function tryCanary(stage: Stage, campaign: string, search: (reader: string, model: Model) => Promise<void>): Promise<void> {
  await stage.pass(campaign);
  await search('Ann', OLD);
  await stage.db.pool.query('UPDATE reembed.setting SET canary_percent = 100');
  await search('Bob', NEW);
  await stage.db.pool.query('UPDATE reembed.setting SET canary_percent = 0');
  await search('Cem', OLD);
}

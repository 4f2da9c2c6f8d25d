import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { inOwnTransactions, openDatabase } from '../database/connection.ts';
import { messageOf, ReembedError, UsageError } from '../errors.ts';
import { withVariables } from '../init/env-file.ts';
import { exposures } from '../init/exposures.ts';
import { listVectorColumns, type VectorColumn } from '../init/vector-columns.ts';
import { canAsk } from '../interactive.ts';
import { ENV_FILE, loadEnvFile } from '../load-env-file.ts';
import { learnSecrets } from '../secrets.ts';
import { databaseLine } from './database-line.ts';
import { doctor } from './doctor.ts';
import { paint } from './paint.ts';
import { list, wholeNumber } from './parse-option.ts';
import { note, say } from './print.ts';

const OPENAI = 'https://api.openai.com/v1';

interface InitOptions {
  table?: string;
  column?: string;
  text?: string[];
  from?: string;
  to?: string;
  dimensions?: number;
  baseUrl?: string;
}

/** Thrown when the database has no vectors, or not those that were named. */
export class NoVectorColumn extends ReembedError {
  constructor(wanted: string | undefined, columns: readonly VectorColumn[]) {
    const known = columns.map(({ table, column }) => `${table}.${column}`);
    super(
      'no_vector_column',
      known.length === 0
        ? 'no table of this database has a vector column'
        : wanted === undefined
          ? 'several columns have vectors, and none of them is named'
          : `${wanted} has no vector column, or several`,
      known.length > 0
        ? `give --table and --column of one of ${known.join(', ')}`
        : 'check DATABASE_URL; npm run demo shows a migration without a database of your own',
    );
  }
}

/** `reembed init`: asks what a migration needs, writes it to .env and runs doctor. */
export function initCommand(): Command {
  return new Command('init')
    .description(
      'ask for the table, the models and the provider, write them to .env, and check everything; changes nothing in the database',
    )
    .option('--table <name>', 'table of the vectors')
    .option('--column <name>', 'vector column, if the table has several')
    .option('--text <columns>', 'column of the text that was embedded; several are separated by commas', list)
    .option('--from <model>', 'model of the present vectors')
    .option('--to <model>', 'new model')
    .option('--dimensions <n>', 'its dimensions', wholeNumber)
    .option('--base-url <address>', `address of the provider (default: OPENAI_BASE_URL or ${OPENAI})`)
    .action((options: InitOptions) => init(options));
}

async function init(options: InitOptions): Promise<void> {
  const ofShell = { ...process.env };
  const isAsked = canAsk(process.stdout);
  if (!isAsked) refuseMissing(options);
  const { variables, column, text, from } = await collect(options, isAsked);
  writeVariables(variables, ofShell);
  const table = `--table ${word(column.table)} --text ${word(text.join(','))}${column.column === 'embedding' ? '' : ` --column ${word(column.column)}`}`;
  say(`next, what a campaign would do: ${paint('command', `npm run migrate create -- ${table}`, process.stderr)}\n`);
  await doctor({ table: column.table, column: column.column, text, ...(from === '' ? {} : { from }) });
}

interface Answers {
  variables: ReadonlyMap<string, string>;
  column: VectorColumn;
  text: string[];
  /** empty if it is not known */
  from: string;
}

/** Takes what the options and the environment say, and asks for the rest. */
async function collect(options: InitOptions, isAsked: boolean): Promise<Answers> {
  const questions = await import('../init/questions.ts');
  const variables = new Map<string, string>();
  if (isAsked && !namesDatabase()) {
    process.env.DATABASE_URL = await questions.askDatabase();
    variables.set('DATABASE_URL', process.env.DATABASE_URL);
  }
  const config = readConfig();
  note(databaseLine(config));
  const column = await chooseColumn(config, options, isAsked ? questions.askColumn : undefined);
  const text = options.text ?? (await questions.askText(column));
  const from = options.from ?? config.oldModel ?? (isAsked ? await questions.askOldModel(column) : '');
  const to = options.to ?? (await questions.askNewModel());
  const dimensions = options.dimensions ?? (await questions.askDimensions(to));
  const usual = config.newProvider.baseUrl ?? OPENAI;
  const baseUrl = options.baseUrl ?? (isAsked ? await questions.askProvider(usual) : usual);
  const key = config.newProvider.apiKey === undefined && isAsked ? await questions.askKey() : '';
  learnSecrets(key);
  variables.set('EMBED_MODEL', to).set('EMBED_DIMENSIONS', String(dimensions));
  if (from !== '') variables.set('EMBED_OLD_MODEL', from);
  if (baseUrl !== OPENAI) variables.set('OPENAI_BASE_URL', baseUrl);
  if (key !== '') variables.set('OPENAI_API_KEY', key);
  return { variables, column, text, from };
}

/** @throws NoVectorColumn */
async function chooseColumn(
  config: Config,
  options: InitOptions,
  ask: ((columns: readonly VectorColumn[]) => Promise<VectorColumn>) | undefined,
): Promise<VectorColumn> {
  const database = await openDatabase(config);
  try {
    const found = await listVectorColumns(inOwnTransactions(database.pool));
    const [first, ...others] = found.filter((one) => isWanted(one, options));
    if (first && others.length === 0) return first;
    if (!first || !ask) throw new NoVectorColumn(options.table, found);
    return await ask([first, ...others]);
  } finally {
    await database.close();
  }
}

/** @throws UsageError: without a terminal nobody can answer */
function refuseMissing({ table, text, to, dimensions }: InitOptions): void {
  const needed = { '--table': table, '--text': text, '--to': to, '--dimensions': dimensions };
  const missing = Object.entries(needed).flatMap(([option, value]) => (value === undefined ? [option] : []));
  if (missing.length > 0)
    throw new UsageError('init asks in a terminal, and there is none', `give ${missing.join(', ')}, and DATABASE_URL in the environment`);
}

/** Whether the environment or .env names the database. */
function namesDatabase(): boolean {
  loadEnvFile();
  return Boolean(process.env.DATABASE_URL || process.env.PGHOST);
}

function isWanted({ table, column }: VectorColumn, wanted: InitOptions): boolean {
  const bare = (name: string) => name.replace(/^public\./, '').replaceAll('"', '');
  const isTable = wanted.table === undefined || bare(wanted.table) === bare(table);
  return isTable && (wanted.column === undefined || wanted.column === column);
}

/**
 * Writes the variables, and sets them in this process as the next command will read them. The file may hold a password and a key, so other
 * users must not read a new one.
 *
 * @param ofShell the environment without the file; it takes precedence over the file
 */
function writeVariables(variables: ReadonlyMap<string, string>, ofShell: NodeJS.ProcessEnv): void {
  const before = existsSync(ENV_FILE) ? readFileSync(ENV_FILE, 'utf8') : '';
  const text = withVariables(before, variables);
  try {
    writeFileSync(ENV_FILE, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `${ENV_FILE} cannot be written: ${messageOf(error)}`,
      `set ${[...variables.keys()].join(', ')} in the environment`,
    );
  }
  say(`${ENV_FILE}: ${[...variables.keys()].join(', ')}`);
  for (const [name, value] of variables) {
    if (ofShell[name] === undefined) process.env[name] = value;
    else if (ofShell[name] !== value) say(`${name} is set in this shell, too, where it takes precedence over ${ENV_FILE}: unset ${name}`);
  }
  for (const warning of exposures(ENV_FILE, variables)) say(warning);
}

/** An argument as a shell takes it. */
function word(text: string): string {
  return /^[\w.,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

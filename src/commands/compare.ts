import { Command, InvalidArgumentError, Option } from 'commander';
import { type CompareHooks, compareModels } from '../compare/compare.ts';
import { leaderboardText } from '../compare/leaderboard.ts';
import type { ModelPrice } from '../compare/price.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import type { Distance } from '../database/element-types.ts';
import { CACHE_DIRECTORY } from '../embedding/cache/vector-file.ts';
import { UsageError } from '../errors.ts';
import { columnsOf } from '../fit-columns.ts';
import { canAsk } from '../interactive.ts';
import { tokensNote } from '../plan/count-tokens.ts';
import { OLD_MODEL_DISAGREES } from '../plan/old-model-error.ts';
import { visible } from '../print-text.ts';
import { requirePlots } from '../report/plots/draw-plot.ts';
import { readJudgements } from '../validation/queries/judgements.ts';
import { headedTable } from '../validation/report/report-wording.ts';
import { counted, formatNumber, formatUsd } from '../wording.ts';
import { askYes } from './ask-yes.ts';
import { collect, list, price, TEXT_FROM, wholeNumber } from './parse-option.ts';
import { print, printJson, say } from './print.ts';
import { createDisplay } from './progress-display.ts';

interface CompareCommandOptions {
  table: string;
  text?: string[];
  textSql?: string;
  textFrom?: string[];
  column: string;
  models: string[];
  from?: string;
  fromProvider?: string;
  fromProviderModel?: string;
  distance?: Distance;
  queries?: string;
  judgements?: string;
  judgementColumn?: string;
  sliceBy?: string[];
  sample: number;
  mostQueries: number;
  seed?: number;
  k: number;
  price?: Map<string, number>;
  maxUsd?: number;
  sendDimensions?: boolean;
  accept?: string[];
  yes?: boolean;
  dryRun?: boolean;
  out?: string;
  json?: boolean;
}

const HELP = `
  npm run compare -- --table public.documents --text content --from text-embedding-ada-002 \\
    --models text-embedding-3-small,text-embedding-3-large:1024,bge-m3@local --queries queries.jsonl --judgements qrels.tsv
  npm run compare -- --table documents --text content --from text-embedding-ada-002 --models bge-m3@local --dry-run

A candidate is MODEL[:DIMENSIONS][@PROVIDER], with a provider of reembed.config.ts, .js or .json, or that of OPENAI_API_KEY.
The table is only read. Vectors are cached in ${CACHE_DIRECTORY} until the schema is installed, then in reembed.cached_vector: a second
run, and the campaign, pay for none of them again. Outcomes and figures: docs/compare.md.`;

/** `reembed compare`: compares candidate models with the present vectors, before anything is migrated. */
export function compareCommand(): Command {
  return new Command('compare')
    .description('compare candidate models with the present vectors on a sample of rows, before a migration; only reads the table')
    .requiredOption('--table <name>', 'table, schema-qualified where needed')
    .requiredOption('--models <candidates>', 'MODEL[:DIMENSIONS][@PROVIDER]; several are separated by commas', list)
    .optionsGroup('Table:')
    .option('--text <columns>', 'column of the text; several, separated by commas, are joined by a line break', list)
    .option('--text-sql <expression>', 'SQL over the columns of the table, instead of --text')
    .option('--text-from <join>', TEXT_FROM, collect)
    .option('--column <name>', 'vector column', 'embedding')
    .option('--sample <n>', 'rows drawn at random; rows judged relevant are added', wholeNumber, 2000)
    .option('--seed <n>', 'draw the same rows and queries as the run that showed this seed', wholeNumber)
    .optionsGroup('Models:')
    .option('--from <model>', 'model of the present vectors (default: as recorded, or EMBED_OLD_MODEL)')
    .option(
      '--accept <codes>',
      `${OLD_MODEL_DISAGREES}: go on although the present vectors are not of that model; decides nothing`,
      severalNames,
    )
    .option('--from-provider <name>', 'its provider (default: OPENAI_OLD_API_KEY and OPENAI_OLD_BASE_URL)')
    .option('--from-provider-model <name>', 'its name at the provider, if it differs from --from')
    .addOption(
      new Option('--distance <name>', 'default: that of the present index, else cosine').choices(['cosine', 'l2', 'inner_product']),
    )
    .option('--send-dimensions', 'send the dimensions parameter for every candidate that names dimensions')
    .optionsGroup('Queries:')
    .option('--queries <file>', 'file of queries (default: queries are made of rows)')
    .option('--most-queries <n>', 'maximum number of queries', wholeNumber, 500)
    .option('--judgements <file>', 'file that says which rows are relevant to which query')
    .option('--judgement-column <column>', 'column that judgements name (default: the primary key)')
    .option(
      '--slice-by <column>',
      'divide the figures by a field of the query file, or by a column of the rows that queries are made of',
      severalNames,
    )
    .option('-k <n>', 'how many nearest rows to compare', wholeNumber, 10)
    .optionsGroup('Price:')
    .option('--price <model=usd>', 'US dollars per million tokens of a model; may be repeated', prices)
    .option('--max-usd <usd>', 'spend cap in US dollars over all models', price)
    .option('--yes', 'do not ask before texts are sent')
    .option('--dry-run', 'print the price, and send nothing')
    .optionsGroup('Output:')
    .option('--out <file>', 'also write the result to one HTML file')
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', HELP)
    .action((options: CompareCommandOptions) => run(options));
}

async function run(options: CompareCommandOptions): Promise<void> {
  const text = options.text ?? [];
  if (text.length === 0 && options.textSql === undefined)
    throw new UsageError('no text is named', 'give --text COLUMN or --text-sql EXPRESSION');
  if (text.length > 0 && options.textSql !== undefined)
    throw new UsageError('--text and --text-sql exclude each other', 'give one of them');
  if (options.judgements !== undefined && options.queries === undefined)
    throw new UsageError('--judgements needs the queries that it judges', 'name their file with --queries');
  if (options.models.length === 0) throw new UsageError('no candidate is named', 'give --models MODEL[:DIMENSIONS][@PROVIDER]');
  const judgements = options.judgements === undefined ? undefined : readJudgements(options.judgements);
  // Before anything is paid.
  if (options.out !== undefined) {
    requirePlots('the page of --out');
    (await import('../report/write-report.ts')).refuseUnwritable(options.out);
  }
  const config = readConfig();
  const database = await openDatabase(config);
  const display = createDisplay();
  try {
    const result = await compareModels(
      database,
      config,
      {
        ...options,
        text,
        judgements,
        sliceBy: options.sliceBy ?? [],
        prices: options.price ?? new Map(),
        sendDimensions: options.sendDimensions ?? false,
        dryRun: options.dryRun ?? false,
        acceptPresent: options.accept?.includes(OLD_MODEL_DISAGREES) ?? false,
        cacheDirectory: CACHE_DIRECTORY,
      },
      hooksOf(options, display),
    );
    display.stop();
    if (!result) return;
    if (options.json) printJson(result, 2);
    else print(`${leaderboardText(result)}\n`);
    if (options.out === undefined) return;
    const [{ comparePage }, { writeReport }] = await Promise.all([import('../compare/page.ts'), import('../report/write-report.ts')]);
    writeReport(options.out, await comparePage(result));
    say(options.out);
  } finally {
    display.stop();
    await database.close();
  }
}

function hooksOf({ yes, dryRun }: CompareCommandOptions, display: ReturnType<typeof createDisplay>): CompareHooks {
  return {
    async confirm(prices, { rows, queries }) {
      say(priceText(prices, rows, queries));
      const isAsked = !yes && !dryRun && prices.some(({ tokens }) => tokens > 0) && canAsk(process.stderr);
      if (!isAsked) return true;
      return askYes('send these texts? [y/N] ');
    },
    onProgress(model, done, total) {
      display.update([{ name: model, done, total, text: `${formatNumber(done)} of ${formatNumber(total)} texts` }]);
    },
  };
}

function priceText(prices: readonly ModelPrice[], rows: number, queries: number): string {
  const table = [['to be sent', 'texts of rows', 'queries', 'tokens, about', 'price, about']];
  for (const one of prices) {
    const usd = one.usd === null ? 'not known, see --price' : formatUsd(one.usd);
    table.push([visible(one.model), formatNumber(one.documents), formatNumber(one.queries), formatNumber(one.tokens), usd]);
  }
  return `${counted(rows, 'sampled row')}, ${counted(queries, 'query', 'queries')}; what is cached is not sent again${tokensNote('; tokens are ')}\n${headedTable(table, columnsOf(process.stderr))}`;
}

function severalNames(value: string, before: string[] = []): string[] {
  return list(value, before);
}

/** Parses MODEL=USD; a model's name may contain equals signs. */
function prices(value: string, before: Map<string, number> = new Map()): Map<string, number> {
  const at = value.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('MODEL=USD is needed, such as bge-m3=0.01.');
  return new Map([...before, [value.slice(0, at), price(value.slice(at + 1))]]);
}

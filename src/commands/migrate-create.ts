import { Command, Option } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import { ELEMENT_TYPES } from '../database/element-types.ts';
import { providerAccess } from '../embedding/open-provider.ts';
import { UsageError } from '../errors.ts';
import { campaignFiles, writeFiles } from '../phases/files.ts';
import type { CampaignRequest } from '../plan/campaign-request.ts';
import { compareOldModel, withAcceptance } from '../plan/compare-old-model.ts';
import { draftTable } from '../plan/draft-table.ts';
import { estimateCampaign } from '../plan/estimate.ts';
import { shownDefinition } from '../plan/index-plan.ts';
import { findingsFor } from '../plan/inventory/finding.ts';
import { storagePromises } from '../plan/inventory/promises.ts';
import type { OldModelCheck } from '../plan/old-model-check.ts';
import { modelRow } from '../plan/plan.ts';
import { inPlanningTransaction } from '../plan/planning-transaction.ts';
import { storageCosts } from '../plan/storage.ts';
import { visibleAll, visibleLines } from '../print-text.ts';
import { collect, indexChoice, list, price, TEXT_FROM, tokenCount, wholeNumber } from './parse-option.ts';
import { printJson, printSource, say } from './print.ts';
import { costText } from './show-inventory.ts';
import { planText, type ShownPlan } from './show-plan.ts';

export interface CreateOptions extends Omit<CampaignRequest, 'table' | 'to' | 'dimensions' | 'text'> {
  table?: string;
  tables?: string;
  tablesQuery?: string;
  group?: string;
  text?: string[];
  to?: string;
  dimensions?: number;
  probe: boolean;
  applicationPath?: string;
  dryRun?: boolean;
  json?: boolean;
}

const HELP = `
  npm run migrate create -- --table documents --text content --from text-embedding-ada-002 \\
    --to text-embedding-3-large --dimensions 768 --dry-run
  npm run migrate create -- --table articles --text title,body --from text-embedding-3-small \\
    --to voyage-4 --provider voyage --dimensions 1024 --max-usd 50
  npm run migrate create -- --tables "tenant_*.documents" --text content --from bge-m3 --to qwen3-embedding --dimensions 1024

Five files are written to migrations/, and nothing is changed in the database: review them, then npm run migrate up.`;

/** `reembed migrate create`: inspects a table, prints the plan and writes the five migration files of a campaign. */
export function migrateCreateCommand(): Command {
  return new Command('create')
    .description('inspect a table, print the plan, write the five migration files; never changes the database')
    .helpOption('-h, --help', 'display help for command')
    .optionsGroup('Table:')
    .option('--table <name>', 'table, schema-qualified where needed')
    .option('--tables <pattern>', 'a table group: every table that matches, such as "tenant_*.documents"')
    .option('--tables-query <sql>', 'a table group: the tables that this query names, as schema.table')
    .option('--group <name>', 'name of the table group (default: made of the pattern)')
    .option('--text <columns>', 'column of the text; several, separated by commas, are joined by a line break', list)
    .option('--text-sql <expression>', 'SQL over the columns of the table, instead of --text')
    .option('--text-from <join>', TEXT_FROM, collect)
    .option('--column <name>', 'vector column', 'embedding')
    .option('--where <clause>', 'migrate only the rows for which this is true, such as "collection_id = 7"; needs --part')
    .option('--part <name>', 'name of these rows: they get a live view of their own, TABLE_NAME_live')
    .optionsGroup('Models:')
    .option('--to <model>', 'name of the new model at the provider (default: EMBED_MODEL)')
    .option('--to-name <name>', 'name of the new model in pg-reembed, if it must differ from --to')
    .option('--dimensions <n>', 'dimensions of the new model (default: EMBED_DIMENSIONS)', wholeNumber)
    .option('--from <model>', 'old model (default: EMBED_OLD_MODEL); without it the old vectors cannot be kept current')
    .option('--old-model-gone', 'nobody can call the old model any more: it is never called, and the plan says in which order to go')
    .option('--from-provider-model <name>', 'name of the old model at the provider, if it differs from --from')
    .option(
      '--provider <name>',
      'provider of the new model, from reembed.config.ts, .js or .json (default: OPENAI_API_KEY and OPENAI_BASE_URL)',
    )
    .option('--from-provider <name>', 'provider of the old model (default: OPENAI_OLD_API_KEY and OPENAI_OLD_BASE_URL)')
    .option('--document-prefix <text>', 'prefix of each stored text (default: that of a known model)')
    .option('--query-prefix <text>', 'prefix of each query text')
    .option('--from-document-prefix <text>', 'the same for the old model')
    .option('--from-query-prefix <text>', 'the same for the old model')
    .option('--send-dimensions', 'send the dimensions parameter with each request')
    .option('--no-send-dimensions', 'do not send the dimensions parameter')
    .option('--token-limit <n>', 'maximum number of tokens of a text', wholeNumber)
    .optionsGroup('Vectors and index:')
    .addOption(new Option('--distance <name>', 'default: that of the old index, else cosine').choices(['cosine', 'l2', 'inner_product']))
    .option(
      '--index <kind>',
      'hnsw, ivfflat, binary (on the signs of the components), subvector:N (on the first N dimensions) or none; default: that of the old index, or binary where an index does not take the dimensions',
      indexChoice,
    )
    .addOption(
      new Option('--type <name>', 'type of the new vectors; default: that of the old ones where an index takes it').choices(
        Object.keys(ELEMENT_TYPES),
      ),
    )
    .option('--matryoshka', "the first dimensions of the new model's vectors are usable alone, although the model is not known for it")
    .option('--index-with <parameters>', 'storage parameters of the index, such as "m = 16, ef_construction = 64"')
    .option('--drop-index <names>', 'indexes of the old vectors that get no successor on the new ones; may be repeated', list)
    .addOption(
      new Option(
        '--storage <where>',
        'keep the new vectors in a column of the table or in a side table; auto: in a side table where that avoids a harm',
      )
        .choices(['auto', 'column', 'side-table'])
        .default('column'),
    )
    .option('--only-read', 'for --storage auto: the application writes no vector itself, so that a side table may be chosen')
    .optionsGroup('Backfill:')
    .option('--batch-rows <n>', 'rows per batch of the ledger (default: 12 MB of vectors)', wholeNumber)
    .option('--order <order>', 'popular:COLUMN: embed the 10,000 rows with the largest values of this column first, such as popular:views')
    .option(
      '--application-path <schemas>',
      "search_path of the application, under which the table's triggers run when a vector is stored (default: that of the table's owner)",
    )
    .optionsGroup('Price and spend caps:')
    .option('--price <usd>', 'US dollars per million tokens', price)
    .option('--max-usd <usd>', 'spend cap in US dollars, at which the campaign pauses', price)
    .option('--max-tokens <n>', 'spend cap in tokens', tokenCount)
    .optionsGroup('Acceptance:')
    .option('--accept <codes>', 'accept what the inventory found, by its code; several are separated by commas', list)
    .option('--reason <text>', 'why it is accepted; the expand file records it')
    .optionsGroup('Output:')
    .option('--no-probe', 'send nothing to a provider: neither a short text to the new model nor ten stored texts to the old one')
    .option('--dry-run', 'print the plan and the files, and write nothing')
    .option('--json', 'print the plan as JSON on stdout')
    .addHelpText('after', HELP)
    .action((options: CreateOptions) => create(options));
}

async function create(options: CreateOptions): Promise<void> {
  const config = readConfig();
  const { table } = options;
  if (table === undefined || options.tables !== undefined || options.tablesQuery !== undefined) {
    const { createGroup } = await import('./create-group.ts');
    return createGroup(options, config);
  }
  const request = { ...requestOf(options, config), table };
  const database = await openDatabase(config);
  try {
    const drafted = await inPlanningTransaction(database, (client) => draftTable(client, request, config, options));
    const { facts, text, findings, searchLoss } = drafted;
    const { limits } = providerAccess(drafted.plan.to, 'new', config);
    if (drafted.plan.keepOldCurrent) providerAccess(drafted.plan.from, 'old', config);
    const { probeProvider } = await import('../embedding/probe.ts');
    const probe = options.probe ? await probeProvider(modelRow(drafted.plan.to), config) : 'not probed';
    const oldModel = await compareOldModel(drafted, config);
    const plan = withAcceptance(drafted.plan, oldModel, request);
    const estimate = estimateCampaign({ ...drafted, plan }, { limits, concurrency: config.concurrency });
    const files = campaignFiles(plan, config.migrationsDirectory);
    if (!options.dryRun) writeFiles(files);
    else if (!options.json) for (const file of files) printSource(visibleLines(`// ---- ${file.path}\n${file.text}\n`));
    const shown: ShownPlan = {
      plan: { ...plan, indexes: plan.indexes.map((index) => ({ ...index, definition: shownDefinition(plan, index) })) },
      facts,
      text,
      estimate,
      searchLoss,
      probe,
      oldModel: oldModel.finding,
      files,
      inventory: findingsFor(plan.sideTable ? 'side-table' : 'column', findings),
      promises: storagePromises(facts, findings, storageCosts(facts, plan.to), costText),
      written: !options.dryRun,
    };
    if (options.json) printJson(planJson(shown, oldModel), 2);
    else say(planText(visibleAll(shown)));
  } finally {
    await database.close();
  }
}

function planJson({ plan, facts, inventory, promises, estimate, searchLoss, probe, files, written }: ShownPlan, oldModel: OldModelCheck) {
  return {
    campaign: plan.campaign,
    plan,
    storage: storageCosts(facts, plan.to),
    inventory,
    promises,
    estimate,
    searchLoss,
    probe,
    oldModel: { finding: oldModel.finding, rows: oldModel.rows ?? null, disagreeing: oldModel.disagreeing },
    files: files.map(({ path }) => path),
    written,
  };
}

/**
 * The campaign that the options ask for, without its table.
 *
 * @throws UsageError when an option is missing or contradicts another one
 */
export function requestOf(options: CreateOptions, config: Config): Omit<CampaignRequest, 'table'> {
  if (options.table === undefined && (options.part !== undefined || options.where !== undefined))
    throw new UsageError('a table group cannot be migrated in parts', 'give --table, or leave --part and --where out');
  const to = options.to ?? config.model;
  const dimensions = options.dimensions ?? config.dimensions;
  if (!to) throw new UsageError('no new model is named', 'give --to MODEL, or set EMBED_MODEL in .env');
  if (!dimensions)
    throw new UsageError('the dimensions of the new model are not given', 'give --dimensions N, or set EMBED_DIMENSIONS in .env');
  const text = options.text ?? [];
  if (text.length === 0 && options.textSql === undefined)
    throw new UsageError('no text is named', 'give --text COLUMN or --text-sql EXPRESSION');
  if (text.length > 0 && options.textSql !== undefined)
    throw new UsageError('--text and --text-sql exclude each other', 'give one of them');
  if (options.provider === undefined && config.newProvider.apiKey === undefined && config.providers.size > 0)
    throw new UsageError(`the provider of ${to} is not named`, `give --provider ${[...config.providers.keys()].join('|')}`);
  return { ...options, text, to, dimensions, from: options.from ?? config.oldModel };
}

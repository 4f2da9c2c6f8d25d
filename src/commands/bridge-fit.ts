import { Command, Option } from 'commander';
import { fitBridge } from '../bridge/fit-bridge.ts';
import type { JudgedSource } from '../bridge/judged-queries.ts';
import { readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { readJudgements } from '../validation/queries/judgements.ts';
import type { Embedder } from '../validation/queries/read-queries.ts';
import { formatNumber } from '../wording.ts';
import { adoptCache } from './adopt-cache.ts';
import { wholeNumber } from './parse-option.ts';
import { print, printJson, say } from './print.ts';
import { createDisplay } from './progress-display.ts';
import { bridgeText } from './show-bridge.ts';
import { createEmbedder } from './validate-embedder.ts';
import { querySource } from './validate-options.ts';

interface FitCommandOptions {
  target?: string;
  campaign?: string;
  rows: number;
  queries?: string;
  queryTable?: string;
  queryText?: string;
  queryId?: string;
  judgements?: string;
  judgementColumn?: string;
  seed?: number;
  dryRun?: boolean;
  json?: boolean;
}

const HELP = `
  npm run bridge fit
  npm run bridge fit -- --queries queries.jsonl --judgements qrels.tsv

Rows that lack a new vector are embedded first; the backfill does not embed them again. With judged queries the map is compared
with the old model, if that can be called, and refused if it is certainly worse. The map goes into reembed.bridge, in place of the one before.
With onnxruntime-node installed, a fit takes seconds instead of minutes.
Exit code 4: the map was refused. What the figures mean: docs/bridge.md.`;

// The old model may have been switched off: that is no reason to wait.
const OLD_PATIENCE_SECONDS = 10;

/** `reembed bridge fit`: fits the map of a bridge, measures it, and stores it. */
export function bridgeFitCommand(): Command {
  return new Command('fit')
    .description('fit the map from the old vectors to the new model, and measure it')
    .option('--target <name>', 'table or table.column; required if there are several')
    .addOption(new Option('--campaign <name>', 'campaign, instead of --target').conflicts('target'))
    .option('--rows <n>', 'rows to draw at random', wholeNumber, 2000)
    .option('--queries <file>', 'file of judged queries')
    .option('--query-table <schema.table>', 'table or view that holds judged queries')
    .option('--query-text <column>', 'its column with the text')
    .option('--query-id <column>', 'its column with the id that judgements name')
    .option('--judgements <file>', 'file that says which rows are relevant to which query')
    .option('--judgement-column <column>', 'column that judgements name (default: the primary key)')
    .option('--seed <n>', 'draw the same rows as another run with this seed', wholeNumber)
    .option('--dry-run', 'measure and store no map; rows are embedded all the same')
    .option('--json', 'print the figures as JSON on stdout')
    .addHelpText('after', HELP)
    .action(fit);
}

async function fit(options: FitCommandOptions): Promise<void> {
  const judged = judgedSource(options);
  const config = readConfig();
  const database = await openDatabase(config);
  const display = createDisplay();
  try {
    await adoptCache(database.pool, display.say);
    const oldPatience = Math.min(OLD_PATIENCE_SECONDS, config.patienceSeconds);
    const embedders = { new: createEmbedder(database, config), old: createEmbedder(database, { ...config, patienceSeconds: oldPatience }) };
    const embedder: Embedder = (model, texts, role, side) => embedders[side](model, texts, role, side);
    const result = await fitBridge(
      database,
      config,
      { ...options, judged: judged && { ...judged, embedder } },
      {
        notice: display.say,
        onProgress: (name, done, total) => display.update([{ name, done, total, text: `${formatNumber(done)} of ${formatNumber(total)}` }]),
      },
    );
    display.stop();
    if (options.json) printJson(result, 2);
    else print(bridgeText(result));
    if (result.is_replaced) say('it replaces the map that was fitted before; searches use it only after npm run validate -- --bridge');
    if (!result.is_stored) say('not stored: --dry-run');
  } finally {
    display.stop();
    await database.close();
  }
}

/** @throws UsageError for queries without judgements, and the reverse */
function judgedSource(options: FitCommandOptions): Omit<JudgedSource, 'embedder'> | undefined {
  const queries = querySource(options);
  if (options.judgements === undefined && queries.kind === 'rows') return undefined;
  if (options.judgements === undefined || queries.kind === 'rows')
    throw new UsageError(
      'queries and their judgements belong together',
      'give --judgements and --queries FILE or --query-table, or neither',
    );
  return { queries, judgements: readJudgements(options.judgements), judgementColumn: options.judgementColumn };
}

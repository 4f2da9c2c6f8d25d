import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import { embedTexts } from '../embedding/embed-texts.ts';
import { loadModel } from '../embedding/models.ts';
import { openProvider } from '../embedding/open-provider.ts';
import { ProviderRefused } from '../embedding/provider-error.ts';
import { UsageError } from '../errors.ts';
import { readJudgements } from '../validation/judgements.ts';
import type { QuerySource } from '../validation/queries.ts';
import { reportJson, reportText } from '../validation/report.ts';
import { type QueryEmbedder, type ValidationResult, validate } from '../validation/validate.ts';
import { OldModelUnavailable, QueryRefused, ValidationFailed } from '../validation/validation-error.ts';
import { wholeNumber } from './parse-option.ts';

interface ValidateCommandOptions {
  target?: string;
  queries?: string;
  queryTable?: string;
  queryText?: string;
  queryId?: string;
  judgements?: string;
  judgementColumn?: string;
  k: number;
  sample?: number;
  lowest: number;
  json?: boolean;
}

// Queries are short and mostly plain words; a request may be a little fuller or emptier than its limit.
const TOKENS_PER_CHARACTER = 0.3;

const HELP = `
Without a query option, rows of the table are the queries, with their stored vectors: no provider is called.

  npm run validate
  npm run validate -- --queries queries.jsonl --judgements qrels.tsv
  npm run validate -- --query-table public.search_log --query-text words --sample 500

Queries of a file or table are embedded with both models, so both providers must be reachable.
A query file has one query a line, or with the ending .jsonl one {"id": "1", "text": "red shoes"} a line.
Judgements are query-id, corpus-id and score, separated by tabs (BEIR), or the four columns of TREC.

Every run is kept in reembed.validation; the thresholds are in reembed.setting.
Exit code 0: passed. 4: a threshold was missed.`;

/** `reembed validate`: compares the old and the new model on sample queries. */
export function validateCommand(): Command {
  return new Command('validate')
    .description('compare the results of the old and the new model; the switch asks for a run that passed')
    .option('--target <name>', 'table or table.column, where there are several')
    .option('--queries <file>', 'file of queries to search for')
    .option('--query-table <schema.table>', 'table or view that holds queries')
    .option('--query-text <column>', 'its column with the text')
    .option('--query-id <column>', 'its column with the id that judgements name')
    .option('--judgements <file>', 'which rows are relevant to which query: gives nDCG, MRR and recall')
    .option('--judgement-column <column>', 'column that judgements name (default: the primary key)')
    .option('-k <n>', 'how many nearest rows to compare', wholeNumber, 10)
    .option('--sample <n>', 'most queries to use (default: 200 rows or table entries, the whole of a file)', wholeNumber)
    .option('--lowest <n>', 'how many of the most changed queries to list', wholeNumber, 5)
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', HELP)
    .action(async (options: ValidateCommandOptions) => {
      const result = await run(options);
      const text = options.json ? JSON.stringify(reportJson(result, options.lowest)) : reportText(result, options.lowest);
      process.stdout.write(`${text}\n`);
      if (!result.passed) throw new ValidationFailed(result.id, result.reasons);
    });
}

async function run(options: ValidateCommandOptions): Promise<ValidationResult> {
  const queries = querySource(options);
  const judgements = options.judgements === undefined ? undefined : readJudgements(options.judgements);
  const config = readConfig();
  const database = await openDatabase(config);
  // gracefulExit would swallow the first Ctrl-C.
  const bar = new SingleBar({
    format: 'comparing [{bar}] {value}/{total} queries, {eta_formatted} left',
    gracefulExit: false,
    linewrap: true,
  });
  try {
    return await validate(database, {
      target: options.target,
      queries,
      judgements,
      judgementColumn: options.judgementColumn,
      k: options.k,
      sample: options.sample,
      embedder: queryEmbedder(database, config),
      onProgress(done, total) {
        if (done === 1) bar.start(total, 0);
        bar.update(done);
      },
    });
  } finally {
    bar.stop();
    await database.close();
  }
}

function querySource({ queries, queryTable, queryText, queryId }: ValidateCommandOptions): QuerySource {
  if (queries !== undefined && queryTable !== undefined)
    throw new UsageError('--queries and --query-table exclude each other', 'give one of them');
  if (queryTable === undefined && (queryText !== undefined || queryId !== undefined)) {
    throw new UsageError('--query-text and --query-id belong to --query-table', 'add --query-table schema.table');
  }
  if (queries !== undefined) return { kind: 'file', path: queries };
  if (queryTable === undefined) return { kind: 'rows' };
  if (queryText === undefined)
    throw new UsageError('--query-table needs --query-text', 'name the column that holds the text of the queries');
  return { kind: 'table', table: queryTable, textColumn: queryText, idColumn: queryId };
}

/** Embeds as the workers do: packed requests, the quota they share, and the same patience. */
function queryEmbedder(database: Database, config: Config): QueryEmbedder {
  return async (model, texts, role, side) => {
    try {
      const provider = openProvider(await loadModel(database.pool, model.name), side, config);
      const items = texts.map((text, position) => ({ text, position }));
      const { embedded, refused, failure } = await embedTexts(database.pool, provider, items, {
        role,
        limits: { inputs: config.requestInputs, tokens: config.requestTokens },
        tokensPerCharacter: TOKENS_PER_CHARACTER,
        patienceSeconds: config.patienceSeconds,
      });
      if (failure) throw failure;
      if (refused[0]) throw new QueryRefused(refused[0].item.text, refused[0].message);
      return embedded.sort((a, b) => a.item.position - b.item.position).map(({ vector }) => vector);
    } catch (error) {
      throw side === 'old' && error instanceof ProviderRefused ? new OldModelUnavailable(error) : error;
    }
  };
}

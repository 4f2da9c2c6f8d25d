import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { visibleLines } from '../print-text.ts';
import { readJudgements } from '../validation/queries/judgements.ts';
import type { QuerySource } from '../validation/queries/queries.ts';
import { reportJson } from '../validation/report/report-json.ts';
import { reportText } from '../validation/report/report-text.ts';
import { type ValidationResult, validate } from '../validation/validate.ts';
import { ValidationFailed, ValidationUnsure } from '../validation/validation-error.ts';
import { list, price, tokenCount, wholeNumber } from './parse-option.ts';
import { print, printJson } from './print.ts';
import { createEmbedder } from './validate-embedder.ts';
import { createJudge } from './validate-judge.ts';

interface ValidateCommandOptions {
  target?: string;
  queriesFrom?: string;
  queries?: string;
  queryTable?: string;
  queryText?: string;
  queryId?: string;
  sample?: number;
  seed?: number;
  judgements?: string;
  judgementColumn?: string;
  grade?: boolean;
  maxUsd?: number;
  maxTokens?: number;
  k: number;
  filter?: string[];
  sliceBy?: string[];
  cutoff?: number[];
  audit: number;
  lowest: number;
  json?: boolean;
}

const HELP = `
  npm run validate
  npm run validate -- --queries queries.jsonl --judgements qrels.tsv
  npm run validate -- --queries-from generated --slice-by language
  npm run validate -- --queries-from log --grade --max-usd 2
  npm run validate -- --queries-from log --filter "published" --cutoff 0.8

Without a query option, rows of the table are the queries, with their stored vectors. All other queries
are embedded with both models, so both providers must be reachable.
A query file has one query per line, or with the ending .jsonl one {"id": "1", "text": "red shoes"} per line.
Judgements are query-id, corpus-id and score, separated by tabs (BEIR), or the four columns of TREC.

--grade and --queries-from paraphrases send texts of rows, at most 4,000 characters each, to the chat
model JUDGE_MODEL (JUDGE_BASE_URL, JUDGE_API_KEY, JUDGE_PRICE); nothing else does. Number of texts and
price are printed before the first request.

Every run is kept in reembed.validation; the thresholds are in reembed.setting; what each figure means
is in docs/validation.md.
Exit code 0: pass. 4: fail. 5: unsure, because there is too little evidence; the run says what is missing.`;

/** `reembed validate`: compares the old and the new model on sample queries. */
export function validateCommand(): Command {
  return new Command('validate')
    .description('compare the results of the old and the new model; the switch requires that it passes')
    .option('--target <name>', 'table or table.column; required if there are several')
    .optionsGroup('Queries:')
    .option(
      '--queries-from <source>',
      'rows (the default), log (searches of the application), or made of rows: generated, titles, paraphrases (by a chat model)',
    )
    .option('--queries <file>', 'file of queries to search for')
    .option('--query-table <schema.table>', 'table or view that holds queries')
    .option('--query-text <column>', 'its column with the text')
    .option('--query-id <column>', 'its column with the id that judgements name')
    .option('--sample <n>', 'maximum number of queries (default: 200, or all of a file)', wholeNumber)
    .option('--seed <n>', 'draw the same queries and rows as the run that showed this seed', wholeNumber)
    .optionsGroup('Judgements:')
    .option('--judgements <file>', 'file that says which rows are relevant to which query; gives nDCG, MRR and recall')
    .option('--judgement-column <column>', 'column that judgements name (default: the primary key)')
    .option('--grade', 'let the chat model JUDGE_MODEL grade the results of queries that nobody judged; sends it texts of rows')
    .option('--max-usd <usd>', 'most US dollars that the chat model may cost in this run', price)
    .option('--max-tokens <n>', 'most tokens that the chat model may use in this run', tokenCount)
    .optionsGroup('Comparison:')
    .option('-k <n>', 'how many nearest rows to compare', wholeNumber, 10)
    .option('--filter <condition>', 'search with this SQL condition on the live view too; may be repeated', repeated)
    .option('--slice-by <column>', 'divide the figures by a column of rows, query table or file; may be repeated', severalColumns)
    .option('--cutoff <score>', 'score threshold of the application; prints the equivalent of the new model; may be repeated', score)
    .option('--audit <n>', 'rows to embed again and compare with their stored vectors; 0: none', wholeNumberOrZero, 50)
    .optionsGroup('Output:')
    .option('--lowest <n>', 'how many of the most changed queries to list', wholeNumber, 5)
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', HELP)
    .action(async (options: ValidateCommandOptions) => {
      const result = await run(options);
      if (options.json) printJson(reportJson(result, options.lowest));
      else print(`${visibleLines(reportText(result, options.lowest))}\n`);
      if (result.verdict === 'fail') throw new ValidationFailed(result.id, result.reasons);
      if (result.verdict === 'unsure') throw new ValidationUnsure(result.id, result.doubts);
    });
}

async function run(options: ValidateCommandOptions): Promise<ValidationResult> {
  const queries = querySource(options);
  const judgements = options.judgements === undefined ? undefined : readJudgements(options.judgements);
  const config = readConfig();
  const usesJudge = options.grade || queries.kind === 'paraphrases';
  if (!usesJudge && (options.maxUsd !== undefined || options.maxTokens !== undefined))
    throw new UsageError('--max-usd and --max-tokens limit the chat model', 'add --grade or --queries-from paraphrases');
  const judge = usesJudge ? createJudge(config, { maxUsd: options.maxUsd, maxTokens: options.maxTokens }) : undefined;
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
      seed: options.seed,
      filters: options.filter ?? [],
      sliceBy: options.sliceBy ?? [],
      cutoffs: options.cutoff ?? [],
      audit: options.audit,
      embedder: createEmbedder(database, config),
      judge,
      grade: options.grade,
      onProgress(done, total) {
        if (done === 1) bar.start(total, 0);
        bar.update(done);
        if (done === total) bar.stop();
      },
    });
  } finally {
    bar.stop();
    await database.close();
  }
}

function querySource({ queriesFrom, queries, queryTable, queryText, queryId }: ValidateCommandOptions): QuerySource {
  if ([queriesFrom, queries, queryTable].filter((source) => source !== undefined).length > 1)
    throw new UsageError('--queries-from, --queries and --query-table exclude each other', 'give one of them');
  if (queryTable === undefined && (queryText !== undefined || queryId !== undefined)) {
    throw new UsageError('--query-text and --query-id belong to --query-table', 'add --query-table schema.table');
  }
  if (queries !== undefined) return { kind: 'file', path: queries };
  if (queryTable !== undefined) {
    if (queryText === undefined)
      throw new UsageError('--query-table needs --query-text', 'name the column that holds the text of the queries');
    return { kind: 'table', table: queryTable, textColumn: queryText, idColumn: queryId };
  }
  if (queriesFrom === undefined || queriesFrom === 'rows') return { kind: 'rows' };
  if (queriesFrom === 'log' || queriesFrom === 'generated' || queriesFrom === 'titles' || queriesFrom === 'paraphrases')
    return { kind: queriesFrom };
  throw new UsageError(
    `queries cannot come from "${queriesFrom}"`,
    'give rows, log, generated, titles or paraphrases; name a file with --queries',
  );
}

// The defaults are here and not in the option definition, so that --help does not show them.
function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function severalColumns(value: string, before: string[] = []): string[] {
  return list(value, before);
}

function score(value: string, before: number[] = []): number[] {
  if (!/^-?\d+(\.\d+)?$/.test(value)) throw new InvalidArgumentError('a number such as 0.8 is needed.');
  return [...before, Number(value)];
}

function wholeNumberOrZero(value: string): number {
  return value === '0' ? 0 : wholeNumber(value);
}

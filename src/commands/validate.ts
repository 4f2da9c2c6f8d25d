import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, openDatabase } from '../database/connection.ts';
import { EXIT, type ExitCode, ReembedError, UsageError } from '../errors.ts';
import { targetsOfGroup } from '../plan/table-group.ts';
import { visibleLines } from '../print-text.ts';
import { readJudgements } from '../validation/queries/judgements.ts';
import { reportJson } from '../validation/report/report-json.ts';
import { reportText } from '../validation/report/report-text.ts';
import { sweep } from '../validation/sweep/sweep.ts';
import { sweepJson, sweepText } from '../validation/sweep/sweep-output.ts';
import { type ValidationResult, validate } from '../validation/validate.ts';
import { causeFinder } from '../validation/verdict/find-cause.ts';
import { paintVerdict } from './paint.ts';
import { list, price, tokenCount, wholeNumber } from './parse-option.ts';
import { currentTalk, print, printJson } from './print.ts';
import { bridgeQueries, checkBridgeOptions, runBridge } from './validate-bridge.ts';
import { createEmbedder } from './validate-embedder.ts';
import { createJudge } from './validate-judge.ts';
import { completeOptions, querySource, usesJudge, type ValidateCommandOptions } from './validate-options.ts';
import { FAIL_ON, verdictError } from './verdict-exit.ts';

const HELP = `
  npm run validate
  npm run validate -- --queries queries.jsonl --judgements qrels.tsv
  npm run validate -- --queries-from generated --slice-by language
  npm run validate -- --queries-from log --grade --max-usd 2
  npm run validate -- --queries-from log --filter "published" --cutoff 0.8
  npm run validate -- --queries queries.jsonl --judgements qrels.tsv --group-by document_id
  npm run validate -- --set nightly --fail-on unsure
  npm run validate -- --sweep

Without a query option, rows of the table are the queries, with their stored vectors. All other queries
are embedded with both models, so both providers must be reachable.
A query file has one query per line, or with the ending .jsonl one {"id": "1", "text": "red shoes"} per line.
Judgements are query-id, corpus-id and score, separated by tabs (BEIR), or the four columns of TREC.

--grade and --queries-from paraphrases send texts of rows, at most 4,000 characters each, to the chat
model JUDGE_MODEL (JUDGE_BASE_URL, JUDGE_API_KEY, JUDGE_PRICE); nothing else does. Number of texts and
price are printed before the first request.

Every run is kept in reembed.validation; the thresholds are in reembed.setting; what each figure means
is in docs/validation.md. A sweep is only printed.
Exit code 0: pass. 4: fail. 5: unsure, because there is too little evidence; the run says what is missing.
--fail-on changes which of them are 0.`;

/** `reembed validate`: compares the old and the new model on sample queries. */
export function validateCommand(): Command {
  return new Command('validate')
    .description('compare the results of the old and the new model; the switch requires that it passes')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--group <name>', 'every table of a table group, one after another, with the same queries')
    .optionsGroup('Queries:')
    .option('--set <name>', 'query set of reembed.config.*; other options take precedence over it')
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
    .option('--max-usd <usd>', 'spend cap in US dollars for the chat model, in this run', price)
    .option('--max-tokens <n>', 'spend cap in tokens for the chat model, in this run', tokenCount)
    .optionsGroup('Comparison:')
    .option('-k <n>', 'how many nearest rows to compare (default: 10)', wholeNumber)
    .option('--group-by <column>', 'count rows with the same value once, by the nearest; judgements name the value')
    .option('--bridge', 'compare the bridge with both models instead, by judged queries (default: queries made of rows)')
    .option('--candidates <n>', 'with --bridge: rows that it takes from the old index (default: 100)', wholeNumber)
    .option('--accept <code>', 'with --bridge: bridge-unmeasured, where the old model is gone and nothing is left to compare with', list)
    .option('--reason <text>', 'why it is accepted; recorded in reembed.acceptance')
    .option('--sweep', 'only measure index recall and search times over hnsw.ef_search or ivfflat.probes')
    .option('--filter <condition>', 'search with this SQL condition on the live view too; may be repeated', repeated)
    .option('--slice-by <column>', 'divide the figures by a column of rows, query table or file; may be repeated', severalColumns)
    .option('--cutoff <score>', 'score threshold of the application; prints the equivalent of the new model; may be repeated', score)
    .option(
      '--audit <n>',
      'rows to embed again and compare with their stored vectors, up to three times as many if they are not decisive; 0: none',
      wholeNumberOrZero,
      300,
    )
    .optionsGroup('Output:')
    .option('--lowest <n>', 'how many of the most changed queries to list', wholeNumber, 5)
    .addOption(new Option('--fail-on <verdict>', 'least verdict with a non-zero exit code').choices(FAIL_ON).default('unsure'))
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', HELP)
    .action(async (given: ValidateCommandOptions) => {
      const config = readConfig();
      checkBridgeOptions(given);
      const options = completeOptions(given, config.sets);
      if (options.bridge) return validateOneBridge(config, options);
      if (options.group !== undefined) return validateGroup(config, options, options.group);
      if (options.sweep) return printSweep(config, options);
      const result = await run(config, options);
      if (options.json) printJson(reportJson(result, options.lowest));
      else print(`${withPaintedVerdict(visibleLines(reportText(result, options.lowest)))}\n`);
      const error = verdictError(result, options.failOn);
      if (error) throw error;
    });
}

/** A report with its verdict, the only such line, in its colour. */
function withPaintedVerdict(report: string): string {
  return report.replace(/^(PASS|FAIL|UNSURE)$/m, paintVerdict);
}

/** Validates each table, so that one which fails says nothing about the others; the first that does not pass decides the exit code. */
async function validateGroup(config: Config, options: ValidateCommandOptions, group: string): Promise<void> {
  if (options.target !== undefined || options.sweep) throw new UsageError('--group excludes --target and --sweep', 'leave one of them out');
  const targets = await withProgress(config, '', ({ pool }) => targetsOfGroup(pool, group));
  const results: { target: string; verdict: string; message: string | null }[] = [];
  const errors: ReembedError[] = [];
  for (const target of targets) {
    const outcome = await run(config, { ...options, target }).catch((error: unknown) => {
      if (error instanceof ReembedError) return error;
      throw error;
    });
    const error = outcome instanceof ReembedError ? outcome : verdictError(outcome, options.failOn);
    if (error) errors.push(error);
    const verdict = outcome instanceof ReembedError ? 'not validated' : outcome.verdict;
    results.push({ target, verdict, message: error ? error.message : null });
    if (!options.json) print(`${visibleLines(target)}: ${paintVerdict(verdict)}${error ? visibleLines(` (${error.message})`) : ''}\n`);
  }
  if (options.json) printJson(results, 2);
  const [worst] = errors.sort((a, b) => SEVERITY.indexOf(a.exitCode) - SEVERITY.indexOf(b.exitCode));
  if (worst) throw worst;
}

// A table that could not be validated counts more than one that failed, and that more than an unsure one.
const SEVERITY: ExitCode[] = [EXIT.failed, EXIT.validationFailed, EXIT.unsure];

async function validateOneBridge(config: Config, given: ValidateCommandOptions): Promise<void> {
  const options = bridgeQueries(given);
  const { target, judgementColumn, sample, seed, k, candidates } = options;
  const queries = querySource(options);
  const judgements = options.judgements === undefined ? undefined : readJudgements(options.judgements);
  const judge = usesJudge(options) ? createJudge(config, { maxUsd: options.maxUsd, maxTokens: options.maxTokens }) : undefined;
  await withProgress(config, '', (database) => {
    const embedder = createEmbedder(database, config);
    return runBridge(database, { target, queries, judgements, judgementColumn, sample, seed, k, candidates, judge, embedder }, options);
  });
}

async function run(config: Config, options: ValidateCommandOptions): Promise<ValidationResult> {
  const queries = querySource(options);
  const judgements = options.judgements === undefined ? undefined : readJudgements(options.judgements);
  const judge = usesJudge(options) ? createJudge(config, { maxUsd: options.maxUsd, maxTokens: options.maxTokens }) : undefined;
  return withProgress(config, 'comparing [{bar}] {value}/{total} queries, {eta_formatted} left', (database, onProgress) =>
    validate(database, {
      target: options.target,
      queries,
      judgements,
      judgementColumn: options.judgementColumn,
      groupBy: options.groupBy,
      k: options.k,
      sample: options.sample,
      seed: options.seed,
      filters: options.filter ?? [],
      sliceBy: options.sliceBy ?? [],
      cutoffs: options.cutoff ?? [],
      audit: options.audit,
      embedder: createEmbedder(database, config),
      findCause: causeFinder(database, config),
      judge,
      grade: options.grade,
      onProgress,
    }),
  );
}

async function printSweep(config: Config, options: ValidateCommandOptions): Promise<void> {
  const { target, k, sample, seed, json } = options;
  const queries = querySource(options);
  const swept = await withProgress(config, 'measuring [{bar}] {value}/{total} settings', (database, onProgress) =>
    sweep(database, { target, queries, k, sample, seed, embedder: createEmbedder(database, config), onProgress }),
  );
  if (json) printJson(sweepJson(swept, queries));
  else print(`${visibleLines(sweepText(swept, queries))}\n`);
}

type OnProgress = (done: number, total: number) => void;

/** Connects, and shows a bar on stderr while the work reports its progress. */
async function withProgress<T>(
  config: Config,
  format: string,
  work: (database: Database, onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(config);
  // gracefulExit would swallow the first Ctrl-C.
  const bar = new SingleBar({ format, gracefulExit: false, linewrap: true });
  try {
    return await work(database, (done, total) => {
      if (currentTalk() === 'quiet') return;
      if (done === 1) bar.start(total, 0);
      bar.update(done);
      if (done === total) bar.stop();
    });
  } finally {
    bar.stop();
    await database.close();
  }
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

import type { QuerySet } from '../config-file.ts';
import { UsageError } from '../errors.ts';
import type { QuerySource } from '../validation/queries/queries.ts';
import type { FailOn } from './verdict-exit.ts';

/** Options of `validate` as the command line gives them; those that a query set may define have no default. */
export interface ValidateCommandOptions {
  target?: string | undefined;
  group?: string | undefined;
  set?: string | undefined;
  queriesFrom?: string | undefined;
  queries?: string | undefined;
  queryTable?: string | undefined;
  queryText?: string | undefined;
  queryId?: string | undefined;
  sample?: number | undefined;
  seed?: number | undefined;
  judgements?: string | undefined;
  judgementColumn?: string | undefined;
  groupBy?: string | undefined;
  grade?: boolean | undefined;
  maxUsd?: number | undefined;
  maxTokens?: number | undefined;
  k?: number | undefined;
  filter?: string[] | undefined;
  sliceBy?: string[] | undefined;
  cutoff?: number[] | undefined;
  audit: number;
  bridge?: boolean | undefined;
  candidates?: number | undefined;
  accept?: string[] | undefined;
  reason?: string | undefined;
  sweep?: boolean | undefined;
  failOn: FailOn;
  lowest: number;
  json?: boolean | undefined;
}

// A sweep searches for the queries and measures nothing else.
const NOT_FOR_SWEEP = {
  judgements: '--judgements',
  groupBy: '--group-by',
  filter: '--filter',
  sliceBy: '--slice-by',
  cutoff: '--cutoff',
  grade: '--grade',
};

/**
 * Completes the options with those of a query set; an option that was given takes precedence over the set.
 *
 * @param sets query sets of the configuration file
 * @throws UsageError for an unknown set, and for options that exclude each other
 */
export function completeOptions(given: ValidateCommandOptions, sets: ReadonlyMap<string, QuerySet>): ValidateCommandOptions {
  const ignored = Object.entries(NOT_FOR_SWEEP).find(([name]) => given[name as keyof typeof NOT_FOR_SWEEP] !== undefined);
  if (given.sweep && ignored) throw new UsageError(`--sweep and ${ignored[1]} exclude each other`, 'leave one of them out');
  if (given.groupBy !== undefined && given.judgementColumn !== undefined)
    throw new UsageError(
      '--group-by and --judgement-column exclude each other',
      'leave --judgement-column out: judgements name the groups, by the value of the column of --group-by',
    );
  // The chat model reads the text of a row, and a group has none.
  if (given.groupBy !== undefined && given.grade)
    throw new UsageError('--group-by and --grade exclude each other', 'leave one of them out');
  if (given.set === undefined) return given;
  const set = sets.get(given.set);
  if (!set) {
    const known = [...sets.keys()].map((name) => `"${name}"`).join(', ');
    throw new UsageError(
      `there is no query set "${given.set}" in reembed.config`,
      known ? `name one of ${known}` : 'add sets: { NAME: { queries: "queries.jsonl" } } to reembed.config.ts, .js or .json',
    );
  }
  const { filters, ...rest } = set;
  const saved: Partial<ValidateCommandOptions> = { ...rest, ...(filters === undefined ? {} : { filter: filters }) };
  // One source of queries, and one way to find the judged rows.
  if (given.queriesFrom !== undefined || given.queryTable !== undefined) delete saved.queries;
  if (given.groupBy !== undefined) delete saved.judgementColumn;
  if (given.judgementColumn !== undefined) delete saved.groupBy;
  return { ...saved, ...given };
}

/** Whether a chat model is needed. @throws UsageError for limits of a chat model that is not used */
export function usesJudge({ grade, queriesFrom, maxUsd, maxTokens }: ValidateCommandOptions): boolean {
  const uses = grade === true || queriesFrom === 'paraphrases';
  if (!uses && (maxUsd !== undefined || maxTokens !== undefined))
    throw new UsageError('--max-usd and --max-tokens limit the chat model', 'add --grade or --queries-from paraphrases');
  return uses;
}

/** The source of the queries. @throws UsageError for options that exclude or need each other */
export function querySource({
  queriesFrom,
  queries,
  queryTable,
  queryText,
  queryId,
}: Pick<ValidateCommandOptions, 'queriesFrom' | 'queries' | 'queryTable' | 'queryText' | 'queryId'>): QuerySource {
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

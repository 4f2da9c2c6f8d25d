import { EXIT, ReembedError } from '../errors.ts';

/** Thrown when a file of queries or judgements cannot be read. */
export class FileUnreadable extends ReembedError {
  constructor(path: string, option: string, cause: unknown) {
    const { code } = cause as { code?: string };
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? String(cause)})`;
    super('file_unreadable', `${path} ${reason}`, `name a file that can be read with ${option}`, { cause });
  }
}

/** Thrown for an invalid line of a file. */
export class BadLine extends ReembedError {
  /** counted from 1 */
  readonly line: number;

  constructor(path: string, line: number, problem: string, remedy: string) {
    super('bad_line', `${path}, line ${line}: ${problem}`, remedy);
    this.line = line;
  }
}

/** Thrown when there is no query to compare the models with. */
export class NoQueries extends ReembedError {
  constructor(problem: string, remedy: string) {
    super('no_queries', problem, remedy);
  }
}

/** Thrown when a table named on the command line does not exist. */
export class QueryTableMissing extends ReembedError {
  constructor(table: string) {
    super(
      'query_table_missing',
      `there is no table or view ${table}`,
      'name it as schema.table with --query-table, in double quotes where it has capitals',
    );
  }
}

/** Thrown when a column named on the command line does not exist. */
export class ColumnMissing extends ReembedError {
  constructor(table: string, column: string, option: string, known: string[]) {
    super('column_missing', `${table} has no column ${column}`, `correct ${option}; the columns are ${known.join(', ')}`);
  }
}

/** Thrown when the rows cannot be grouped by a column. */
export class GroupColumnUnfit extends ReembedError {
  constructor(column: string, reason: string) {
    super(
      'group_column_unfit',
      `rows cannot be grouped by ${column}: ${reason}`,
      'name a column that holds the id of the document with --group-by',
    );
  }
}

/** Thrown when there is no index whose search setting could be varied. */
export class NothingToSweep extends ReembedError {
  constructor(table: string) {
    super(
      'nothing_to_sweep',
      `no search of ${table} uses an hnsw or ivfflat index on its vectors`,
      'create the index first (npm run migrate up), or leave out --sweep',
    );
  }
}

/** Thrown when no judgement belongs to any of the queries. */
export class JudgementsFitNoQuery extends ReembedError {
  constructor(judged: string, asked: string) {
    super(
      'judgements_fit_no_query',
      `no judgement refers to any of the queries: a judgement names query ${judged}, a query is ${asked}`,
      'the first column of the judgements must hold the ids of the queries (the line number, where a file gives none; else see --query-id)',
    );
  }
}

/** Thrown when no judgement names a row of the table. */
export class JudgementsFitNoRow extends ReembedError {
  constructor(judged: string, existing: string, column: string) {
    super(
      'judgements_fit_no_row',
      `no judgement names a row of the table: a judgement names ${judged}, a row has ${existing} in ${column}`,
      'name the column that holds the ids of the judgements with --judgement-column (a key of several columns is joined by "/")',
    );
  }
}

/** Thrown when a filter is not a condition on the rows of the live view. */
export class BadFilter extends ReembedError {
  constructor(filter: string, reason: string) {
    super(
      'bad_filter',
      `--filter "${filter}" is not a condition on the live view: ${reason}`,
      'give one SQL expression of type boolean over its columns, as it would stand behind WHERE',
    );
  }
}

/** Thrown when the campaign does not have two models to compare. */
export class NothingToCompare extends ReembedError {
  constructor(problem: string) {
    super('nothing_to_compare', problem, 'validate a campaign between expand and contract; npm run status shows its phase');
  }
}

/** Thrown when the old model cannot embed the queries. */
export class OldModelUnavailable extends ReembedError {
  constructor(cause: ReembedError) {
    super(
      cause.code,
      cause.message,
      `${cause.remedy}; without the old model only rows can be compared: npm run validate, with no query options`,
      { cause },
    );
  }
}

/** Thrown when queries would have to be embedded with an old model that is marked as gone. */
export class OldModelGone extends ReembedError {
  constructor(model: string) {
    super(
      'old_model_gone',
      `queries cannot be embedded with ${model}, which cannot be called any more`,
      'compare rows by their stored vectors: npm run validate, with no query options; or give a .jsonl file whose queries have an old_vector from before',
    );
  }
}

/** Thrown when a kept vector of a query is not one of the old model. */
export class OldVectorUnfit extends ReembedError {
  constructor(query: string, found: number, model: string, dimensions: number) {
    super(
      'old_vector_unfit',
      `the old_vector of query ${query} has ${found} dimensions, and ${model} has ${dimensions}`,
      'give the vector of the query by that model, or leave old_vector out',
    );
  }
}

/** Thrown when a provider refuses to embed a query. */
export class QueryRefused extends ReembedError {
  constructor(query: string, message: string) {
    super('query_refused', `query ${query}: ${message}`, 'shorten or remove this query');
  }
}

/** Thrown when the provider refuses the text of an audited row. */
export class RowRefused extends ReembedError {
  constructor(message: string) {
    super('row_refused', `the text of an audited row: ${message}`, 'run it again with another --seed, or with --audit 0');
  }
}

/** Thrown when another session cancelled a statement of the comparison. statement_timeout does not apply to it. */
export class ScanCancelled extends ReembedError {
  constructor(cause: unknown) {
    super(
      'scan_cancelled',
      'a scan of the table was cancelled, for example by pg_cancel_backend()',
      'make sure that long statements are not cancelled, or compare fewer queries: npm run validate -- --sample 50',
      { cause },
    );
  }
}

/** Thrown when another session kept the table locked. */
export class TableLocked extends ReembedError {
  constructor(cause: unknown) {
    super(
      'table_locked',
      'another session held a lock on the table, so it could not be read',
      'find the session with npm run doctor, then validate again',
      {
        cause,
      },
    );
  }
}

/** Thrown when the verdict is fail, after the complete run was stored. */
export class ValidationFailed extends ReembedError {
  override readonly exitCode = EXIT.validationFailed;

  constructor(id: string, reasons: string[]) {
    super(
      'validation_failed',
      `validation ${id} failed: ${reasons.join('; ')}`,
      'fix the cause, then run npm run validate again; change thresholds with npm run setting',
    );
  }
}

/** Thrown when the evidence decides neither for nor against the new model, after the complete run was stored. */
export class ValidationUnsure extends ReembedError {
  override readonly exitCode = EXIT.unsure;

  constructor(id: string, doubts: string[]) {
    super(
      'validation_unsure',
      `validation ${id} is unsure: ${doubts.join('; ')}`,
      'add evidence with npm run validate -- --queries FILE --judgements FILE, or accept it: npm run migrate up -- --accept unsure --reason "why"',
    );
  }
}

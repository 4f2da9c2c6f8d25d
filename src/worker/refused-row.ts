import type { Queryable } from '../database/connection.ts';
import { wordsOf } from '../database/database-error.ts';
import { visible } from '../print-text.ts';
import type { SourceRow } from './reader.ts';

/** A row that could not be embedded or stored. */
export interface RowFailure {
  row: Pick<SourceRow, 'keyText'>;
  code: string;
  message: string;
  /** the other program's message, which may quote the text */
  words?: string | undefined;
}

/** Whether an error says that the table refuses a row. The other rows of the statement may then be stored without it. */
export async function isRefusedRow(db: Queryable, error: unknown): Promise<boolean> {
  const { code, severity, schema } = (error ?? {}) as Record<string, unknown>;
  if (typeof severity !== 'string' || typeof code !== 'string' || schema === 'reembed') return false;
  // When the server cannot answer, the error that occurred is the one to report.
  const { rows } = await db
    .query<{ yes: boolean }>('SELECT reembed.refuses_row($1) AS yes', [code])
    .catch((): { rows: { yes: boolean }[] } => ({ rows: [] }));
  return rows[0]?.yes ?? false;
}

/** What to record of a row that its table refuses: codes and names in the message, PostgreSQL's own message and DETAIL in the words. */
export async function refusalOf(db: Queryable, target: string, row: Pick<SourceRow, 'keyText'>, error: unknown): Promise<RowFailure> {
  const { code, table, constraint, where } = error as Record<string, unknown>;
  const triggers = constraint || typeof where !== 'string' ? [] : await triggersNamedIn(db, target, where);
  const names = [table && `table ${table}`, constraint && `constraint ${constraint}`, ...triggers.map((name) => `trigger ${name}`)];
  return {
    row,
    code: 'row_refused',
    message: visible(`PostgreSQL refuses the row (SQLSTATE ${code}${names.map((name) => (name ? `, ${name}` : '')).join('')})`),
    words: wordsOf(error),
  };
}

/** The triggers of a target's table whose functions the context of an error names. */
async function triggersNamedIn(db: Queryable, target: string, where: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT g.tgname AS name FROM reembed.target AS t JOIN pg_trigger AS g ON g.tgrelid = t.relation JOIN pg_proc AS p ON p.oid = g.tgfoid
      WHERE t.name = $1 AND NOT g.tgisinternal AND g.tgname NOT LIKE 'zz\\_reembed\\_%' AND strpos($2, p.proname || '(') > 0 ORDER BY 1 LIMIT 3`,
    [target, where],
  );
  return rows.map(({ name }) => name);
}

/** Failed rows as reembed.record_failed() takes them. */
export function refusals(failures: readonly RowFailure[]): string {
  return JSON.stringify(failures.map(({ row, code, message, words }) => ({ key: row.keyText, class: code, message, words })));
}

import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { compiled } from '../worker/target.ts';

/** A connection on which statements run with the rights of the owner of a table. */
export interface OwnersConnection {
  /** runs a statement that casts its parameters; its rows are JSON, so that numbers are numbers and all else is text */
  query<Row extends object>(statement: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
}

/**
 * The same connection with the rights of the table's owner: what the owner's own functions, policies and views do when they are
 * called then happens with no more rights than the owner has, whoever validates.
 */
export function asOwner(db: Queryable, target: { suffix: string }): OwnersConnection {
  return {
    async query<Row extends object>(statement: string, values: readonly unknown[] = []) {
      const { rows } = await db.query<{ row: Row } & pg.QueryResultRow>(
        `SELECT r.row FROM ${compiled(target, 'ask')}($1, $2::text[]) AS r(row)`,
        [statement.replace(/\$(\d+)/g, '($$1)[$1]'), values.map(toText)],
      );
      return { rows: rows.map(({ row }) => row) };
    },
  };
}

/** A value in PostgreSQL's text form. */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : String(item))).join(',')}}`;
}

import type pg from 'pg';
import type { Queryable } from './connection.ts';

/** A connection whose statements run with the rights of a table's owner. */
export interface OwnersConnection {
  /** runs a statement that casts its parameters; rows are JSON, so numbers are numbers and all other values are text */
  query<Row extends object>(statement: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
}

/**
 * Wraps a connection so that statements run with the rights of a function's owner. The owner's functions, casts, policies and views are
 * then called with no more rights than the owner has, whichever role runs the statement.
 *
 * @param ask qualified name of a SECURITY DEFINER function that runs a statement with values
 */
export function ownersConnection(db: Queryable, ask: string): OwnersConnection {
  return {
    async query<Row extends object>(statement: string, values: readonly unknown[] = []) {
      const { rows } = await db.query<{ row: Row } & pg.QueryResultRow>(`SELECT r.row FROM ${ask}($1, $2::text[]) AS r(row)`, [
        // Without values, a $1 is part of a literal.
        values.length > 0 ? statement.replace(/\$(\d+)/g, '($$1)[$1]') : statement,
        values.map(toText),
      ]);
      return { rows: rows.map(({ row }) => row) };
    },
  };
}

/**
 * Gives the rights of the owner of a table that is not registered yet, for the rest of a transaction, which becomes read-only. SET ROLE is
 * not enough: code of the owner could return to the runner's role with RESET ROLE, which a SECURITY DEFINER function forbids. The
 * transaction is read-only because the function belongs to the owner, who could replace it.
 *
 * @param db a connection in a transaction that has written nothing and will be rolled back
 */
export async function borrowOwner(db: Queryable, relation: number): Promise<OwnersConnection> {
  const { rows } = await db.query<{ role: string }>(
    "SELECT current_setting('role') AS role, set_config('role', pg_get_userbyid(c.relowner), true) FROM pg_class AS c WHERE c.oid = $1",
    [relation],
  );
  await db.query(`CREATE OR REPLACE FUNCTION pg_temp.reembed_ask(p_statement text, p_values text[]) RETURNS SETOF jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      v_row record;
    BEGIN
      FOR v_row IN EXECUTE p_statement USING p_values LOOP
        RETURN NEXT pg_catalog.to_jsonb(v_row);
      END LOOP;
    END $body$`);
  await db.query("SELECT set_config('role', $1, true)", [rows[0]?.role]);
  await db.query('SET TRANSACTION READ ONLY');
  return ownersConnection(db, 'pg_temp.reembed_ask');
}

/** Formats a value in PostgreSQL's text form. */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : String(item))).join(',')}}`;
}

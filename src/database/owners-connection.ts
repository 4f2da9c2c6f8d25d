import type pg from 'pg';
import type { Queryable } from './connection.ts';

/** A connection on which statements run with the rights of the owner of a table. */
export interface OwnersConnection {
  /** runs a statement that casts its parameters; its rows are JSON, so that numbers are numbers and all else is text */
  query<Row extends object>(statement: string, values?: readonly unknown[]): Promise<{ rows: Row[] }>;
}

/**
 * The same connection with the rights of whoever owns a function: what the owner's own functions, casts, policies and views do when
 * they are called then happens with no more rights than the owner has, whoever asks.
 *
 * @param ask qualified name of a function that runs a statement with values and is SECURITY DEFINER
 */
export function ownersConnection(db: Queryable, ask: string): OwnersConnection {
  return {
    async query<Row extends object>(statement: string, values: readonly unknown[] = []) {
      const { rows } = await db.query<{ row: Row } & pg.QueryResultRow>(`SELECT r.row FROM ${ask}($1, $2::text[]) AS r(row)`, [
        // Without values a $1 is part of a text.
        values.length > 0 ? statement.replace(/\$(\d+)/g, '($$1)[$1]') : statement,
        values.map(toText),
      ]);
      return { rows: rows.map(({ row }) => row) };
    },
  };
}

/**
 * The rights of the owner of a table that is not registered yet, for the rest of a transaction, which is read-only from then on. SET ROLE
 * would not do: what the owner's code is called by could take the runner's role back with RESET ROLE, which a SECURITY DEFINER function
 * forbids. Read-only, because the function is the owner's, who could replace it.
 *
 * @param db a connection in a transaction that has written nothing and is going to be rolled back
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

/** A value in PostgreSQL's text form. */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : String(item))).join(',')}}`;
}

import pg from 'pg';
import type { Queryable } from '../database/connection.ts';

/** One setting, as the database describes it. */
export interface SettingDescription {
  name: string;
  meaning: string;
  /** value of a new target; undefined where it has none of its own */
  default: unknown;
}

// A pause is shown with its reason by status.
const NOT_SET_HERE = ['target', 'updated_at', 'paused_by', 'paused_reason'];

/** Reads names, meanings and defaults of the settings from the columns of the table, so that they are written in one place. */
export async function describeSettings(db: Queryable): Promise<SettingDescription[]> {
  const { rows } = await db.query<{ name: string; meaning: string; type: string; expression: string | null; required: boolean }>(
    `SELECT a.attname AS name, col_description(a.attrelid, a.attnum) AS meaning, format_type(a.atttypid, a.atttypmod) AS type,
            pg_get_expr(d.adbin, d.adrelid) AS expression, a.attnotnull AS required
       FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = 'reembed.setting'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL ($1)
      ORDER BY a.attnum`,
    [NOT_SET_HERE],
  );
  await db.query("SELECT set_config('intervalstyle', 'postgres', true)");
  const columns = rows.map(({ name, type, expression }) => `(${expression ?? 'NULL'})::${type} AS ${pg.escapeIdentifier(name)}`);
  const defaults = await db.query<{ values: Record<string, unknown> }>(
    `SELECT to_jsonb(d) AS values FROM (SELECT ${columns.join(', ')}) AS d`,
  );
  const values = defaults.rows[0]?.values ?? {};
  return rows.map(({ name, meaning, expression, required }) => ({
    name,
    meaning,
    default: required && expression === null ? undefined : values[name],
  }));
}

import pg from 'pg';
import type { Names } from './application.ts';
import type { DdlPhase, Storage } from './ddl-cases.ts';
import { wrongRows } from './documents.ts';

/** Where the vectors of a table are. */
export interface VectorPlace {
  storage: Storage;
  phase: DdlPhase;
  /** present names of the columns that were renamed */
  renamed: Record<string, string>;
}

/** Rows of a table that nobody changed with a vector that is not of their text. */
export function wrongInUnchanged(pool: pg.Pool, table: string, place: Omit<VectorPlace, 'renamed'>): Promise<string[]> {
  return wrongRows(pool, { table, ...vectorsOf(table, { ...place, renamed: {} }, `${table}.id`, 'id') });
}

/** Rows of the application's table with a vector that is not of their text. */
export async function wrongInChanged(pool: pg.Pool, changed: string, { table, key, text }: Names, place: VectorPlace): Promise<string[]> {
  try {
    const { rows } = await pool.query<{ key: string }>(
      `SELECT a.attname AS key FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass($1) AND i.indisprimary`,
      [`public.${changed}_new_model_vectors`],
    );
    // Both views have every row, because every row has a text.
    const served = await pool.query(
      `SELECT (SELECT count(*) FROM public.${changed}_live)::integer AS live, (SELECT count(*) FROM ${table(changed)})::integer AS rows`,
    );
    if (served.rows[0].live !== served.rows[0].rows) return [`the live view shows ${served.rows[0].live} of ${served.rows[0].rows} rows`];
    const vectors = vectorsOf(changed, place, `present.${key}`, rows[0]?.key ?? 'id');
    const columns = Object.entries(vectors).map(([role, sql]) => `${sql} AS ${role}`);
    return await wrongRows(pool, {
      table: `(SELECT ${key} AS id, ${text} AS content, ${columns.join(', ')} FROM ${table(changed)} AS present) AS present`,
      ...Object.fromEntries(Object.keys(vectors).map((role) => [role, role])),
    });
  } catch (error) {
    return [(error as Error).message];
  }
}

/**
 * SQL for the vectors of a row.
 *
 * @param key the key of the row, qualified with its table: the side table may have a column of the same name
 */
function vectorsOf(
  table: string,
  { storage, phase, renamed }: VectorPlace,
  key: string,
  sideKey: string,
): { newColumn: string; oldColumn?: string } {
  const name = (first: string) => renamed[first] ?? first;
  const column = phase === 'contract' ? name('embedding') : name('embedding_v2');
  const beside = `(SELECT side.embedding FROM public.${table}_new_model_vectors AS side WHERE side.${pg.escapeIdentifier(sideKey)} = ${key})`;
  return {
    newColumn: storage === 'column' ? column : beside,
    ...(phase === 'contract' ? {} : { oldColumn: name('embedding') }),
  };
}

import type { Queryable } from '../database/connection.ts';

/**
 * The full name of a target.
 *
 * @param target table, schema.table or table.column; the only target when left out
 */
export async function resolveTarget(db: Queryable, target: string | undefined): Promise<string> {
  const { rows } = await db.query<{ name: string }>('SELECT reembed.resolve_target($1) AS name', [target ?? null]);
  return rows[0]?.name as string;
}

import type pg from 'pg';
import { inTransaction, type Queryable } from '../database/connection.ts';
import { messageOf, ReembedError, UsageError } from '../errors.ts';

/** Thrown when no table belongs to the group. */
export class NoTablesInGroup extends ReembedError {
  constructor(selection: string) {
    super(
      'no_tables_in_group',
      `no table matches ${selection}`,
      '--tables is SCHEMA.TABLE, in which * stands for any characters; --tables-query returns names',
    );
  }
}

/** Thrown when the query that lists the tables fails. */
export class BadTablesQuery extends ReembedError {
  constructor(cause: unknown) {
    super(
      'bad_tables_query',
      `--tables-query fails: ${messageOf(cause)}`,
      'try it with psql; it returns one column, such as schema.table',
      { cause },
    );
  }
}

/** Thrown when a campaign of that group was never started. */
export class NoSuchGroup extends ReembedError {
  constructor(group: string, known: readonly string[]) {
    super(
      'no_such_group',
      `there is no table group ${group}`,
      known.length > 0 ? `table groups: ${known.join(', ')}` : 'no table group was started: npm run migrate up',
    );
  }
}

/** Lists the tables that match a pattern, as quoted names. */
export async function tablesLike(db: Queryable, pattern: string): Promise<string[]> {
  const [schema, table, ...rest] = pattern.split('.');
  if (!schema || !table || rest.length > 0)
    throw new UsageError(
      '--tables is not SCHEMA.TABLE',
      'write it as "tenant_*.documents"; the names of the tables of other shapes come from --tables-query',
    );
  const { rows } = await db.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'reembed', 'reembed_queue')
        AND n.nspname ~ $1 AND c.relname ~ $2 ORDER BY n.nspname, c.relname`,
    [regularExpression(schema), regularExpression(table)],
  );
  return rows.map(({ name }) => name);
}

/** Lists the tables that a query of the user's names, in a transaction that can write nothing. @throws BadTablesQuery */
export async function tablesOfQuery(pool: pg.Pool, query: string): Promise<string[]> {
  return inTransaction(pool, async (db) => {
    await db.query('SET TRANSACTION READ ONLY');
    const { rows } = await db.query<Record<string, unknown>>(query).catch((error) => {
      throw new BadTablesQuery(error);
    });
    return [...new Set(rows.map((row) => String(Object.values(row)[0])))];
  });
}

/** The targets of a group, in the order of their names. @throws NoSuchGroup */
export async function targetsOfGroup(db: Queryable, group: string): Promise<string[]> {
  const { rows } = await db.query<{ target: string; name: string }>(
    `SELECT DISTINCT m.target, m.group_name AS name FROM reembed.campaign AS m WHERE m.group_name IS NOT NULL ORDER BY m.target`,
  );
  const targets = rows.filter(({ name }) => name === group).map(({ target }) => target);
  if (targets.length === 0) throw new NoSuchGroup(group, [...new Set(rows.map(({ name }) => name))]);
  return targets;
}

function regularExpression(pattern: string): string {
  return `^${pattern.replace(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '.*')}$`;
}

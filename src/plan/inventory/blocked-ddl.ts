import type { Subject } from './finding.ts';

/** Statements that PostgreSQL refuses while the views and functions of a campaign depend on the table, and types that the change log uses. */
export const blockedDdl: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<{ types: string[] }>(
    `SELECT ARRAY(SELECT DISTINCT format_type(a.atttypid, NULL) FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
                   WHERE a.attrelid = $1 AND a.attname = ANY ($2) AND y.typtype IN ('e', 'd') ORDER BY 1) AS types`,
    [facts.oid, facts.keyColumns],
  );
  const types = rows[0]?.types ?? [];
  return [
    {
      code: 'blocked-ddl',
      what: `views of every column of ${facts.table}, from expand on`,
      consequence: `PostgreSQL refuses to drop a column of ${facts.table} or to change its type; columns can still be added and renamed`,
      avoid: 'SELECT reembed.unhook(target), then the ALTER TABLE, then SELECT reembed.rehook(target)',
      severity: 'note' as const,
      evidence: {},
    },
    ...types.map((type) => ({
      code: 'key-type',
      what: `the key has the type ${type}`,
      consequence: `the change log has a column of it, so that DROP TYPE ${type} is refused until the target is released`,
      avoid: 'ALTER TYPE … ADD VALUE and RENAME go on; to replace the type, change the column first, then SELECT reembed.rehook(target)',
      severity: 'note' as const,
      evidence: { type },
    })),
  ];
};

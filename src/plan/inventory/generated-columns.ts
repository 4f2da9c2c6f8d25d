import type { Subject } from './finding.ts';

/** Stored generated columns, which an update computes again. */
export const generatedColumns: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<{ name: string }>(
    `SELECT quote_ident(a.attname) AS name FROM pg_attribute AS a WHERE a.attrelid = $1 AND a.attgenerated = 's' AND NOT a.attisdropped ORDER BY a.attnum`,
    [facts.oid],
  );
  if (rows.length === 0) return [];
  return [
    {
      code: 'generated-columns',
      what: `generated columns: ${rows.map(({ name }) => name).join(', ')}`,
      consequence: 'each is computed again when a vector is stored in its row, which slows the backfill if the expression is slow',
      avoid: '--storage side-table',
      severity: 'note',
      evidence: { columns: rows.map(({ name }) => name) },
      storage: 'column',
    },
  ];
};

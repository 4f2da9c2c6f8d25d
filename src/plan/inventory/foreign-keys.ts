import { counted } from '../../wording.ts';
import type { Subject } from './finding.ts';

/** Foreign keys from and to the table. */
export const foreignKeys: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<{ from: number; to: string[] }>(
    `SELECT (SELECT count(*)::integer FROM pg_constraint AS k WHERE k.conrelid = $1 AND k.contype = 'f') AS from,
            ARRAY(SELECT DISTINCT k.conrelid::regclass::text FROM pg_constraint AS k WHERE k.confrelid = $1 AND k.contype = 'f' AND k.conrelid <> $1 ORDER BY 1) AS to`,
    [facts.oid],
  );
  const { from = 0, to = [] } = rows[0] ?? {};
  if (from === 0 && to.length === 0) return [];
  return [
    {
      code: 'foreign-keys',
      what: [from > 0 ? `${counted(from, 'foreign key')} of the table` : '', to.length > 0 ? `referenced by ${to.join(', ')}` : '']
        .filter(Boolean)
        .join('; '),
      consequence: 'none is checked when a vector is stored; rows that a cascade deletes or changes are captured like any other',
      avoid: 'nothing to do',
      severity: 'note',
      evidence: { references: from, referenced_by: to },
    },
  ];
};

import { counted } from '../../wording.ts';
import type { Subject } from './finding.ts';

/** Row level security. */
export const rowSecurity: Subject = async ({ db, facts }) => {
  if (!facts.rowSecurity) return [];
  const { rows } = await db.query<{ policies: number }>('SELECT count(*)::integer AS policies FROM pg_policy WHERE polrelid = $1', [
    facts.oid,
  ]);
  const policies = rows[0]?.policies ?? 0;
  return [
    {
      code: 'row-security',
      what: `row level security with ${counted(policies, 'policy', 'policies')}`,
      consequence:
        'the live view applies the policies to its reader; vectors are stored with the rights of the owner, whom no policy restricts',
      avoid: '--storage column: a side table is refused, because the policies would not apply to it',
      severity: 'note',
      evidence: { policies },
    },
  ];
};

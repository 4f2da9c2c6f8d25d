import { counted } from '../../wording.ts';
import { catalogQuery } from './catalog-query.ts';
import type { Subject } from './finding.ts';

interface Trigger {
  trigger: string;
  calls: string;
  isForEachRow: boolean;
}

/** Triggers of the user that fire when a vector is stored in the table, and how often. */
export const triggers: Subject = async ({ db, facts, text }) => {
  const { rows } = await db.query<Trigger>(
    `SELECT g.trigger, g.calls, g.is_each AS "isForEachRow" FROM (${catalogQuery('update_triggers')}) AS g(trigger, calls, is_each)`,
    [facts.oid],
  );
  if (rows.length === 0) return [];
  const often = rows.some(({ isForEachRow }) => isForEachRow)
    ? `${counted(text?.rows ?? facts.rows, 'time')}, once a row`
    : 'once a portion of rows';
  return [
    {
      code: 'triggers-fire',
      what: `${counted(rows.length, 'trigger')} on UPDATE: ${rows.map(({ trigger, calls }) => `${trigger} (${calls})`).join(', ')}`,
      consequence: `the backfill fires ${rows.length === 1 ? 'it' : 'each'} ${often}, and again for every row whose text changes`,
      avoid: '--storage side-table; or a trigger that is limited to columns: UPDATE OF …',
      severity: 'harm',
      evidence: { triggers: rows.map(({ trigger, calls }) => `${trigger} ${calls}`) },
      storage: 'column',
      before: 'backfill',
    },
  ];
};

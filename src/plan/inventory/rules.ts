import type { Subject } from './finding.ts';

/** Rules on INSERT and DELETE; a rule on UPDATE is refused. */
export const rules: Subject = async ({ db, facts }) => {
  const { rows } = await db.query<{ name: string; event: string }>(
    `SELECT quote_ident(w.rulename) AS name, CASE w.ev_type WHEN '3' THEN 'INSERT' ELSE 'DELETE' END AS event
       FROM pg_rewrite AS w WHERE w.ev_class = $1 AND w.ev_type IN ('3', '4') ORDER BY 1`,
    [facts.oid],
  );
  return rows.map(({ name, event }) => ({
    code: 'rules',
    what: `rule ${name} on ${event}`,
    consequence: 'rows are captured where they are stored: what the rule writes to another table is not embedded',
    avoid: 'nothing to do if the rule adds to what the statement does; a trigger does the same without a rule',
    severity: 'note' as const,
    evidence: { rule: name },
  }));
};

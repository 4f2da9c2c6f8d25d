import type { InventoryFinding, Subject } from './finding.ts';

/** Views with the table's own name, in schemas of their own, and what a vector that is NOT NULL means for writes through them. */
export const schemas: Subject = async ({ facts }) => {
  const part = facts.schema === 'public' ? '' : `_in_${facts.schema}`;
  const findings: InventoryFinding[] = [
    {
      code: 'schemas',
      what: `views with the name ${facts.table} in schemas reembed_<model>${part} and reembed_live${part}, from expand on`,
      consequence: 'nothing changes for a role whose search_path does not name one of them',
      avoid: 'nothing to do',
      severity: 'note',
      evidence: {},
    },
  ];
  if (facts.notNull) {
    findings.push({
      code: 'not-null-vector',
      what: `${facts.column} is NOT NULL`,
      consequence: 'an INSERT through a view of the new model fails until contract, because it brings no old vector',
      avoid: `ALTER TABLE ${facts.qualified} ALTER COLUMN ${facts.column} DROP NOT NULL, before an application writes through it; contract makes the new column NOT NULL`,
      severity: 'note',
      evidence: {},
      storage: 'column',
    });
  }
  return findings;
};

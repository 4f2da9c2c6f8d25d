import { CLAUSE_MAY_FAIL } from '../part.ts';
import type { Subject } from './finding.ts';

/** What the clause of a part does to writes after contract, whose index evaluates it. */
export const partClause: Subject = async ({ facts: { part } }) =>
  part === null || part.mayFail.length === 0
    ? []
    : [
        {
          code: CLAUSE_MAY_FAIL,
          what: `the clause of part ${part.name} calls ${part.mayFail.join(', ')}, of which PostgreSQL does not promise that they never fail`,
          consequence: 'after contract, whose index evaluates the clause, a write of a row on which it fails would fail',
          avoid: 'compare a column with constants, or leave the campaign at the switch',
          severity: 'harm',
          evidence: { functions: part.mayFail },
          before: 'contract',
        },
      ];

import type { Subject } from './finding.ts';

/** Statements of the application that depend on the number and the order of the table's columns. They cannot be found in the catalog. */
export const statements: Subject = async ({ facts }) => [
  {
    code: 'prepared-statements',
    what: 'prepared SELECT * and RETURNING * of the table, if the application has any',
    consequence: 'each fails once per connection after expand, and again after contract: 0A000, cached plan must not change result type',
    avoid: '--storage side-table, with which they fail after contract only; or name the columns, or reconnect after both phases',
    severity: 'note',
    evidence: {},
    storage: 'column',
  },
  {
    code: 'positional-insert',
    what: `INSERT INTO ${facts.table} VALUES (…) without a list of columns, if the application has any`,
    consequence: `after contract ${facts.column} is the last column but one, so that values go into other columns than before`,
    avoid: 'name the columns; with --storage side-table the column goes, and no statement may name it or have a value for it',
    severity: 'note',
    evidence: {},
    storage: 'column',
  },
];

import type { Mutant } from './mutant.ts';

/** Several campaigns at a time, and the tools around them. */
export const SEVERAL: Mutant[] = [
  {
    fault: 'a table group locked one table while it waited for another',
    fix: 'each table has a transaction of its own, which locks no other',
    test: 'table-group',
    title: 'up and down of a group never hold a lock of one table while they wait for another',
    says: /waits for locked_\d\.documents, holds|are locked at the same time/,
    edits: [
      {
        file: 'sql/contract/lock_target.sql',
        find: 'WHERE name = p_target) THEN\n    RETURN;',
        replace: 'WHERE name = p_target) THEN\n    PERFORM reembed.lock_writes(t.relation) FROM reembed.target AS t;\n    RETURN;',
      },
    ],
  },
  {
    fault: 'two columns of one table: the view of one showed vectors of the other',
    fix: 'a live view leaves out other vector columns',
    test: 'two-columns-orders',
    title: 'two columns of one table: each step of one campaign works wherever the other one stands',
    says: /other objects depend on it/,
    edits: [{ file: 'sql/view/view_columns.sql', find: 'OR y.typname NOT IN', replace: 'OR true OR y.typname NOT IN' }],
  },
  {
    fault: 'a tool that was ended by a signal left its database behind',
    fix: 'the removal is registered before the database is made',
    test: 'interrupted-tools',
    title: 'a storm that is ended by a signal leaves no database behind',
    says: /SIGTERM/,
    edits: [
      {
        file: 'test/harness/undo-at-signal.ts',
        find: '  if (registered.length === 0) for (const signal of SIGNALS) process.on(signal, end);\n',
        replace: '',
      },
    ],
  },
];

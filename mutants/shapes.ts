import type { Mutant } from './mutant.ts';

const OWNER = {
  test: 'changed-owner',
  title: 'a table that is given to another owner in mid-campaign is written and embedded on, forward, back and forward: side-table',
};

/** Faults with the shape of a table, its key and its owner. */
export const SHAPES: Mutant[] = [
  {
    fault: 'every write fails after REASSIGN OWNED',
    fix: 'the functions of the triggers get the rights on the log for their new owner',
    ...OWNER,
    says: /permission denied for table change_/,
    edits: [{ file: 'sql/compile/admits_owner.sql', find: 'NOT pg_catalog.has_table_privilege', replace: 'false AND NOT pg_catalog.has_table_privilege' }],
  },
  {
    fault: 'every write to a joined table fails after REASSIGN OWNED',
    fix: 'the functions of the triggers get the rights on the log for their new owner',
    test: 'text-from-roles',
    title: 'when all tables are given to another role by REASSIGN OWNED, writes to a joined table go on, and its texts are embedded',
    says: /permission denied for table join_change_/,
    edits: [{ file: 'sql/compile/admit_owners.sql', find: "CASE WHEN starts_with(p.proname, 'log_') THEN 'INSERT' ELSE", replace: "CASE WHEN starts_with(p.proname, 'log_') THEN 'REFERENCES' ELSE" }],
  },
  {
    fault: 'workers can read no row after ALTER TABLE … OWNER TO, and nobody is told why',
    fix: 'the damage is named with the way out',
    ...OWNER,
    says: /other_owner/,
    edits: [{ file: 'sql/compile/damage.sql', find: 'AND r.relowner <> c.relowner', replace: 'AND false' }],
  },
  {
    fault: 'side table and views stay with the former owner of the table',
    fix: 'they follow the table',
    ...OWNER,
    says: /reembed_second_/,
    edits: [{ file: 'sql/compile/compile_target.sql', find: '  PERFORM reembed.follow_owner(p_target);\n', replace: '' }],
  },
  {
    fault: 'a former owner may still read and forge changes of the table',
    fix: 'the rights on the log are revoked',
    ...OWNER,
    says: /a former owner has no right/,
    edits: [{ file: 'sql/compile/give_to_owner.sql', find: "WHERE r.is_log AND g.privilege_type = 'INSERT'", replace: "WHERE false AND g.privilege_type = 'INSERT'" }],
  },
  {
    fault: 'SERIALIZABLE transactions of the application fail because they depend on ours',
    fix: 'a transaction of ours is READ COMMITTED, whatever the role or database has set',
    test: 'connections',
    title: 'where transactions are SERIALIZABLE by default, no transaction of the application fails because it depends on one of ours',
    says: /serializable/,
    edits: [{ file: 'src/database/connection.ts', find: 'await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)', replace: "await client.query('BEGIN')" }],
  },
  {
    fault: 'statements outside of a transaction of ours, and migrations, are SERIALIZABLE',
    fix: 'so is every session of ours',
    test: 'connections',
    title: 'where transactions are SERIALIZABLE by default, no transaction of the application fails because it depends on one of ours',
    says: /serializable/,
    edits: [{ file: 'src/database/connection.ts', find: "  default_transaction_isolation: 'read committed',\n", replace: '' }],
  },
];

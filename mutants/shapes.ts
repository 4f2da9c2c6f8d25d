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
    edits: [
      {
        file: 'sql/compile/admits_owner.sql',
        find: 'NOT pg_catalog.has_table_privilege',
        replace: 'false AND NOT pg_catalog.has_table_privilege',
      },
    ],
  },
  {
    fault: 'every write to a joined table fails after REASSIGN OWNED',
    fix: 'the functions of the triggers get the rights on the log for their new owner',
    test: 'text-from-roles',
    title: 'when all tables are given to another role by REASSIGN OWNED, writes to a joined table go on, and its texts are embedded',
    says: /permission denied for table join_change_/,
    edits: [
      {
        file: 'sql/compile/admit_owners.sql',
        find: "CASE WHEN starts_with(p.proname, 'log_') THEN 'INSERT' ELSE",
        replace: "CASE WHEN starts_with(p.proname, 'log_') THEN 'REFERENCES' ELSE",
      },
    ],
  },
  {
    fault: 'workers can read no row after ALTER TABLE … OWNER TO, and nothing says why',
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
    edits: [
      {
        file: 'sql/compile/give_to_owner.sql',
        find: "WHERE r.is_log AND g.privilege_type = 'INSERT'",
        replace: "WHERE false AND g.privilege_type = 'INSERT'",
      },
    ],
  },
  {
    fault: 'SERIALIZABLE transactions of the application fail because they depend on ours',
    fix: 'a transaction of ours is READ COMMITTED, whatever the role or database has set',
    test: 'connections',
    title: 'where transactions are SERIALIZABLE by default, no transaction of the application fails because it depends on one of ours',
    says: /serializable/,
    edits: [
      {
        file: 'src/database/connection.ts',
        find: 'await client.query(`BEGIN ISOLATION LEVEL $',
        replace: 'await client.query(`BEGIN -- $',
      },
    ],
  },
  {
    fault: 'statements outside of a transaction of ours, and migrations, are SERIALIZABLE',
    fix: 'so is every session of ours',
    test: 'connections',
    title: 'where transactions are SERIALIZABLE by default, no transaction of the application fails because it depends on one of ours',
    says: /serializable/,
    edits: [{ file: 'src/database/connection.ts', find: "  default_transaction_isolation: 'read committed',\n", replace: '' }],
  },
  {
    fault: 'where all names are quoted, two texts of one name differ, and a run never ends',
    fix: 'no session of ours quotes a name needlessly',
    test: 'connections',
    title: 'names are read without needless quotes, whatever the database has set',
    says: /"pg_catalog"|"pg_class"/,
    edits: [{ file: 'src/database/connection.ts', find: "  quote_all_identifiers: 'off',\n", replace: '' }],
  },
  {
    fault: 'after a restore of a dump without comments no switch and no rollback is possible',
    fix: 'schemas of the models are recorded in a table',
    test: 'without-comments',
    title: 'after a restore without comments, switch, rollback and contract go on, and nothing is left behind',
    says: /was not created by pg-reembed/,
    edits: [
      {
        file: 'sql/view/is_model_schema.sql',
        find: 'WHERE n.nspname = p_schema AND',
        replace: "WHERE n.nspname = p_schema AND obj_description(n.oid, 'pg_namespace') LIKE 'pg-reembed: views%' AND",
      },
    ],
  },
  {
    fault: 'the text in the INCLUDE of a primary key is taken for a part of the key',
    fix: 'only the columns before INCLUDE are the key',
    test: 'unusual-keys',
    title: 'columns that a primary key INCLUDEs are no part of the key',
    says: /key_names/,
    edits: [{ file: 'src/plan/inspect.ts', find: 'k.position <= i.indnkeyatts', replace: 'true' }],
  },
  {
    fault: 'a part of a published table cannot be contracted: PostgreSQL refuses to delete from the log of late changes',
    fix: 'the log has a replica identity',
    test: 'part-of-table-contract',
    title: 'contract moves the new vectors of a part into the column, and back, and in again; no other row is written',
    says: /replica identity/,
    edits: [{ file: 'sql/target/late.sql', find: 'ALTER TABLE {late} REPLICA IDENTITY FULL;\n', replace: '' }],
  },
  {
    fault: 'a row whose key is an interval is reported by another key',
    fix: 'the text form of a key does not depend on the session',
    test: 'bridge-keys',
    title:
      'rows whose key is an interval are reported whatever IntervalStyle the application has, and is called like a placeholder of the statement',
    says: /Difference/,
    edits: [{ file: 'sql/bridge/key_text.sql', find: " SET intervalstyle = 'iso_8601'", replace: '' }],
  },
  {
    fault: 'a name that is like a placeholder breaks the statement of a bridge',
    fix: 'what is quoted stays as it is',
    test: 'bridge-keys',
    title:
      'rows whose key is an interval are reported whatever IntervalStyle the application has, and is called like a placeholder of the statement',
    says: /syntax error|does not exist|unterminated/,
    edits: [{ file: 'src/reading/bridge.ts', find: `/"(?:[^"]|"")*"|'(?:[^']|'')*'|`, replace: '/' }],
  },
  {
    fault: 'a rule ON UPDATE that is added in mid-campaign keeps every vector out, and the rows are blamed',
    fix: 'the damage is named',
    test: 'named-damage',
    title: 'a rule ON UPDATE and a table that inherits, both added in mid-campaign, are named with the statement that removes them',
    says: /update_rule/,
    edits: [{ file: 'sql/compile/damage.sql', find: "AND w.ev_type = '2'", replace: "AND w.ev_type = '0'" }],
  },
  {
    fault: 'a table that inherits since mid-campaign goes unnoticed',
    fix: 'the damage is named',
    test: 'named-damage',
    title: 'a rule ON UPDATE and a table that inherits, both added in mid-campaign, are named with the statement that removes them',
    says: /heir/,
    edits: [{ file: 'sql/compile/damage.sql', find: 'i.inhparent = c.oid', replace: 'false' }],
  },
  {
    fault: 'no campaign can be expanded in a database whose search_path is empty',
    fix: 'the empty path is that of pg_catalog',
    test: 'empty-path',
    title: 'a database whose search_path is empty goes forward, back and forward',
    says: /zero-length delimited identifier/,
    edits: [{ file: 'sql/compile/quoted_path.sql', find: `WHERE m.found[1] <> '""'`, replace: '' }],
  },
  {
    fault: 'a plan is cut off while it waits for a provider',
    fix: 'an idle transaction of ours is not ended',
    test: 'connections',
    title: 'a plan that waits for a provider longer than an idle transaction may last is not cut off, and a cut connection ends no process',
    says: /connection/i,
    edits: [{ file: 'src/database/connection.ts', find: "  idle_in_transaction_session_timeout: '0',\n", replace: '' }],
  },
];

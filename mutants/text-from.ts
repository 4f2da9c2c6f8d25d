import type { Mutant } from './mutant.ts';

/** Text that is taken from other tables. */
export const TEXT_FROM: Mutant[] = [
  {
    fault: 'a store that began before a joined text changed',
    fix: 'the text is read again, with a new snapshot, after the row was locked',
    test: 'text-from',
    title: "a store that began before a joined text changed does not store the former text's vector: column",
    says: /the vector of the former text was stored/,
    edits: [
      {
        file: 'sql/compile/target_names.sql',
        find: "'still_fits', CASE WHEN cardinality(t.joined_tables) > 0",
        replace: "'still_fits', CASE WHEN cardinality(t.joined_tables) < 0",
      },
    ],
  },
  {
    fault: 'a document with many chunks',
    fix: 'a change of which not all rows were found stays in the log with the key that was reached',
    test: 'text-from',
    title: 'a change with many dependent rows is read in portions, and none is left out while rows move',
    says: /for many/,
    edits: [
      {
        file: 'sql/target/join_expand.sql',
        find: 'WHERE r.seq = x.seq AND r.rows = p_rows)',
        replace: 'WHERE r.seq = x.seq AND r.rows < 0)',
      },
    ],
  },
  {
    fault: 'a joined row whose text or key changed under random writes',
    fix: 'its values are logged in the transaction of the change',
    test: 'storm',
    title: 'a short storm loses no write, fails no read and leaves every vector right: column, text by joins: 2',
    says: /rowsWrong/,
    edits: [
      {
        file: 'sql/target/join_capture.sql',
        find: '  END IF;\n  INSERT INTO {join_log} ({value_list}) VALUES ({new_values});\n',
        replace: '  END IF;\n',
      },
    ],
  },
  {
    fault: 'old vectors whose joined text had changed were archived as right',
    fix: 'changes of joined tables are read to their end before the archive is finished',
    test: 'text-from',
    title: 'a change of a joined table that no worker has read leaves no outdated vector in the archive',
    says: /an outdated vector came back/,
    edits: [
      { file: 'sql/contract/finish_archive.sql', find: 'WHILE reembed.expand_joins(m.target) > 0 LOOP', replace: 'WHILE false LOOP' },
    ],
  },
];

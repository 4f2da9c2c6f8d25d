import type { Mutant } from './mutant.ts';

/** Faults in what becomes of the indexes and the properties of the old column. */
export const INDEXES: Mutant[] = [
  {
    fault: 'contract drops indexes that have no successor',
    fix: 'every index on the old vectors gets one',
    test: 'indexes-carried',
    title: 'every index of the old column gets its successor, with the new dimensions',
    says: /Difference/,
    edits: [
      {
        file: 'src/plan/index-plan.ts',
        find: '    ...others.map((index, i) => otherIndex(facts, place, index, { position: i + 2, taken })),\n',
        replace: '',
      },
    ],
  },
  {
    fault: 'contract drops an index that was created after the plan',
    fix: 'the gate to contract compares the indexes with those of the campaign',
    test: 'indexes-carried',
    title: 'contract refuses an index of the old column that is not part of the campaign',
    says: /index_without_successor/,
    edits: [
      {
        file: 'sql/contract/contract_gate.sql',
        find: 'AND NOT EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.old_name = c.relname AND coalesce(p.leaf, m.from_relation, t.relation) = i.indrelid)',
        replace: 'AND false',
      },
    ],
  },
  {
    fault: 'an emptied text on a column that contract made NOT NULL',
    fix: 'workers leave the vector in place',
    test: 'indexes-carried',
    title: 'a worker leaves the vector of an emptied text where it cannot be NULL, and a rollback leaves NOT NULL off where rows changed',
    says: /SQLSTATE 23502/,
    edits: [
      {
        file: 'sql/contract/check_not_null.sql',
        find: '  PERFORM reembed.compile_target(v_target);\n',
        replace: '',
      },
    ],
  },
  {
    fault: 'an old index that is still scanned',
    fix: 'the gate to contract samples the scans',
    test: 'index-scans',
    title: 'a scan since the switch closes the gate until the soak time is over, whatever the server records of its own',
    says: /old_index_scanned/,
    edits: [{ file: 'sql/contract/contract_gate.sql', find: '    PERFORM reembed.sample_index_scans(p_name);\n', replace: '    NULL;\n' }],
  },
  {
    fault: 'statistics are reset during the soak time',
    fix: 'a number of scans that went down begins the soak time again',
    test: 'index-scans',
    title: 'after a reset of the statistics the scans before it are unknown, and the soak time begins again',
    says: /old_index_scans_unknown/,
    edits: [
      {
        file: 'sql/contract/sample_index_scans.sql',
        find: 'ELSE u.idx_scan < coalesce(p.scans, u.idx_scan + 1) END',
        replace: 'ELSE false END',
      },
    ],
  },
  {
    fault: 'an index that is built early enters phase index during the backfill',
    fix: 'a file that does not begin and end with the statements of the phase is refused',
    test: 'bridge-phases',
    title: 'the new index is built early over a side table alone, joins in, and is the one that phase index accepts',
    says: /early_index_changed_file|Value must match/,
    edits: [
      {
        file: 'src/phases/3-index.ts',
        find: 'return isWhole ? statements.slice(1, -1) : undefined;',
        replace: 'return statements.slice(isWhole ? 1 : 0, -1);',
      },
    ],
  },
];

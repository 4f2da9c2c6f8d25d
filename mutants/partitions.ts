import type { Mutant } from './mutant.ts';

/** Faults of campaigns on partitioned tables. */
export const PARTITIONS: Mutant[] = [
  {
    fault: 'partition: a new one stays without its index',
    fix: 'the watch builds it',
    test: 'partitions-attached',
    title: 'rows that are inserted while the watch builds the index of their new partition are in it',
    says: /its index was not built/,
    edits: [{ file: 'sql/leaf/adopt_leaves.sql', find: "    EXECUTE replace(v.statement, ' CONCURRENTLY ', ' ');\n", replace: '' }],
  },
  {
    fault: 'partition: writes wait while the index of a new one is built',
    fix: 'the watch leaves one with vectors of 1 MB in its TOAST table to `migrate up`',
    test: 'partitions-attached',
    title: 'the watch leaves a partition with 1 MB of vectors to `migrate up`: its index would take too long',
    says: /writes waited for its index/,
    edits: [{ file: 'sql/leaf/is_large.sql', find: ' OR pg_table_size(p_leaf) >= 1048576', replace: '' }],
  },
  {
    fault: 'partition: writes wait behind the index build that waits for a transaction',
    fix: 'the build waits 0.3 s at most',
    test: 'partitions-attached',
    title: 'the watch gives up the index of a new partition when a transaction holds it, and does not keep writers waiting',
    says: /lock timeout|it waits/,
    edits: [{ file: 'sql/leaf/adopt_leaves.sql', find: "SET lock_timeout = '300ms'\n", replace: '' }],
  },
  {
    fault: 'partition: rows of an attached table are never embedded',
    fix: 'workers search a new partition for rows without vectors',
    test: 'partitions-attached',
    title: 'rows of a table that is attached in mid-campaign are found and embedded',
    says: /Difference/,
    edits: [
      {
        file: 'sql/leaf/adopt_leaves.sql',
        find: 'INSERT INTO reembed.leaf (target, relation) SELECT t.name, l.leaf FROM',
        replace: 'INSERT INTO reembed.leaf (target, relation, swept_at) SELECT t.name, l.leaf, now() FROM',
      },
    ],
  },
  {
    fault: 'partition: a trigger is disabled on one',
    fix: 'damage lists the triggers of partitions, too',
    test: 'partitions-attached',
    title: 'a row trigger that is disabled on one partition is reported as damage, and rehook() enables it',
    says: /a disabled trigger is not reported/,
    edits: [{ file: 'sql/compile/damage.sql', find: "g.tgparentid <> 0 AND g.tgenabled <> 'A'", replace: 'false' }],
  },
  {
    fault: 'partition: one that is being detached is waited for',
    fix: 'it is no longer part of the table',
    test: 'partitions-attached',
    title: 'DETACH CONCURRENTLY during the campaign ends while others read and write, and the campaign goes on without the partition',
    says: /still known/,
    edits: [{ file: 'sql/leaf/leaves.sql', find: ' WHERE NOT i.inhdetachpending', replace: '' }],
  },
  {
    fault: 'partition: a moved row keeps the vectors of its former text',
    fix: 'an INSERT that follows a DELETE is logged like a change of the key',
    test: 'partitions-attached',
    title: 'a row that moves to another partition with another text keeps its vectors until those of the new text are there',
    says: /Difference/,
    edits: [
      {
        file: 'sql/target/capture_moves.sql',
        find: "set_config(pg_catalog.concat('reembed.deleted_at_', pg_catalog.pg_trigger_depth()), 'on', true)",
        replace: "set_config(pg_catalog.concat('reembed.deleted_at_', pg_catalog.pg_trigger_depth()), 'off', true)",
      },
    ],
  },
  {
    fault: 'partition: TRUNCATE of a new one is not captured',
    fix: 'the watch gives it its TRUNCATE trigger',
    test: 'partitions-side-table',
    title: 'a partition that is attached in mid-campaign gets its TRUNCATE trigger from the watch',
    says: /Difference/,
    edits: [
      {
        file: 'sql/leaf/adopt_leaves.sql',
        find: "    EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'triggers_truncate'), jsonb_build_object('suffix', t.suffix, 'leaf', v.relation::text));\n    RETURN true;\n",
        replace: '    EXIT;\n',
      },
    ],
  },
  {
    fault: 'partition: vectors of a detached one stay in the side table',
    fix: 'the watch has the side table searched for rows that are gone',
    test: 'partitions-side-table',
    title: 'vectors of a partition that was detached are removed from the side table',
    says: /Difference/,
    edits: [{ file: 'sql/leaf/adopt_leaves.sql', find: '  IF v_is_gone AND EXISTS', replace: '  IF false AND EXISTS' }],
  },
  {
    fault: 'partition: a search reads as many candidates of each as of one index',
    fix: 'the function shares the candidates among the partitions there are',
    test: 'partitions-changed',
    title: 'a partition that is created or attached in mid-campaign gets vectors and an index',
    says: /Difference/,
    edits: [{ file: 'sql/leaf/adopt_leaves.sql', find: '  IF FOUND OR v_is_gone THEN', replace: '  IF false THEN' }],
  },
  {
    fault: 'partition: the client had no name for the function that searches with the right settings',
    fix: 'it names the function beside the view',
    test: 'partitions-searched',
    title: 'the client names the function that searches the view',
    says: /null/,
    edits: [{ file: 'src/reading/ask.ts', find: 'nearest: side.nearest', replace: 'nearest: null' }],
  },
  {
    fault: 'partition: a validation measured other searches than those of the application',
    fix: 'it sets the candidates of each leaf as the function does',
    test: 'partitions-searched',
    title: 'a validation searches as the function does, whatever the settings of the session, and says so',
    says: /hnsw\.ef_search = 1/,
    edits: [
      {
        file: 'src/validation/search/search-source.ts',
        find: 'shares: compared.leaves === null ? null :',
        replace: 'shares: compared.leaves !== undefined ? null :',
      },
    ],
  },
  {
    fault: 'partition: a validation measured other searches than those of the application',
    fix: 'a search with a filter has the settings of the session',
    test: 'partitions-searched',
    title: 'a validation searches as the function does, whatever the settings of the session, and says so',
    says: /a search with a filter has the settings of the session/,
    edits: [
      {
        file: 'src/validation/search/search-source.ts',
        find: '    // The function has no filters.\n    shares: null,\n',
        replace: '',
      },
    ],
  },
];

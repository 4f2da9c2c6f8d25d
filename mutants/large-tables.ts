import type { Mutant } from './mutant.ts';

/** Faults that made large tables slow without any need. */
export const LARGE_TABLES: Mutant[] = [
  {
    fault: 'a rollback of contract reads the whole table for each portion',
    fix: 'the rows are found by their key',
    test: 'read-by-key',
    title: 'the old vectors are restored after contract without reading the whole table for each portion',
    says: /scans/,
    edits: [
      {
        file: 'sql/target/restore.sql',
        find: ' SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off',
        replace: '',
      },
    ],
  },
  {
    fault: 'one slow search among few holds the backfill back',
    fix: 'so many must be slow that it is improbable otherwise',
    test: 'throttle-searches',
    title: 'one slow search among ten is no sign of slow searches, and three are',
    says: /Value is not `false`/,
    edits: [
      {
        file: 'sql/throttle/throttle_signals.sql',
        find: 'v_slow > 0 AND reembed.binomial_at_most(v_probes - v_slow, v_probes, 0.95) < 0.05',
        replace: 'v_slow > 0',
      },
    ],
  },
  {
    fault: 'searches between two rests are timed with cold caches',
    fix: 'each follows one that is not timed',
    test: 'throttle-searches',
    title: 'each probe follows a search that is not timed, so that those between two rests find the caches as warm',
    says: /Difference/,
    edits: [
      {
        file: 'sql/throttle/probe_read.sql',
        find: "  EXECUTE reembed.render('SELECT reembed.nearest_{role}_{suffix}($1::{type})', v_names) USING v_vector;\n  EXECUTE reembed.render('SELECT coalesce",
        replace: "  EXECUTE reembed.render('SELECT coalesce",
      },
    ],
  },
];

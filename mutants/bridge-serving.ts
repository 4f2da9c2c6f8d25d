import type { Mutant } from './mutant.ts';

const RANKED = {
  test: 'bridge-searches',
  title: 'books: rows with a new vector are ranked by it, the others by the distance that their old vector predicts',
  says: /Difference/,
};
const REPORTED = {
  test: 'bridge-wanted',
  title: 'a report makes no work beyond the backfill, is bounded, and is open to readers of the live view alone',
};

/** Faults of searches over a bridge, of the reports that they lead to, and of the index that is built early. */
export const BRIDGE_SERVING: Mutant[] = [
  {
    fault: 'rows without a new vector ranked by their distance in the old space',
    fix: 'they are ranked by the distance that it predicts',
    ...RANKED,
    edits: [
      { file: 'sql/target/bridge_candidates.sql', find: 'coalesce(w.distance, {predicted})', replace: 'coalesce(w.distance, c.distance)' },
    ],
  },
  {
    fault: 'a query of the old model calibrated like a mapped one',
    fix: 'it has a calibration of its own',
    ...RANKED,
    says: /a calibration of its own/,
    edits: [
      {
        file: 'sql/bridge/replace_bridge.sql',
        find: "'CASE WHEN $5 THEN %s ELSE %s END'",
        replace: "'CASE WHEN true THEN %s ELSE %s END'",
      },
    ],
  },
  {
    fault: 'an index scan that returns 40 of 200 candidates',
    fix: 'the function raises hnsw.ef_search for itself',
    test: 'bridge-searches',
    title: 'books: 200 candidates that are asked for are 200 that are got, and the session keeps its settings',
    says: /Difference/,
    edits: [
      { file: 'sql/target/bridge.sql', find: "PERFORM set_config('hnsw.ef_search', {scanned_rows}::text, true);", replace: '' },
      { file: 'sql/bridge/replace_bridge.sql', find: 'CASE WHEN reembed.scans_iteratively() THEN', replace: 'CASE WHEN false THEN' },
    ],
  },
  {
    fault: 'an index scan of the statement that returns 40 of 80 results',
    fix: 'the statement raises hnsw.ef_search before its scan begins',
    test: 'bridge-searches',
    title: 'the statement recalls through the old index, with the filter inside of the scan and settings of its own',
    says: /40 by default/,
    edits: [
      {
        file: 'sql/bridge/bridge_statement.sql',
        find: "set_config(''hnsw.ef_search'', %s::text, true)%s) IS NOT NULL",
        replace: 'quote_literal(%s)%s) IS NOT NULL',
      },
      { file: 'sql/bridge/bridge_statement.sql', find: 'CASE WHEN reembed.scans_iteratively() THEN', replace: 'CASE WHEN false THEN' },
    ],
  },
  {
    fault: 'a new index that searches over the bridge do not use',
    fix: 'where it is valid its candidates join in',
    test: 'bridge-phases',
    title: 'the new index is built early over a side table alone, joins in, and is the one that phase index accepts',
    says: /as the new model alone/,
    edits: [{ file: 'sql/target/bridge.sql', find: 'boolean := {index_is_valid};', replace: 'boolean := false;' }],
  },
  {
    fault: 'an early index on a column of the table',
    fix: 'it is refused, because the updates of the backfill would no longer be HOT',
    test: 'bridge-phases',
    title: 'the new index is built early over a side table alone, joins in, and is the one that phase index accepts',
    says: /early_index_new_column|Value is the same/,
    edits: [{ file: 'sql/bridge/early_index_gate.sql', find: 'ELSIF m.to_relation IS NULL THEN', replace: 'ELSIF false THEN' }],
  },
  {
    fault: 'a report by a role that may not search',
    fix: 'it is refused',
    ...REPORTED,
    says: /threw no error|Function did not throw|resolved/,
    edits: [{ file: 'sql/bridge/report_wanted.sql', find: 'IF NOT reembed.may_read(v_target) THEN', replace: 'IF false THEN' }],
  },
  {
    fault: 'reports without bound',
    fix: 'at most 10,000 wait',
    ...REPORTED,
    says: /10000|10_000|Difference/,
    edits: [
      {
        file: 'sql/bridge/report_wanted.sql',
        find: 'v_most_rows constant bigint := 10000;',
        replace: 'v_most_rows constant bigint := 1000000;',
      },
    ],
  },
  {
    fault: 'wanted rows in front of changed ones without bound',
    fix: 'they are added only while few changes wait',
    ...REPORTED,
    says: /Difference/,
    edits: [{ file: 'sql/bridge/log_wanted.sql', find: 'LIMIT v_most_waiting - v_waiting', replace: 'LIMIT v_most_waiting' }],
  },
  {
    fault: 'a report of a row that has its new vector',
    fix: 'only rows that lack one are kept',
    test: 'bridge-wanted',
    title: 'rows that searches found without a new vector are reported once, and workers embed them before the batches',
    says: /only rows that exist and lack a vector/,
    edits: [{ file: 'sql/target/lacking.sql', find: 'AND r.new_vector IS NULL OFFSET 0', replace: 'OFFSET 0' }],
  },
  {
    fault: 'a map in use after it was fitted again',
    fix: 'the client reads it again when its version changed',
    test: 'bridge-phases',
    title: 'while the gate is closed the ordinary search answers and the reason is returned; a map that is fitted again is read again',
    says: /Difference/,
    edits: [{ file: 'src/reading/bridge.ts', find: 'if (query_map) known =', replace: 'if (query_map && !known) known =' }],
  },
  {
    fault: "a user's object over the search of a bridge holds up contract",
    fix: 'the function stays under another name',
    test: 'bridge-dependents',
    title: "a user's view over the search of a bridge holds up neither the switch, nor contract, nor the way back, nor another map",
    says: /cannot drop function|depend/,
    edits: [
      {
        file: 'sql/view/drop_search_function.sql',
        find: 'EXCEPTION WHEN dependent_objects_still_exist THEN',
        replace: 'EXCEPTION WHEN division_by_zero THEN',
      },
    ],
  },
];

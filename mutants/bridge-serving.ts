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
const BESIDE = {
  test: 'bridge-side-tables',
  title: 'where the old vectors are in a side table, rows without one are counted, and found as soon as the new index is there',
};

const REFITTED = {
  test: 'bridge-refit',
  title: 'of two fits at once the later one counts, views over the search go on, and after contract no map is stored',
};
const RENAMED = {
  test: 'bridge-keys',
  title: 'validations and the watch find rows by a key that is called like results of the search, also after it was renamed',
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
      { file: 'sql/target/bridge_candidates.sql', find: '{old_settings}', replace: '' },
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
        file: 'sql/bridge/bridge_settings.sql',
        find: "set_config(''hnsw.ef_search'', least(%s, 1000)::text, true)%s) IS NOT NULL",
        replace: 'quote_literal(%s)%s) IS NOT NULL',
      },
      { file: 'sql/bridge/bridge_settings.sql', find: 'CASE WHEN reembed.scans_iteratively() THEN', replace: 'CASE WHEN false THEN' },
    ],
  },
  {
    fault: 'two statements with one name, of which a connection can prepare only one',
    fix: 'the name is a digest of the text',
    test: 'bridge-searches',
    title: 'a connection that prepares the statement keeps its plan, and finds the same rows',
    says: /Value is the same/,
    edits: [{ file: 'src/reading/bridge.ts', find: "createHash('sha256').update(text)", replace: "createHash('sha256').update('')" }],
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
    fault: 'a new index that is examined as deeply as the old one, so that a search takes twice as long',
    fix: 'it is examined as deeply as by a plain search',
    test: 'bridge-phases',
    title: 'the new index is built early over a side table alone, joins in, and is the one that phase index accepts',
    says: /the new index is examined less deeply/,
    edits: [{ file: 'sql/bridge/bridge_names.sql', find: "'greatest(%s, 40, %s * 3 / 5)'", replace: "'greatest(%s, %s)'" }],
  },
  {
    fault: 'rows without an old vector that the new index finds and the statement drops',
    fix: 'each row is read from the view of the model that ranked it',
    ...BESIDE,
    says: /by the new index alone/,
    edits: [
      { file: 'sql/bridge/bridge_names.sql', find: "'found_row', CASE v_old.storage WHEN", replace: "'found_row', CASE 'column' WHEN" },
    ],
  },
  {
    fault: 'rows that no search over the bridge finds, and nobody counts',
    fix: 'validate --bridge counts them',
    ...BESIDE,
    says: /without an old vector/,
    edits: [{ file: 'src/bridge/validation/bridge-coverage.ts', find: 'Number(row?.missing_old)', replace: '0' }],
  },
  {
    fault: 'a switch that fails under searches over the bridge, because each holds a view that the other waits for',
    fix: 'the views are locked in the order of the searches',
    test: 'bridge-phases',
    title: 'a switch locks the views in the order in which searches over the bridge read them',
    says: /holds_other: true/,
    edits: [{ file: 'sql/view/replace_views.sql', find: "ORDER BY role = 'new' LOOP", replace: "ORDER BY role = 'old' LOOP" }],
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
    edits: [{ file: 'src/reading/bridge.ts', find: 'const map = query_map ?', replace: 'const map = query_map && !before ?' }],
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
  {
    fault: 'a second fit leaves views over the search of a bridge with the map before',
    fix: 'a map is stored in place of the one before, so that the function stays',
    ...REFITTED,
    says: /the view is over the function that searches now/,
    edits: [
      {
        file: 'src/bridge/stored-bridge.ts',
        find: "const { rowCount } = await client.query('SELECT FROM reembed.bridge WHERE campaign = $1', [figures.campaign]);",
        replace: "const { rowCount } = await client.query('DELETE FROM reembed.bridge WHERE campaign = $1', [figures.campaign]);",
      },
    ],
  },
  {
    fault: 'two fits at once, of which one fails after a minute',
    fix: 'the later one takes the place of the earlier one',
    ...REFITTED,
    says: /duplicate key/,
    edits: [
      {
        file: 'src/bridge/stored-bridge.ts',
        find: 'ON CONFLICT (campaign) DO UPDATE SET',
        replace: '-- ON CONFLICT (campaign) DO UPDATE SET',
      },
    ],
  },
  {
    fault: 'a map that is stored after contract',
    fix: 'the phase is read under a lock when the map is stored',
    ...REFITTED,
    says: /Expected promise to be rejected|resolved|rejected with|not rejected/,
    edits: [{ file: 'src/bridge/stored-bridge.ts', find: "AND phase <> 'contract' FOR SHARE", replace: 'FOR SHARE' }],
  },
  {
    fault: 'a comment of the application ends the statement of a bridge',
    fix: 'each piece ends with its line',
    test: 'bridge-keys',
    title: 'a condition and a select list may end in a comment',
    says: /syntax error/,
    edits: [{ file: 'src/reading/bridge.ts', find: '{where}\\n)', replace: '{where})' }],
  },
  {
    fault: 'a report of another row, because JavaScript rounds its key',
    fix: 'keys are texts in the rows of the statement',
    test: 'bridge-keys',
    title: 'rows with keys that JavaScript has no number for are reported as they are',
    says: /Difference/,
    edits: [{ file: 'sql/bridge/bridge_names.sql', find: "'pg_catalog.format(''%%s'', n.key_%s)'", replace: "'n.key_%s'" }],
  },
  {
    fault: 'a report that stops the workers of all tables',
    fix: 'reports that cannot be read are dropped',
    test: 'bridge-keys',
    title: 'a report whose keys no longer fit the key holds up no work',
    says: /invalid input syntax/,
    edits: [{ file: 'sql/bridge/log_wanted.sql', find: 'EXCEPTION WHEN OTHERS THEN', replace: 'EXCEPTION WHEN division_by_zero THEN' }],
  },
  {
    fault: 'a key that is a time, written as the session of the application writes times',
    fix: 'its text form does not depend on the session',
    test: 'bridge-keys',
    title: 'rows whose key is a time are reported whatever DateStyle the application has',
    says: /out of range|Difference/,
    edits: [{ file: 'sql/bridge/key_text.sql', find: " SET datestyle = 'ISO'", replace: '' }],
  },
  {
    fault: 'a row that fails is sent to the provider whenever a search finds it',
    fix: 'reports of rows that cannot be embedded are dropped',
    test: 'bridge-keys',
    title: 'a row that cannot be embedded is not sent again because searches find it',
    says: /Difference/,
    edits: [{ file: 'sql/bridge/lacking.sql', find: 'WHERE NOT EXISTS (', replace: 'WHERE true OR NOT EXISTS (' }],
  },
  {
    fault: 'a function of another role called with the rights of whoever searches',
    fix: 'the statement names the schema of what it calls',
    test: 'bridge-keys',
    title: 'the statement calls no function that another role put on the search_path',
    says: /called/,
    edits: [{ file: 'sql/target/bridge_statement.sql', find: 'pg_catalog.jsonb_build_object(', replace: 'jsonb_build_object(' }],
  },
  {
    fault: 'a validation that looks for a key column by its name in the table',
    fix: 'the columns of a result are named by position',
    ...RENAMED,
    says: /operator|does not exist|Difference/,
    edits: [{ file: 'src/bridge/validation/bridge-search.ts', find: "'b.key_{n} OPERATOR(", replace: "'b.{column} OPERATOR(" }],
  },
  {
    fault: 'a watch that looks for a key column by its name in the table',
    fix: 'the columns of a result are named by position',
    ...RENAMED,
    says: /operator|does not exist|Value is not/,
    edits: [{ file: 'sql/bridge/record_bridge_item.sql', find: '{open}b.key_{n}{close}', replace: '{open}b.{column}{close}' }],
  },
  {
    fault: 'a bridge that only a superuser can fit',
    fix: 'the function is recorded in a table and not known by a setting of our own',
    test: 'bridge-roles',
    title: 'an installer that is no superuser fits a bridge; a worker is refused before anything is paid',
    says: /permission denied to set parameter/,
    edits: [{ file: 'sql/target/bridge.sql', find: ' SET plan_cache_mode', replace: " SET reembed.bridge = 'x' SET plan_cache_mode" }],
  },
];

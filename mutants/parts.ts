import type { Mutant } from './mutant.ts';

const WHOLE = 'a part goes forward, back and forward again, and no other row is written';
const MOVING = 'rows that enter and leave the part while the backfill runs have the right vectors, and none is left over';

const CONTRACT = 'contract moves the new vectors of a part into the column, and back, and in again; no other row is written';
const HALFWAY = 'a contract that was interrupted in the middle of its copy goes on, with what the application wrote meanwhile';
const RETURNED = 'a contract that was interrupted in the middle of its copy may be taken back';

const NAMED = 'create and the gate name before contract what a clause that may fail and rows without a text mean for it';
const JOINED =
  'contract of a part with a key of two columns and texts of another table goes forward, back and forward again, and goes on after an interruption';

/** Parts of a table, and what of it belongs to no part. */
export const PARTS: Mutant[] = [
  {
    fault: 'rows outside of the part were embedded',
    fix: 'the row view has the clause of the part',
    test: 'part-of-table',
    title: WHOLE,
    says: /no text of another row was sent/,
    edits: [{ file: 'sql/target/row.sql', find: '{table} AS t{row_part}', replace: '{table} AS t' }],
  },
  {
    fault: 'the live view of a part showed other rows',
    fix: 'the live view has the clause of the part',
    test: 'part-of-table',
    title: WHOLE,
    says: /shows the old vectors of the part alone/,
    edits: [{ file: 'sql/target/live_view.sql', find: '{search_from}{search_part}', replace: '{search_from}' }],
  },
  {
    fault: 'a part had a view with the name of its table, which lacked the other rows',
    fix: 'parts have no views in the schemas per model',
    test: 'part-of-table',
    title: WHOLE,
    says: /a view with the table's own name/,
    edits: [{ file: 'sql/view/wanted_schema_views.sql', find: "t.part = ''", replace: "t.part <> '-'" }],
  },
  {
    fault: 'a row that entered the part kept the vector of another model',
    fix: 'a row that enters the part is logged like one with a new text',
    test: 'part-of-table',
    title: MOVING,
    says: /the side table holds exactly the part|a row that enters the part/,
    edits: [{ file: 'sql/compile/target_names.sql', find: "format(' OR NOT reembed.in_part_%s(OLD)', t.suffix)", replace: "''" }],
  },
  {
    fault: 'a row that entered or left the part was not noticed',
    fix: 'the triggers compare the columns of the clause',
    test: 'part-of-table',
    title: MOVING,
    says: /the side table holds exactly the part|a row that enters the part/,
    edits: [{ file: 'sql/compile/target_names.sql', find: "t.text_attnums || t.part_attnums, 'OLD.'", replace: "t.text_attnums, 'OLD.'" }],
  },
  {
    fault: 'every change outside of the part was logged',
    fix: 'the triggers leave out rows that are not of the part',
    test: 'part-of-table',
    title: MOVING,
    says: /a change of another row logs nothing/,
    edits: [{ file: 'sql/target/capture_insert.sql', find: '{skips_new}', replace: '' }],
  },
  {
    fault: 'a clause that failed on a row made the write of the application fail',
    fix: 'triggers log a row for which the clause fails',
    test: 'part-of-table-refused',
    title: 'a clause that fails on a row makes no write fail',
    says: /the write failed/,
    edits: [{ file: 'sql/target/part.sql', find: 'EXCEPTION WHEN OTHERS THEN', replace: 'EXCEPTION WHEN undefined_column THEN' }],
  },
  {
    fault: 'two parts of a column shared rows',
    fix: 'parts are admitted only if PostgreSQL proves that they share no row',
    test: 'part-of-table-refused',
    title: 'parts of one column are admitted only if PostgreSQL proves that they share no row',
    says: /parts that share rows were admitted/,
    edits: [{ file: 'src/plan/part.ts', find: 'if (!rows[0]?.disjoint)', replace: 'if (rows.length === 0)' }],
  },
  {
    fault: 'a part whose clause was two expressions',
    fix: 'the clause is parsed without parentheses around it, too',
    test: 'part-of-table-refused',
    title: 'refused: two expressions',
    says: /the clause was admitted/,
    edits: [
      { file: 'src/plan/part.ts', find: 'AND CASE WHEN ', replace: 'AND CASE WHEN (' },
      { file: 'src/plan/part.ts', find: ' THEN true ELSE false END', replace: ') THEN true ELSE false END' },
    ],
  },
  {
    fault: 'a part whose clause called a function that its author may replace',
    fix: 'only functions of PostgreSQL and of extensions are admitted',
    test: 'part-of-table-refused',
    title: 'refused: a function of the user',
    says: /the clause was admitted/,
    edits: [{ file: 'sql/part/part_faults.sql', find: 'WHERE p.oid >= 16384', replace: 'WHERE p.oid < 0' }],
  },
  {
    fault: 'a part whose clause ran a function that the owner of an extension had added to it',
    fix: 'the function of an extension must belong to a superuser',
    test: 'part-of-table-refused',
    title: 'refused: a function that the owner of an extension has added to it',
    says: /the clause was admitted/,
    edits: [{ file: 'sql/part/part_faults.sql', find: 'AND NOT (o.rolsuper AND EXISTS', replace: 'AND NOT (true AND EXISTS' }],
  },
  {
    fault: 'a vector that a worker stored while contract moved those of the part never came into the column',
    fix: 'a trigger on the side table logs what changes there',
    test: 'part-of-table-contract',
    title: HALFWAY,
    says: /the column holds the new vectors of the part/,
    edits: [{ file: 'sql/part/begin_moving.sql', find: "OR p_moving = 'into_column' AND", replace: "OR p_moving = '' AND" }],
  },
  {
    fault: 'a vector that the application wrote while contract moved those of the part stayed, of whatever model',
    fix: 'a trigger on the table logs what changes while vectors are moved',
    test: 'part-of-table-contract',
    title: HALFWAY,
    says: /the column holds the new vectors of the part/,
    edits: [
      {
        file: 'sql/target/late_part.sql',
        find: 'IF reembed.in_part_{suffix}(NEW) THEN\n      INSERT',
        replace: 'IF false THEN\n      INSERT',
      },
    ],
  },
  {
    fault: 'the live view read the column before the last rows had been moved',
    fix: 'the lock that ends the move also moves what is left in the log',
    test: 'part-of-table-contract',
    title: RETURNED,
    says: /the lock that ends the move leaves no row out/,
    edits: [{ file: 'sql/part/finish_part_contract.sql', find: 'end_moving(p_name, true)', replace: 'end_moving(p_name, false)' }],
  },
  {
    fault: 'after the way back, rows had the old vectors of their former texts',
    fix: 'an archived vector is moved only into a row whose text has its hash',
    test: 'part-of-table-contract',
    title: HALFWAY,
    says: /the column has the old vectors of the present texts/,
    edits: [{ file: 'sql/part/move_names.sql', find: ' AND a.text_hash IS NOT DISTINCT FROM reembed.text_hash({content})', replace: '' }],
  },
  {
    fault: 'a vector of other dimensions that the application wrote after contract was never replaced',
    fix: 'in the column of a part that has been contracted, it counts as missing',
    test: 'part-of-table-contract',
    title: HALFWAY,
    says: /the side table holds exactly the part again/,
    edits: [
      {
        file: 'sql/compile/storage_names.sql',
        find: 'v_lacks constant text := CASE WHEN v_is_cast',
        replace: 'v_lacks constant text := CASE WHEN false',
      },
    ],
  },
  {
    fault: 'a row that entered the part with the vector of another model made the write fail',
    fix: 'the index of the part holds vectors of its dimensions alone',
    test: 'part-of-table-contract',
    title: CONTRACT,
    says: /different vector dimensions|expected 24 dimensions/,
    edits: [{ file: 'sql/part/part_index_statement.sql', find: ' AND {schema}.vector_dims({column}) = {dimensions}', replace: '' }],
  },
  {
    fault: 'contract dropped the index of another part',
    fix: 'it drops indexes only of which PostgreSQL proves that they hold rows of the part alone',
    test: 'part-of-table-contract',
    title: CONTRACT,
    says: /the index of the part alone is replaced/,
    edits: [{ file: 'sql/part/part_indexes.sql', find: "THEN 'apart'", replace: "THEN 'own'" }],
  },
  {
    fault: 'a contract that was interrupted could not be taken back',
    fix: 'down reverts a contract that has begun',
    test: 'part-of-table-contract',
    title: RETURNED,
    says: /after a rollback now, searches would not find/,
    edits: [
      {
        file: 'src/phases/retreat.ts',
        find: 'files.filter(({ campaign }) => rows.some',
        replace: "files.filter(({ campaign }) => campaign === '' && rows.some",
      },
    ],
  },
  {
    fault: 'the index that contract of a part builds made a write of the application fail, and nobody had been told',
    fix: 'a clause that may fail on a row has to be accepted',
    test: 'part-of-table-gate',
    title: NAMED,
    says: /undefined/,
    edits: [{ file: 'sql/part/require_part.sql', find: "f.code = 'clause-may-fail' ORDER", replace: 'false ORDER' }],
  },
  {
    fault: 'create did not say of a part that rows without a text lose their vectors; only the gate before contract did',
    fix: 'rows without a text are counted for a part too',
    test: 'part-of-table-gate',
    title: NAMED,
    says: /of the part alone/,
    edits: [
      {
        file: 'src/plan/inventory/inventory.ts',
        find: "'not-null-vector', 'schemas'",
        replace: "'not-null-vector', 'rows-without-text', 'schemas'",
      },
    ],
  },
  {
    fault: 'a text that changed in a joined table while archived vectors were moved back left the vector of the former text',
    fix: 'rows that depend on a change of a joined table are moved again',
    test: 'part-of-table-joined',
    title: JOINED,
    says: /the column has the old vectors of the present texts/,
    edits: [{ file: 'sql/target/join_expand.sql', find: '){logs_late}, continued', replace: '), continued' }],
  },
];

import type { Mutant } from './mutant.ts';

const WHOLE = 'a part goes forward, back and forward again, and no other row is written';
const MOVING = 'rows that enter and leave the part while the backfill runs have the right vectors, and none is left over';

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
];

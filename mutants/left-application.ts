import type { Mutant } from './mutant.ts';

/** Faults with an application that was left as it is, and with a table that is dropped. */
export const LEFT_APPLICATION: Mutant[] = [
  {
    fault: 'an application that was left as it is goes unnoticed until contract',
    fix: 'the gate to contract asks which model its vectors are of',
    test: 'left-application',
    title: 'a LangChain application that was left as it is keeps contract closed, and after contract its vectors are replaced',
    says: /old_vectors_written/,
    edits: [{ file: 'sql/contract/contract_gate.sql', find: '  IF v_written.vectors > 0 THEN', replace: '  IF false THEN' }],
  },
  {
    fault: 'a vector that is written alone is not captured',
    fix: 'a trigger on UPDATE OF the column',
    test: 'left-application',
    title: 'with other dimensions a vector in the old column closes contract without being compared',
    says: /old_vectors_written/,
    edits: [{ file: 'sql/compile/rendered.sql', find: "(36, 'triggers_written', v_is_captured AND v_owns_column),", replace: '' }],
  },
  {
    fault: 'vectors that a rollback restores are taken for writes of the application',
    fix: 'restore says that it stores',
    test: 'left-application',
    title: 'a LangChain application that was left as it is keeps contract closed, and after contract its vectors are replaced',
    says: /Difference/,
    edits: [{ file: 'sql/target/restore.sql', find: "  SELECT set_config('reembed.stores', 'on', true);\n", replace: '' }],
  },
  {
    fault: 'an evicted statement counts as not called',
    fix: 'the total time of a statement is compared, not only whether it is there',
    test: 'column-statements',
    title: 'an acceptance is void when there is another statement',
    says: /unknown-readers/,
    edits: [{ file: 'sql/contract/sample_statements.sql', find: ' WHERE k.total_ms <> excluded.total_ms', replace: ' WHERE false' }],
  },
  {
    fault: 'the files of a forgotten campaign block later ones',
    fix: 'they are recorded as forgotten',
    test: 'forget',
    title: 'the files of a released table are ignored too, whether they are deleted or not',
    says: /Difference/,
    edits: [{ file: 'sql/campaign/release_objects.sql', find: 'SET forgotten_at = now()', replace: 'SET forgotten_at = NULL' }],
  },
  {
    fault: 'forget does not say that a column of pg-reembed stays',
    fix: 'the statement that drops the column of model names is printed',
    test: 'forget',
    title: 'in phase contract a table is forgotten before it is dropped as any other',
    says: /Difference/,
    edits: [{ file: 'src/phases/left-columns.ts', find: 'statements.length === 0', replace: 'statements.length >= 0' }],
  },
];

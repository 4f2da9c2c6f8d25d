import type { Mutant } from './mutant.ts';

/** Rows that cannot be stored and held up the others. */
export const REFUSED_ROWS: Mutant[] = [
  {
    fault: 'a row that its table refuses',
    fix: 'a refused portion is halved until the row is alone',
    test: 'store-divided',
    title: 'every row is refused: each is recorded, and the end is stored',
    says: /refused/,
    edits: [{ file: 'src/worker/store-divided.ts', find: '!(await isRefused(error))', replace: 'true' }],
  },
  {
    fault: 'a DDL that commits while a row is stored',
    fix: 'a row that is refused alone is tried once more',
    test: 'store-divided',
    title: 'a row that is refused only once, as beside a DDL, is stored and not recorded',
    says: /2 is recorded/,
    edits: [{ file: 'src/worker/store-divided.ts', find: 'some.length > 1 || item !== refused', replace: 'some.length > 1' }],
  },
  {
    fault: 'a row whose update a trigger suppresses',
    fix: 'the store reports rows that do not have what was stored',
    test: 'refused-rows',
    title: 'a row whose update is suppressed is recorded, not embedded for ever',
    says: /write_skipped/,
    edits: [
      {
        file: 'sql/backfill/with_skipped.sql',
        find: 'FROM unnest(p_skipped) AS s(key) WHERE NOT',
        replace: 'FROM unnest(p_skipped) AS s(key) WHERE false AND NOT',
      },
    ],
  },
  {
    fault: 'a vector that halfvec cannot hold',
    fix: 'an answer is checked for the range of the type',
    test: 'check-vectors',
    title: 'a component that halfvec cannot hold is refused, and one that is rounded to its largest value is not',
    says: /Function returned/,
    edits: [{ file: 'src/embedding/check-vectors.ts', find: 'if (sum >= limit &&', replace: 'if (sum < 0 &&' }],
  },
  {
    fault: 'a row that its table refuses during a rollback of contract',
    fix: 'a refused portion is halved until the row is alone',
    test: 'refused-rollback',
    title: 'a rollback of contract restores all rows that are not refused',
    says: /violates check constraint/,
    edits: [{ file: 'sql/contract/restore_portion.sql', find: 'IF NOT reembed.refuses_row(SQLSTATE) THEN', replace: 'IF true THEN' }],
  },
  {
    fault: 'an error that is reported before its transaction has ended',
    fix: 'the next statement waits for that end',
    test: 'batch-api-refused',
    title: 'a refused row is recorded though its lock outlives the report of the error',
    says: /row_refused/,
    edits: [
      {
        file: 'src/worker/pacing.ts',
        find: 'await queryToEnd<{ rows: number }>(db, statement, values)',
        replace: 'await db.query<{ rows: number }>(statement, values)',
      },
    ],
  },
  {
    fault: 'two workers that store the answers of one provider batch',
    fix: 'only rows that still lack their vector are stored and taken off the record',
    test: 'batch-api-workers',
    title: 'a worker that stores rows of which another has stored some stores the others',
    says: /- 40/,
    edits: [{ file: 'src/worker/writer.ts', find: 'WHERE i.position = ANY (l.positions) OFFSET 0', replace: 'OFFSET 0' }],
  },
];

import { ReembedError } from '../errors.ts';

const REMEDY = 'compare columns of the table with constants, such as --where "collection_id = 7"';

const FAULTS: Record<string, (object: string) => { because: string; remedy: string }> = {
  part_reads_table: (object) => ({
    because: `it contains ${object}, and a change of another table would move rows unnoticed`,
    remedy: REMEDY,
  }),
  part_not_immutable: (object) => ({
    because: `it uses ${object}, which is not IMMUTABLE: a row could leave the part without a change`,
    remedy: REMEDY,
  }),
  part_calls_function: (object) => ({
    because: `it calls ${object}, which may be replaced and may fail inside of a write`,
    remedy: 'store what it returns in a column that is GENERATED ALWAYS AS … STORED, and compare that',
  }),
  part_reads_virtual: (object) => ({
    because: `it reads ${object}, which has no value where changes are captured`,
    remedy: 'compare the columns that it is computed from, or make it STORED',
  }),
  part_reads_row: (object) => ({ because: `it uses ${object}`, remedy: 'name the columns' }),
};

/** Thrown for a clause whose truth could change without a change of the row, or that runs code which may be replaced. */
export class PartRefused extends ReembedError {
  constructor(code: string, clause: string, object: string) {
    const { because, remedy } = FAULTS[code]?.(object) ?? { because: `it uses ${object}`, remedy: REMEDY };
    super(code, `--where "${clause}" is refused: ${because}`, remedy);
  }
}

/** Thrown when PostgreSQL does not understand the clause as one boolean expression. */
export class BadPart extends ReembedError {
  constructor(clause: string, reason: string) {
    super(
      'bad_part',
      `--where "${clause}" is not one boolean expression over the columns of the table: ${reason}`,
      'write it like a WHERE clause, such as --where "collection_id = 7"',
    );
  }
}

/** Thrown when no row satisfies the clause. */
export class EmptyPart extends ReembedError {
  constructor(table: string, clause: string) {
    super('empty_part', `no row of ${table} satisfies --where "${clause}"`, 'correct the clause, or wait until the part has rows');
  }
}

/** Thrown when a row may belong to two parts of a column. */
export class PartsOverlap extends ReembedError {
  constructor(part: string, other: string) {
    super(
      'parts_overlap',
      `a row may belong to part ${part} and to ${other}`,
      'compare the same column with different constants in both clauses, so that PostgreSQL proves that no row satisfies both',
    );
  }
}

/** Thrown when a column is migrated as a whole and is to be migrated in parts, or the reverse. */
export class WholeOrParts extends ReembedError {
  constructor(registered: string, part: string) {
    super(
      'whole_or_parts',
      part === '' ? `the column is migrated in parts: ${registered}` : `the column is migrated as a whole: ${registered}`,
      part === ''
        ? 'give --part and --where for the other rows'
        : 'revert that campaign (npm run migrate down) or release it, or leave --part and --where out',
    );
  }
}

/** Thrown for a part of a partitioned table. */
export class PartOfPartitions extends ReembedError {
  constructor(table: string) {
    super('part_of_partitions', `${table} is partitioned, and a part of it cannot be migrated`, 'leave --part and --where out');
  }
}

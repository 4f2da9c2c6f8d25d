import pg from 'pg';
import { ELEMENT_TYPES } from '../database/element-types.ts';
import { ReembedError } from '../errors.ts';

/** Thrown when the table does not exist. */
export class NoSuchTable extends ReembedError {
  constructor(table: string, candidates: string[]) {
    super(
      'no_such_table',
      `there is no table ${table}`,
      candidates.length > 0
        ? `tables with a vector column: ${candidates.join(', ')}`
        : 'no table of this database has a vector column; check DATABASE_URL',
    );
  }
}

const KINDS: Record<string, string> = {
  partition: 'a partition',
  heir: 'a table that inherits or is inherited from',
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  i: 'an index',
  S: 'a sequence',
};

const REMEDIES: Record<string, string> = {
  partition: 'a column cannot be added to one partition: name the partitioned table that it belongs to',
  heir: 'inheritance is not supported: move the rows to a table without inheritance',
};

/** Thrown when the relation is not a plain table. */
export class NotAnOrdinaryTable extends ReembedError {
  constructor(table: string, kind: string) {
    super('not_an_ordinary_table', `${table} is ${KINDS[kind] ?? 'not a table'}`, REMEDIES[kind] ?? 'name the underlying table');
  }
}

/** Thrown when a partition is a foreign table, in which nothing can be stored or indexed from here. */
export class ForeignPartition extends ReembedError {
  constructor(table: string, partition: string) {
    super(
      'foreign_partition',
      `partition ${partition} of ${table} is a foreign table`,
      `detach it, or move its rows into a partition of this database`,
    );
  }
}

/** Thrown when the table has no such column. */
export class NoSuchColumn extends ReembedError {
  constructor(table: string, column: string, columns: string[]) {
    super('no_such_column', `${table} has no column ${column}`, `its columns: ${columns.join(', ')}`);
  }
}

/** Thrown when the column does not hold vectors. */
export class ColumnNotAVector extends ReembedError {
  constructor(table: string, column: string, type: string, vectors: string[]) {
    super(
      'column_not_a_vector',
      `${table}.${column} is ${type}, not ${Object.keys(ELEMENT_TYPES).join(' or ')}`,
      vectors.length > 0 ? `vector columns: ${vectors.join(', ')}` : `${table} has no vector column`,
    );
  }
}

/** Thrown when the table has no primary key, so that rows cannot be identified. */
export class NoPrimaryKey extends ReembedError {
  constructor(table: string) {
    super(
      'no_primary_key',
      `${table} has no primary key, so its rows cannot be identified`,
      `add one: ALTER TABLE ${table} ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY`,
    );
  }
}

/** Thrown when the table has no rows to embed. */
export class EmptyTable extends ReembedError {
  constructor(table: string) {
    super('empty_table', `${table} is empty`, 'there is nothing to migrate: change the column and its model directly');
  }
}

/** Thrown when no row has a text to embed. */
export class NoText extends ReembedError {
  constructor(table: string, text: string) {
    super('no_text', `${text} is null or blank in every row of ${table}`, 'name the column that holds the text with --text');
  }
}

/** Thrown when the text expression fails on this table. */
export class BadTextExpression extends ReembedError {
  constructor(expression: string, reason: string) {
    super(
      'bad_text_expression',
      `the text expression ${expression} fails: ${reason}`,
      'try it with: SELECT (expression) FROM the table; qualify functions with their schema',
    );
  }
}

/** Thrown when the server is too old for security_invoker views. */
export class PostgresTooOld extends ReembedError {
  constructor(version: number) {
    super('postgres_too_old', `PostgreSQL ${Math.floor(version / 10_000)} has no security_invoker views`, 'use PostgreSQL 15 to 18');
  }
}

/** Thrown when the vectors of this table cannot be kept in a side table. */
export class SideTableRefused extends ReembedError {
  constructor(reason: string, remedy = 'use --storage column') {
    super('side_table_refused', reason, remedy);
  }
}

/** Thrown when the old and the new model are the same. */
export class SameModel extends ReembedError {
  constructor(model: string) {
    super(
      'same_model',
      `the column already has vectors of ${model}`,
      'name another model with --to; for the same model with other dimensions add --to-name',
    );
  }
}

/** Thrown when a name that the campaign needs is already in use. */
export class NameTaken extends ReembedError {
  constructor(what: string, name: string) {
    super(
      'name_taken',
      `${what} ${name} already exists`,
      'rename or drop it; if an earlier campaign created it, revert that campaign first: npm run migrate down',
    );
  }
}

/** Thrown when another campaign is running on the column, or its files wait to be run. */
export class CampaignRunning extends ReembedError {
  constructor(target: string, campaign: string, remedy: string) {
    super('campaign_running', `a campaign is already running on ${target}: ${campaign}`, remedy);
  }
}

/** Thrown when the runner cannot act as the table's owner, so that it could not give objects to the owner. */
export class CannotActAsOwner extends ReembedError {
  constructor(table: string, { role, owner, grantOptions }: { role: string; owner: string; grantOptions: string }) {
    super(
      'cannot_act_as_owner',
      `${table} belongs to ${owner}, and role ${role} cannot act as ${owner}`,
      `GRANT ${owner} TO ${role}${grantOptions}, or run migrations as ${owner}`,
    );
  }
}

/** Thrown when a role may not create objects in the table's schema, where views and side tables belong to the table's owner. */
export class NoCreateOnSchema extends ReembedError {
  constructor(schema: string, role: string) {
    super('no_create_on_schema', `role ${role} may not create views in schema ${schema}`, `GRANT CREATE ON SCHEMA ${schema} TO ${role}`);
  }
}

/** Thrown when a role may not create the schemas that a campaign needs. */
export class NoCreateOnDatabase extends ReembedError {
  constructor(database: string, role: string, schemas: string) {
    super(
      'no_create_on_database',
      `role ${role} may not create schemas in database ${database}, and expand needs ${schemas}`,
      `GRANT CREATE ON DATABASE ${database} TO ${role}`,
    );
  }
}

/** Thrown for forced row level security: its policies hide rows even from the owner, with whose rights rows are read and written. */
export class ForcedRowSecurity extends ReembedError {
  constructor(table: string, owner: string) {
    super(
      'forced_row_security',
      `row level security is forced on ${table}, so even ${owner} does not see every row`,
      `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, or ALTER ROLE ${owner} BYPASSRLS`,
    );
  }
}

/** Thrown for a rule on UPDATE, which would replace or accompany the update that stores a vector. */
export class UpdateRules extends ReembedError {
  constructor(table: string, rule: string) {
    super(
      'update_rules',
      `${table} has the rule ${rule} ON UPDATE, which would apply to every vector that is stored`,
      `DROP RULE ${pg.escapeIdentifier(rule)} ON ${table}; a trigger can do the same`,
    );
  }
}

/** Thrown when the text expression may return a different text each time. */
export class VolatileTextExpression extends ReembedError {
  constructor(expression: string, called: string) {
    super(
      'volatile_text_expression',
      `the text expression ${expression} calls ${called}, which is VOLATILE: it may return a different text each time`,
      `if it gives the same text for the same row, ALTER FUNCTION ${called} … IMMUTABLE (or STABLE); else leave it out`,
    );
  }
}

/** Thrown when the text expression reads another table, whose changes would be missed. */
export class TextReadsTable extends ReembedError {
  constructor(expression: string, table: string) {
    super(
      'text_reads_table',
      `the text expression ${expression} reads ${table}, whose changes would not be noticed`,
      'join the table, and name its columns in the text: --text-from "public.chunk AS c ON c.id = t.chunk_id" --text c.body',
    );
  }
}

/** Thrown when an index on the old vectors cannot be written for the new ones. */
export class IndexNotCarried extends ReembedError {
  constructor(index: string, reason: string) {
    super(
      'index_not_carried',
      `index ${index} cannot be built on the new vectors: ${reason}`,
      `without it: --drop-index ${index}; contract then drops it with the old column`,
    );
  }
}

/** Thrown when an index on the vectors also names other columns of the table, which a side table does not have. */
export class IndexNeedsTable extends ReembedError {
  constructor(index: string) {
    super(
      'index_needs_table',
      `index ${index} names other columns of the table, which a side table does not have`,
      `use --storage column, or leave the index out: --drop-index ${index}`,
    );
  }
}

import type pg from 'pg';
import { OLD_MODEL, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

/** A rule by which a table refuses the writes of some rows, and what workers must record of them. */
export interface RefusingRule {
  /** makes the table refuse the writes of locked rows */
  break: (table: string) => string;
  repair: (table: string) => string;
  class: string;
  message: RegExp;
  words?: RegExp;
}

/** A trigger that calls a function of this body. */
export const trigger = (table: string, when: string, body: string) => `
  CREATE FUNCTION ${table}_rule() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
  CREATE ${when.startsWith('CONSTRAINT') ? when.replace('TRIGGER', `TRIGGER ${table}_guard`) : `TRIGGER ${table}_guard ${when}`} ON ${table}
    ${when.startsWith('CONSTRAINT') ? 'DEFERRABLE INITIALLY DEFERRED' : ''} FOR EACH ROW EXECUTE FUNCTION ${table}_rule()`;

/** Removes that trigger. */
export const withoutTrigger = (table: string) =>
  `SET client_min_messages = warning; DROP FUNCTION ${table}_rule() CASCADE; RESET client_min_messages`;

const ONLY = "NEW.content LIKE 'locked %'";

/** Rules by what they do with locked rows. */
export const REFUSING_RULES: Record<string, RefusingRule> = {
  check: {
    break: (table) => `ALTER TABLE ${table} ADD CONSTRAINT is_open CHECK (content NOT LIKE 'locked %') NOT VALID`,
    repair: (table) => `ALTER TABLE ${table} DROP CONSTRAINT is_open`,
    class: 'row_refused',
    message: /^PostgreSQL refuses the row \(SQLSTATE 23514, table \w+, constraint is_open\)$/,
    words: /Failing row contains \(7?6?0?, locked/,
  },
  raises: {
    break: (table) =>
      trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'the archive is closed' USING DETAIL = NEW.content; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /^PostgreSQL refuses the row \(SQLSTATE P0001, trigger \w+_guard\)$/,
    words: /the archive is closed; locked/,
  },
  'raises afterwards': {
    break: (table) => trigger(table, 'AFTER UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'U0001'; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE U0001, trigger \w+_guard/,
    words: /not this one/,
  },
  'raises at the commit': {
    break: (table) => trigger(table, 'CONSTRAINT TRIGGER AFTER UPDATE', `IF ${ONLY} THEN RAISE EXCEPTION 'too late'; END IF;`),
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE P0001/,
    words: /too late/,
  },
  'skips the update': {
    break: (table) => trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RETURN NULL; END IF;`),
    repair: withoutTrigger,
    class: 'write_skipped',
    message: /a trigger or a policy of its table suppressed or reverted it/,
  },
  'reverts the update': {
    break: (table) => trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN RETURN OLD; END IF;`),
    repair: withoutTrigger,
    class: 'write_skipped',
    message: /a trigger or a policy of its table suppressed or reverted it/,
  },
  'breaks a unique index': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN slug text; UPDATE ${table} SET slug = id; UPDATE ${table} SET slug = 'Taken' WHERE id = 9;
      CREATE UNIQUE INDEX ${table}_slug ON ${table} (lower(slug));
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.slug := 'taken'; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 23505, table \w+, constraint \w+_slug/,
    words: /Key \(lower\(slug\)\)=\(taken\) already exists/,
  },
  'breaks an exclusion constraint': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN span int4range; UPDATE ${table} SET span = int4range(id::int, id::int + 1);
      ALTER TABLE ${table} ADD CONSTRAINT ${table}_apart EXCLUDE USING gist (span WITH &&);
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.span := '[1,5)'; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 23P01, table \w+, constraint \w+_apart/,
    words: /conflicts with existing key/,
  },
  'out of range for a column': {
    break: (table) => `
      ALTER TABLE ${table} ADD COLUMN small smallint;
      ${trigger(table, 'BEFORE UPDATE', `IF ${ONLY} THEN NEW.small := 40000; END IF;`)}`,
    repair: withoutTrigger,
    class: 'row_refused',
    message: /SQLSTATE 22003, trigger \w+_guard/,
    words: /smallint out of range/,
  },
};

/** Locks rows 7 and 60, which the rules refuse from then on. */
export const lockTwo = (table: string) => `UPDATE ${table} SET content = 'locked ' || id WHERE id IN (7, 60)`;

/** Creates a table of 90 rows with their old vectors. */
export async function createNinetyRows(pool: pg.Pool, table: string, type = 'vector'): Promise<void> {
  const ids = Array.from({ length: 90 }, (_, i) => i + 1);
  const textOf = (id: number) => `river stone number ${id}`;
  await pool.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, content text, embedding ${type}(16))`);
  await pool.query(
    `INSERT INTO ${table} SELECT id, content, v::${type} FROM unnest($1::bigint[], $2::text[], $3::vector[]) AS row(id, content, v)`,
    [ids, ids.map(textOf), ids.map((id) => vectorText(vectorOf(OLD_MODEL, textOf(id), 16)))],
  );
}

/** A row that could not be stored, with the reason. */
export interface FailedRow {
  id: string;
  model: string;
  class: string;
  message: string;
  words: string | null;
}

/** Rows of the table that are on record as failed, by model and key. */
export async function failedRows(pool: pg.Pool, table: string): Promise<FailedRow[]> {
  const { rows } = await pool.query<FailedRow>(
    "SELECT key ->> 'id' AS id, model, class, message, words FROM reembed.failed_row WHERE target = $1 ORDER BY model, (key ->> 'id')::int",
    [`public.${table}.embedding`],
  );
  return rows;
}

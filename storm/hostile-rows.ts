import { TABLE, type World } from './world.ts';

/** What of its own the table does to an update of a row that the toolkit makes. */
const KINDS = ['violates a constraint', 'is refused by a trigger', 'is skipped by a trigger'] as const;
const EVERY = 300;

/** Rows whose vectors cannot be stored. They are among those that no writer changes, so only the toolkit's updates meet the trouble. */
export function isHostile({ options }: World, id: number): boolean {
  return options.hostile && id <= options.rows && id % EVERY === 0;
}

/**
 * Gives the table what tables of others have: a constraint that some rows violate, triggers that refuse or skip the update of some rows,
 * and an audit trigger that relies on the application's search_path.
 */
export async function makeHostile({ pool, columns, options }: World): Promise<void> {
  const kind = (number: number) =>
    `OLD.${columns.id} <= ${options.rows} AND OLD.${columns.id} % ${EVERY} = 0 AND OLD.${columns.id} / ${EVERY} % ${KINDS.length} = ${number}`;
  await pool.query(`UPDATE ${TABLE} SET views = -1 WHERE ${columns.id} % ${EVERY} = 0 AND ${columns.id} / ${EVERY} % ${KINDS.length} = 0`);
  await pool.query(`
    ALTER TABLE ${TABLE} ADD CONSTRAINT views_are_not_negative CHECK (views >= 0) NOT VALID;
    CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this row is closed'; END $$;
    CREATE FUNCTION skip_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER refuse_update BEFORE UPDATE ON ${TABLE} FOR EACH ROW WHEN (${kind(1)}) EXECUTE FUNCTION refuse_update();
    CREATE TRIGGER skip_update BEFORE UPDATE ON ${TABLE} FOR EACH ROW WHEN (${kind(2)}) EXECUTE FUNCTION skip_update();
    CREATE TABLE audit_log (at timestamptz NOT NULL DEFAULT now());
    CREATE FUNCTION audit_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log DEFAULT VALUES; RETURN NULL; END $$;
    CREATE TRIGGER audit_update AFTER UPDATE ON ${TABLE} FOR EACH ROW WHEN (OLD.title = 'first') EXECUTE FUNCTION audit_update()`);
}

/** Ends the trouble, as the operator who read failed_row would. */
export async function makePeaceful({ pool }: World): Promise<void> {
  await pool.query(`DROP TRIGGER refuse_update ON ${TABLE}; DROP TRIGGER skip_update ON ${TABLE};
    ALTER TABLE ${TABLE} DROP CONSTRAINT views_are_not_negative; UPDATE ${TABLE} SET views = 0 WHERE views < 0`);
}

/** Keys of the rows that are parked for a model. */
export async function parkedRows({ pool }: World, model: string): Promise<Set<number>> {
  const { rows } = await pool.query<{ id: string }>("SELECT key ->> 'id' AS id FROM reembed.failed_row WHERE model = $1", [model]);
  return new Set(rows.map(({ id }) => Number(id)));
}

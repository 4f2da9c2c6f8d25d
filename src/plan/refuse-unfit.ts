import type { Queryable } from '../database/connection.ts';
import { CannotActAsOwner, ForcedRowSecurity, NoCreateOnSchema, UpdateRules, VolatileTextExpression } from './inspect-error.ts';

/** Facts about a table that decide whether a campaign can be created on it. doctor checks the same facts. */
export interface TableRights {
  /** names as SQL identifiers, quoted where needed */
  role: string;
  owner: string;
  schema: string;
  /** options that a GRANT of the owner's role needs on this server version */
  grantOptions: string;
  actsAsOwner: boolean;
  runnerMayCreate: boolean;
  /** whether views in the schema can be given to the owner */
  ownerMayCreate: boolean;
  rowSecurity: boolean;
  forcedRowSecurity: boolean;
  updateRules: string[];
}

/** Reads the roles and privileges of a table, and anything that would prevent an update of its rows. */
export async function readTableRights(db: Queryable, oid: number): Promise<TableRights> {
  const { rows } = await db.query<TableRights>(
    `SELECT quote_ident(current_user) AS role, quote_ident(pg_get_userbyid(c.relowner)) AS owner, quote_ident(n.nspname) AS schema,
            CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END AS "grantOptions",
            pg_has_role(c.relowner, 'USAGE') AND pg_has_role(c.relowner, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS "actsAsOwner",
            has_schema_privilege(n.oid, 'CREATE') AS "runnerMayCreate",
            has_schema_privilege(c.relowner, n.oid, 'CREATE') OR (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) AS "ownerMayCreate",
            c.relrowsecurity AS "rowSecurity",
            c.relforcerowsecurity AND c.relrowsecurity AND NOT (SELECT r.rolbypassrls OR r.rolsuper FROM pg_roles AS r WHERE r.oid = c.relowner) AS "forcedRowSecurity",
            ARRAY(SELECT w.rulename::text FROM pg_rewrite AS w WHERE w.ev_class = c.oid AND w.ev_type = '2' ORDER BY 1) AS "updateRules"
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = $1`,
    [oid],
  );
  return rows[0] as TableRights;
}

/**
 * Refuses a table on which a campaign would fail later, before anything is changed.
 *
 * @throws CannotActAsOwner, NoCreateOnSchema, ForcedRowSecurity, UpdateRules
 */
export async function refuseUnfitTable(db: Queryable, oid: number, table: string): Promise<void> {
  const rights = await readTableRights(db, oid);
  if (!rights.actsAsOwner) throw new CannotActAsOwner(table, rights);
  if (!rights.ownerMayCreate) throw new NoCreateOnSchema(rights.schema, rights.owner);
  if (!rights.runnerMayCreate) throw new NoCreateOnSchema(rights.schema, rights.role);
  if (rights.forcedRowSecurity) throw new ForcedRowSecurity(table, rights.owner);
  const [rule] = rights.updateRules;
  if (rule) throw new UpdateRules(table, rule);
}

/**
 * Refuses an expression that may return a different text each time, because the embedded text could then not be compared with the present
 * text. reembed.text_source() repeats the check on the server with the parsed expression.
 *
 * @throws VolatileTextExpression
 */
export async function refuseVolatile(db: Queryable, expression: string): Promise<void> {
  const called = [...expression.matchAll(/((?:"(?:[^"]|"")+"|[a-z_][\w$]*)\s*\.\s*)?("(?:[^"]|"")+"|[a-z_][\w$]*)\s*\(/gi)].map(
    ([, schema, name = '']) => ({
      schema: schema === undefined ? null : plain(schema.replace(/\s*\.\s*$/, '')),
      name: plain(name),
    }),
  );
  if (called.length === 0) return;
  const { rows } = await db.query<{ name: string }>(
    `SELECT format('%s.%s', n.nspname, p.proname) AS name
       FROM unnest($1::text[], $2::text[]) AS c(schema, name)
       JOIN pg_proc AS p ON p.proname = c.name JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname = coalesce(c.schema, 'pg_catalog')
      GROUP BY 1 HAVING bool_and(p.provolatile = 'v') ORDER BY 1 LIMIT 1`,
    [called.map(({ schema }) => schema), called.map(({ name }) => name)],
  );
  if (rows[0]) throw new VolatileTextExpression(expression, rows[0].name);
}

/** Converts a written name to its form in the catalog. */
function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

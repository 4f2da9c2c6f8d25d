import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { identifier } from '../phases/plan.ts';
import { type Check, error, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

const schemaRights: Check = {
  name: 'right to install',
  needsServer: true,
  async run({ db, role }) {
    const { rows } = await db.query<{ database: string; name: string; allowed: boolean; isThere: boolean }>(
      `SELECT quote_ident(current_database()) AS database, s.name, n.oid IS NOT NULL AS "isThere",
              CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE') ELSE pg_has_role(n.nspowner, 'USAGE') END AS allowed
         FROM unnest(ARRAY['reembed', 'reembed_queue']) AS s(name) LEFT JOIN pg_namespace AS n ON n.nspname = s.name`,
    );
    const missing = rows.filter(({ allowed, isThere }) => !allowed && !isThere);
    if (missing.length > 0) {
      return error(
        `role ${role} may not create schema ${listed(missing.map(({ name }) => name))}`,
        `GRANT CREATE ON DATABASE ${rows[0]?.database} TO ${identifier(role)}`,
      );
    }
    const foreign = rows.filter(({ allowed }) => !allowed);
    if (foreign.length === 0)
      return ok(`role ${role} ${rows.every(({ isThere }) => isThere) ? 'owns' : 'may create'} the schemas reembed and reembed_queue`);
    return warn(
      `role ${role} does not own schema ${listed(foreign.map(({ name }) => name))}, so npm run migrate would fail`,
      'run migrations as the owner of the schema; workers need less',
    );
  },
};

const ownership: Check = {
  name: 'ownership',
  needsServer: true,
  needsSchema: true,
  async run({ db, role, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    if (tables.length === 0) return [];
    const foreign = tables.filter(({ ownedByUs }) => !ownedByUs);
    const verdicts: Verdict[] = foreign.map(({ table, owner }) =>
      warn(
        `${table} belongs to ${owner}, not to ${role}: npm run migrate would fail on it`,
        `run migrations as ${owner}, or: GRANT ${identifier(owner)} TO ${identifier(role)}`,
      ),
    );
    const { rows } = await db.query<{ schema: string }>(
      `SELECT quote_ident(s.name) AS schema FROM unnest($1::text[]) AS s(name) WHERE NOT has_schema_privilege(s.name, 'CREATE')`,
      [[...new Set(tables.filter(({ ownedByUs }) => ownedByUs).map(({ schema }) => schema))]],
    );
    for (const { schema } of rows) {
      verdicts.push(
        error(`role ${role} may not create the live views in schema ${schema}`, `GRANT CREATE ON SCHEMA ${schema} TO ${identifier(role)}`),
      );
    }
    return verdicts.length > 0 ? verdicts : ok(`role ${role} may change ${listed(tables.map(({ table }) => table))}`);
  },
};

const workerRights: Check = {
  name: 'worker rights',
  needsServer: true,
  needsSchema: true,
  async run({ db, role }) {
    const mayAsk = await db.query<{ yes: boolean }>("SELECT has_function_privilege('reembed.worker_grants(name)', 'EXECUTE') AS yes");
    // A role that may not ask is no installer; what it lacks is then seen by what it cannot call.
    if (!mayAsk.rows[0]?.yes) return checkWorkerCalls(db, role);
    const { rows } = await db.query<{ statement: string }>('SELECT statement FROM reembed.worker_grants(current_user)');
    if (rows.length === 0) return ok(`role ${role} may do all that a worker does`);
    return error(`role ${role} lacks rights that a worker needs`, `${rows.map(({ statement }) => statement).join(';\n')};`);
  },
};

async function checkWorkerCalls(db: Queryable, role: string): Promise<Verdict> {
  const { rows } = await db.query<{ missing: number }>(
    `SELECT count(*)::integer AS missing FROM pg_proc AS p
      WHERE p.pronamespace = to_regnamespace('reembed') AND p.proname IN ('enqueue_work', 'settle_batch', 'settle_live', 'take_quota') AND NOT has_function_privilege(p.oid, 'EXECUTE')`,
  );
  if (rows[0]?.missing === 0) return ok(`role ${role} may work the queue`);
  return error(
    `role ${role} lacks rights that a worker needs`,
    `as the owner of schema reembed: SELECT reembed.grant_worker(${pg.escapeLiteral(role)})`,
  );
}

const rowSecurity: Check = {
  name: 'row level security',
  needsServer: true,
  needsSchema: true,
  async run({ db, role, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    const { rows } = await db.query<{ name: string; enabled: boolean; active: boolean }>(
      `SELECT c.oid::regclass::text AS name, c.relrowsecurity AS enabled, row_security_active(c.oid) AS active
         FROM pg_class AS c WHERE c.oid = ANY ($1::oid[]) AND c.relrowsecurity`,
      [tables.map(({ oid }) => oid)],
    );
    if (rows.length === 0) return tables.length === 0 ? [] : ok('no registered table has it');
    const hidden = rows.filter(({ active }) => active);
    if (hidden.length === 0) return ok(`on ${listed(rows.map(({ name }) => name))}, but role ${role} sees every row`);
    return error(
      `policies of ${listed(hidden.map(({ name }) => name))} apply to role ${role}: a worker would leave the rows it cannot see without a vector`,
      `run workers as the owner of the table (without FORCE ROW LEVEL SECURITY), or: ALTER ROLE ${identifier(role)} BYPASSRLS`,
    );
  },
};

/** Checks of what the role may do. */
export const rightsChecks: Check[] = [schemaRights, ownership, workerRights, rowSecurity];

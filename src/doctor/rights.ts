import type { Queryable } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';
import { readTableRights, refuseUnfitTable } from '../plan/refuse-unfit.ts';
import { tablesWithVectors } from '../plan/tables-with-vectors.ts';
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
        `GRANT CREATE ON DATABASE ${rows[0]?.database} TO ${role}`,
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
        `run migrations as ${owner}, or: GRANT ${owner} TO ${role}`,
      ),
    );
    const { rows } = await db.query<{ schema: string }>(
      `SELECT quote_ident(s.name) AS schema FROM unnest($1::text[]) AS s(name) WHERE NOT has_schema_privilege(s.name, 'CREATE')`,
      [[...new Set(tables.filter(({ ownedByUs }) => ownedByUs).map(({ viewSchema }) => viewSchema))]],
    );
    for (const { schema } of rows) {
      verdicts.push(error(`role ${role} may not create the live views in schema ${schema}`, `GRANT CREATE ON SCHEMA ${schema} TO ${role}`));
    }
    return verdicts.length > 0 ? verdicts : ok(`role ${role} may change ${listed(tables.map(({ table }) => table))}`);
  },
};

/** Tables on which a campaign could be created. Reports in advance what `create` would refuse. */
const candidates: Check = {
  name: 'tables to migrate',
  needsServer: true,
  async run({ db }) {
    const tables = await tablesWithVectors(db);
    const verdicts: Verdict[] = [];
    for (const { oid, name } of tables) {
      try {
        await refuseUnfitTable(db, oid, name);
      } catch (refusal) {
        if (!(refusal instanceof ReembedError)) throw refusal;
        verdicts.push(warn(`no campaign can be created: ${refusal.message}`, refusal.remedy));
      }
    }
    return verdicts.length > 0
      ? verdicts
      : ok(tables.length === 0 ? 'no table has a vector column' : 'a campaign may be created on every table with vectors');
  },
};

const workerRights: Check = {
  name: 'worker rights',
  needsServer: true,
  needsSchema: true,
  async run({ db, role }) {
    const mayAsk = await db.query<{ yes: boolean }>("SELECT has_function_privilege('reembed.worker_grants(name)', 'EXECUTE') AS yes");
    // A role without this privilege is not the installer. Its missing privileges show in the functions it cannot call.
    if (!mayAsk.rows[0]?.yes) return checkWorkerCalls(db, role);
    const { rows } = await db.query<{ statement: string }>('SELECT statement FROM reembed.worker_grants(current_user)');
    if (rows.length === 0) return ok(`role ${role} has all rights that a worker needs`);
    return error(`role ${role} lacks rights that a worker needs`, `${rows.map(({ statement }) => statement).join(';\n')};`);
  },
};

async function checkWorkerCalls(db: Queryable, role: string): Promise<Verdict> {
  const { rows } = await db.query<{ missing: number; literal: string }>(
    `SELECT count(*)::integer AS missing, quote_literal(current_user) AS literal FROM pg_proc AS p
      WHERE p.pronamespace = to_regnamespace('reembed') AND p.proname IN ('enqueue_work', 'settle_batch', 'settle_live', 'take_quota') AND NOT has_function_privilege(p.oid, 'EXECUTE')`,
  );
  if (rows[0]?.missing === 0) return ok(`role ${role} has all rights that a worker needs on the queue`);
  return error(
    `role ${role} lacks rights that a worker needs`,
    `as the owner of schema reembed: SELECT reembed.grant_worker(${rows[0]?.literal})`,
  );
}

const rowSecurity: Check = {
  name: 'row level security',
  needsServer: true,
  needsSchema: true,
  async run({ db, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    const guarded: { table: string; owner: string; forced: boolean }[] = [];
    for (const { oid, table } of tables) {
      const { rowSecurity: isOn, owner, forcedRowSecurity } = await readTableRights(db, oid);
      if (isOn) guarded.push({ table, owner, forced: forcedRowSecurity });
    }
    if (guarded.length === 0) return tables.length === 0 ? [] : ok('no registered table has it');
    const forced = guarded.filter((one) => one.forced);
    if (forced.length === 0) return ok(`on ${listed(guarded.map(({ table }) => table))}, whose owner sees every row`);
    return forced.map(({ table, owner }) =>
      error(
        `row level security is forced on ${table}: rows that its owner does not see would stay without a vector`,
        `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY, or ALTER ROLE ${owner} BYPASSRLS`,
      ),
    );
  },
};

/** Checks of the role's privileges. */
export const rightsChecks: Check[] = [schemaRights, ownership, candidates, workerRights, rowSecurity];

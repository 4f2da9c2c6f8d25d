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

const READ = 'SELECT';
const CHANGE = 'SELECT, INSERT, UPDATE, DELETE';
// What a worker, `status` beside it and the functions they call do to each relation.
const WORKER_RIGHTS: Record<string, string> = {
  model: READ,
  target: READ,
  vector_column: READ,
  health: READ,
  progress: READ,
  setting: 'SELECT, UPDATE',
  migration: 'SELECT, UPDATE',
  batch: 'SELECT, UPDATE',
  repeated_text: 'SELECT, UPDATE',
  stale_row: CHANGE,
  failed_row: CHANGE,
  provider_quota: 'SELECT, INSERT, UPDATE',
  provider_batch: CHANGE,
  provider_batch_row: 'SELECT, INSERT, DELETE',
  worker: CHANGE,
  read_probe: READ,
  throttle: READ,
  event: READ,
  known_item: 'SELECT, INSERT',
  alert: READ,
  shadow_read: READ,
  watch_memory: READ,
  validation: READ,
  schema_migration: READ,
};

const workerRights: Check = {
  name: 'worker rights',
  needsServer: true,
  needsSchema: true,
  async run({ db, role, targets }) {
    // Without this right the rest can still be said, and the tables at the next look.
    const { rows: readable } = await db.query<{ yes: boolean }>(
      `SELECT bool_and(has_table_privilege(format('reembed.%I', name), 'SELECT')) AS yes FROM unnest(ARRAY['target', 'setting', 'migration']) AS name`,
    );
    const tables = readable[0]?.yes ? (await targets()).filter(({ exists }) => exists) : [];
    const { rows } = await db.query<{ statement: string }>(
      `WITH wanted AS (
         SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, r.value AS rights
           FROM jsonb_each_text($1) AS r JOIN pg_class AS c ON c.relname = r.key
           JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'reembed'
         UNION ALL
         SELECT c.oid, format('%I.%I', n.nspname, c.relname), 'SELECT, UPDATE'
           FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ANY ($2::oid[])
         UNION ALL
         SELECT c.oid, format('%I.%I', n.nspname, c.relname), '${CHANGE}'
           FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ANY ($3::oid[])
       )
       SELECT format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, current_user) AS statement
         FROM pg_namespace AS n
        WHERE (n.nspname IN ('reembed', 'reembed_queue') OR n.oid IN (SELECT relnamespace FROM pg_class WHERE oid = ANY ($2::oid[])))
          AND NOT has_schema_privilege(n.oid, 'USAGE')
       UNION ALL
       SELECT format('GRANT %s ON %s TO %I', w.rights, w.name, current_user)
         FROM wanted AS w
        WHERE EXISTS (SELECT FROM unnest(string_to_array(w.rights, ', ')) AS p
                       WHERE NOT has_table_privilege(w.oid, p) AND NOT (p = 'UPDATE' AND has_any_column_privilege(w.oid, p)))
       UNION ALL
       SELECT format('GRANT USAGE ON SEQUENCE reembed.stale_row_version TO %I', current_user)
        WHERE NOT has_sequence_privilege(to_regclass('reembed.stale_row_version'), 'USAGE')
       UNION ALL
       SELECT format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reembed TO %I', current_user)
        WHERE EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace('reembed') AND p.prokind = 'f' AND NOT p.prosecdef AND NOT has_function_privilege(p.oid, 'EXECUTE'))
       UNION ALL
       SELECT format('GRANT ${CHANGE} ON ALL TABLES IN SCHEMA reembed_queue TO %I', current_user)
        WHERE EXISTS (SELECT FROM pg_class AS c, unnest(string_to_array('${CHANGE}', ', ')) AS p
                       WHERE c.relnamespace = to_regnamespace('reembed_queue') AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, p))`,
      [JSON.stringify(WORKER_RIGHTS), tables.map(({ oid }) => oid), tables.flatMap(({ sideTables }) => sideTables)],
    );
    if (rows.length === 0) return ok(`role ${role} may do all that a worker does`);
    return error(`role ${role} lacks rights that a worker needs`, `${rows.map(({ statement }) => statement).join(';\n')};`);
  },
};

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

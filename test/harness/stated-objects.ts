import type pg from 'pg';

/**
 * Rows of the tables in docs/security.md that state, for each of our objects, who may use it, as whom it runs and with
 * which search_path; by table.
 */
export type StatedObjects = Record<string, string[]>;

/** A name without the suffix of the target that it is compiled for. */
const plain = (name: string) =>
  `coalesce((SELECT replace(${name}, t.suffix, '…') FROM reembed.target AS t WHERE ${name} LIKE '%' || t.suffix), ${name})`;

const FUNCTIONS = `
  SELECT a.audience, CASE WHEN p.proowner::regrole::text = $2 THEN 'owner' ELSE 'installer' END AS owner,
         CASE WHEN p.prosecdef THEN 'owner' ELSE 'caller' END AS runs_as,
         CASE WHEN c.path = 'pg_catalog, pg_temp' THEN 'pg_catalog' WHEN c.path LIKE '%, pg_temp' THEN 'application'
              WHEN p.prosqlbody IS NOT NULL THEN 'parsed' ELSE 'none' END AS path,
         CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
         string_agg(DISTINCT '\`' || CASE WHEN n.nspname = 'reembed' THEN '' ELSE n.nspname || '.' END || ${plain('p.proname')} || '\`' COLLATE "C", ' ') AS names
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace,
         LATERAL (SELECT max(substr(s.setting, 13)) AS path FROM unnest(p.proconfig) AS s(setting) WHERE s.setting LIKE 'search_path=%') AS c,
         LATERAL (SELECT CASE WHEN p.prorettype = 'trigger'::regtype THEN 'triggers'
                              WHEN has_function_privilege('public', p.oid, 'EXECUTE') AND n.nspname = 'reembed' THEN 'everybody'
                              WHEN has_function_privilege($1, p.oid, 'EXECUTE') THEN 'workers'
                              WHEN p.proowner::regrole::text = $2 THEN 'owner' ELSE 'installer' END AS audience) AS a
   WHERE n.nspname IN ('reembed', 'reembed_queue')
   GROUP BY 1, 2, 3, 4, 5 ORDER BY array_position(ARRAY['everybody', 'workers', 'owner', 'triggers', 'installer'], a.audience), 2, 3, 4, 5`;

const VIEWS = `
  SELECT a.audience, CASE WHEN c.relowner::regrole::text = $2 THEN 'owner' ELSE 'installer' END AS owner,
         CASE WHEN 'security_invoker=true' = ANY (c.reloptions) THEN 'caller' ELSE 'owner' END AS reads_as,
         string_agg(DISTINCT '\`' || CASE WHEN n.nspname = 'reembed' THEN ${plain('c.relname')} ELSE v.kind END || '\`' COLLATE "C", ' ') AS names
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         LATERAL (SELECT CASE WHEN n.nspname = 'reembed_live' THEN 'reembed_live.<table>' WHEN n.nspname LIKE 'reembed\\_%' THEN 'reembed_<model>.<table>'
                              WHEN c.relname LIKE '%\\_live' THEN '<table>_live' ELSE '<table>_<model>' END AS kind) AS v,
         LATERAL (SELECT CASE WHEN n.nspname = 'reembed' AND has_table_privilege('public', c.oid, 'SELECT') THEN 'everybody'
                              WHEN has_table_privilege($1, c.oid, 'SELECT') THEN 'workers'
                              WHEN c.relowner::regrole::text = $2 THEN CASE n.nspname WHEN 'reembed' THEN 'owner' ELSE 'whom the owner lets' END
                              ELSE 'installer' END AS audience) AS a
   WHERE c.relkind = 'v' AND (n.nspname IN ('reembed', 'reembed_queue') OR obj_description(c.oid, 'pg_class') LIKE 'pg-reembed:%')
   GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

const TRIGGERS = `
  SELECT CASE WHEN g.tgrelid::regclass::text LIKE 'reembed.%' THEN g.tgrelid::regclass::text
              WHEN EXISTS (SELECT FROM pg_class AS c WHERE c.oid = g.tgrelid AND c.relkind = 'v') THEN 'a view with the name of the table' ELSE 'the table' END AS on_table,
         CASE g.tgenabled WHEN 'A' THEN 'always' WHEN 'O' THEN 'not on a replica' ELSE 'off' END AS fires,
         string_agg(DISTINCT '\`' || ${plain('g.tgname')} || '\`' COLLATE "C", ' ') AS names
    FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid
   WHERE NOT g.tgisinternal AND p.pronamespace IN ('reembed'::regnamespace, 'reembed_queue'::regnamespace)
   GROUP BY 1, 2 ORDER BY 1, 2`;

/**
 * Reads the catalog of an installed database.
 *
 * @param roles a role that was made a worker, and the owner of the tables that have targets
 */
export async function readStatedObjects(pool: pg.Pool, roles: { worker: string; owner: string }): Promise<StatedObjects> {
  const rowsOf = async (query: string) => {
    const { rows } = await pool.query<string[]>({
      text: query,
      values: query.includes('$1') ? [roles.worker, roles.owner] : [],
      rowMode: 'array',
    });
    return rows.map((row) => `| ${row.join(' | ').replaceAll('` `', '`, `')} |`);
  };
  const functions = await rowsOf(FUNCTIONS);
  // A function that names columns of a row is of another kind before PostgreSQL 18.
  const ofRows = (row: string) => row.startsWith('| owner | owner | caller |');
  const { rows } = await pool.query<{ isNew: boolean }>(`SELECT current_setting('server_version_num')::integer >= 180000 AS "isNew"`);
  return {
    functions: functions.filter((row) => !ofRows(row)),
    [rows[0]?.isNew ? 'functions of rows' : 'functions of rows before 18']: functions.filter(ofRows),
    views: await rowsOf(VIEWS),
    triggers: await rowsOf(TRIGGERS),
  };
}

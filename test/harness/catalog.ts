import type pg from 'pg';

// Dated partitions of the queue's statistics appear and disappear with the calendar.
const DATED = String.raw`queue_stats_\d`;

const OURS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;

/** Each query returns lines (object, definition); together they are what pg_dump --schema-only would show. */
const PARTS: Record<string, string> = {
  schema: `SELECT n.nspname AS object, format('%s %s', obj_description(n.oid, 'pg_namespace'), n.nspacl) AS definition
             FROM pg_namespace AS n WHERE ${OURS}`,
  extension: `SELECT e.extname, e.extversion FROM pg_extension AS e`,
  relation: `SELECT c.oid::regclass, format('%s %s %s %s rls=%s%s %s', c.relkind, c.relpersistence, c.reloptions, pg_get_userbyid(c.relowner),
                    c.relrowsecurity, c.relforcerowsecurity, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) AS a))
               FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE ${OURS} AND c.relkind NOT IN ('i', 'I')`,
  // The position of a column is not compared: a column that was dropped and created again is the last one.
  column: `SELECT format('%s.%s', c.oid::regclass, a.attname),
                  format('%s null=%s default=%s generated=%s identity=%s storage=%s place=%s acl=%s', format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                         (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
                         a.attgenerated, a.attidentity, a.attstorage, CASE WHEN c.relkind = 'v' THEN a.attnum END, a.attacl)
             FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE ${OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped`,
  comment: `SELECT CASE d.objsubid WHEN 0 THEN d.objoid::regclass::text
                        ELSE (SELECT format('%s.%s', d.objoid::regclass, attname) FROM pg_attribute WHERE attrelid = d.objoid AND attnum = d.objsubid) END, d.description
              FROM pg_description AS d JOIN pg_class AS c ON c.oid = d.objoid JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE ${OURS} AND d.classoid = 'pg_class'::regclass`,
  view: `SELECT c.oid::regclass, pg_get_viewdef(c.oid)
           FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE ${OURS} AND c.relkind IN ('v', 'm')`,
  index: `SELECT i.indexrelid::regclass, format('%s valid=%s', pg_get_indexdef(i.indexrelid), i.indisvalid)
            FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE ${OURS}`,
  constraint: `SELECT format('%s.%s', k.conrelid::regclass, k.conname), pg_get_constraintdef(k.oid)
                 FROM pg_constraint AS k JOIN pg_namespace AS n ON n.oid = k.connamespace WHERE ${OURS} AND k.contype <> 'n'`,
  trigger: `SELECT format('%s.%s', g.tgrelid::regclass, g.tgname), format('%s %s %s', pg_get_triggerdef(g.oid), g.tgenabled, obj_description(g.oid, 'pg_trigger'))
              FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE ${OURS} AND NOT g.tgisinternal`,
  routine: `SELECT p.oid::regprocedure, format('%s %s %s', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'), p.proacl)
              FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
             WHERE ${OURS} AND p.prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_depend AS x WHERE x.objid = p.oid AND x.deptype = 'e')`,
  sequence: `SELECT format('%I.%I', s.schemaname, s.sequencename), format('%s %s %s', s.data_type, s.increment_by, s.start_value) FROM pg_sequences AS s`,
  policy: `SELECT format('%s.%s', p.polrelid::regclass, p.polname), pg_get_expr(p.polqual, p.polrelid) FROM pg_policy AS p`,
  // Settings of other roles in all databases belong to tests that run at the same time on the server.
  setting: `SELECT format('%s %s', r.setdatabase, r.setrole), r.setconfig::text
              FROM pg_db_role_setting AS r WHERE r.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
                 OR r.setdatabase = 0 AND r.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))`,
};

/**
 * The catalog's description of a database's own objects, one line each, sorted: two databases (or two states of one)
 * with the same lines have the same schema. Works without pg_dump, on both kinds of server.
 */
export async function dumpCatalog(db: Pick<pg.Pool, 'query'>): Promise<string[]> {
  const query = Object.entries(PARTS)
    .map(([kind, part]) => `SELECT '${kind}' AS kind, object::text, definition::text FROM (${part}) AS part(object, definition)`)
    .join('\nUNION ALL\n');
  const { rows } = await db.query<{ line: string }>(
    `SELECT format('%s %s: %s', kind, object, definition) AS line FROM (${query}) AS every WHERE object !~ '${DATED}' ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

/** The difference of two dumps: removed lines with `-`, added lines with `+`. */
export function compareCatalogs(before: string[], after: string[]): string[] {
  const [old, present] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !present.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/** A digest of a table's rows over the named columns, independent of column order. */
export async function digestRows(db: Pick<pg.Pool, 'query'>, table: string, columns: string[]): Promise<string> {
  const { rows } = await db.query<{ digest: string }>(
    `SELECT md5(string_agg(line, '|' ORDER BY line)) AS digest FROM (SELECT row(${columns.join(', ')})::text AS line FROM ${table}) AS lines`,
  );
  return rows[0]?.digest ?? '';
}

/** Qualified name of the change log of a target. */
export async function changeLog(pool: pg.Pool, target = 'public.documents.embedding'): Promise<string> {
  const { rows } = await pool.query<{ log: string }>(
    "SELECT format('reembed.change_%s', suffix) AS log FROM reembed.target WHERE name = $1",
    [target],
  );
  if (!rows[0]) throw new Error(`no target ${target}`);
  return rows[0].log;
}

import pg from 'pg';
import { type Check, error, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

const registered: Check = {
  name: 'tables',
  needsSchema: true,
  async run({ db, targets }) {
    const all = await targets();
    if (all.length === 0) return ok('none is registered yet; start with: npm run migrate create');
    const verdicts: Verdict[] = all
      .filter(({ exists }) => !exists)
      .map(({ name }) =>
        error(
          `the table of ${name} has been dropped, or recreated under the same name`,
          `SELECT reembed.forget(${pg.escapeLiteral(name)}), then create a campaign on the table that is there now`,
        ),
      );
    const { rows } = await db.query<{ target: string; damage: string; remedy: string }>(
      "SELECT target, damage, remedy FROM reembed.damage WHERE code IN ('dropped_column', 'dropped_side_table', 'replaced_table', 'no_primary_key', 'row_security', 'former_view') ORDER BY target, damage",
    );
    for (const { target, damage, remedy } of rows) verdicts.push(error(`${target}: ${damage}`, remedy));
    return verdicts.length > 0 ? verdicts : ok(listed(all.map(({ name, phase }) => `${name} (${phase})`)));
  },
};

const views: Check = {
  name: 'live views',
  needsSchema: true,
  async run({ db, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    const verdicts: Verdict[] = [];
    for (const target of tables) {
      const { rows } = await db.query<{ missing: string[]; invoker: boolean | null; reads: boolean | null }>(
        `SELECT ARRAY(SELECT format('%I.%I', $1::text, w.name)
                        FROM (SELECT $2::name UNION SELECT reembed.model_view_name($3, v.model) FROM reembed.vector_column AS v WHERE v.target = $3) AS w(name)
                       WHERE NOT EXISTS (SELECT FROM pg_class AS x JOIN pg_namespace AS n ON n.oid = x.relnamespace
                                          WHERE n.nspname = $1 AND x.relname = w.name AND x.relkind = 'v'))
                  || ARRAY(SELECT format('%I.%I', w.schema, t.relname) FROM reembed.schema_view AS w JOIN pg_class AS t ON t.oid = w.relation
                            WHERE w.relation = $6::oid AND NOT EXISTS (SELECT FROM pg_class AS x WHERE x.oid = w.view)) AS missing,
                c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'] AS invoker,
                strpos(pg_get_viewdef(c.oid), quote_literal($4) || '::text AS ' || quote_ident($5)) > 0 AS reads
           FROM (SELECT) AS one
           LEFT JOIN (pg_class AS c JOIN pg_namespace AS cn ON cn.oid = c.relnamespace) ON cn.nspname = $1 AND c.relname = $2 AND c.relkind = 'v'`,
        [target.viewSchema, target.liveView, target.name, target.readModel, target.liveModelColumn, target.oid],
      );
      const { missing = [], invoker, reads } = rows[0] ?? {};
      const view = `${target.viewSchema}.${target.liveView}`;
      if (missing.length > 0)
        verdicts.push(
          error(`view ${listed(missing)} is missing`, 'run npm run migrate up to recreate it, then grant SELECT to the roles that search'),
        );
      if (invoker === false || (invoker === null && reads !== null)) {
        verdicts.push(
          warn(
            `${view} has lost security_invoker: it shows rows that row level security would hide`,
            `ALTER VIEW ${view} SET (security_invoker = true)`,
          ),
        );
      }
      if (reads === false)
        verdicts.push(
          error(
            `${view} does not read ${target.readModel}, which reembed.setting names`,
            `npm run migrate up, or: SELECT reembed.replace_views(${pg.escapeLiteral(target.name)})`,
          ),
        );
    }
    if (tables.length === 0 || verdicts.length > 0) return verdicts;
    return ok(listed(tables.map(({ viewSchema, liveView, readModel }) => `${viewSchema}.${liveView} reads ${readModel}`)));
  },
};

const capture: Check = {
  name: 'triggers',
  needsSchema: true,
  async run({ db, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    const verdicts: Verdict[] = [];
    for (const { name, oid, table } of tables) {
      const { rows } = await db.query<{ trigger: string; quoted: string; state: string | null }>(
        `SELECT w.name AS trigger, quote_ident(w.name) AS quoted, g.tgenabled AS state
           FROM reembed.capture_triggers($2) AS w
           LEFT JOIN pg_trigger AS g ON g.tgrelid = $1::oid AND g.tgname = w.name
          WHERE g.tgenabled IS DISTINCT FROM 'A'`,
        [oid, name],
      );
      const missing = rows.filter(({ state }) => state === null).map(({ trigger }) => trigger);
      const disabled = rows.filter(({ state }) => state !== null);
      const meanwhile = 'rows changed meanwhile keep an outdated vector until they are changed again';
      if (missing.length > 0) {
        const remedy = `SELECT reembed.rehook(${pg.escapeLiteral(name)})`;
        verdicts.push(error(`${table} lacks trigger ${listed(missing)}: live writes are not captured`, `${remedy}; ${meanwhile}`));
      } else if (disabled.length > 0) {
        const remedy = `ALTER TABLE ${table} ${disabled.map(({ quoted }) => `ENABLE ALWAYS TRIGGER ${quoted}`).join(', ')}`;
        verdicts.push(
          error(
            `${table}: trigger ${listed(disabled.map(({ trigger }) => trigger))} is disabled or not ALWAYS: live writes may not be captured`,
            `${remedy}; ${meanwhile}`,
          ),
        );
      }
    }
    if (tables.length === 0 || verdicts.length > 0) return verdicts;
    return ok('live writes are captured');
  },
};

/** Checks of the registered tables. */
export const targetChecks: Check[] = [registered, views, capture];

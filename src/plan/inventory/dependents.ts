import { queryOf } from '../../database/sql-objects.ts';
import type { Subject } from './finding.ts';
import { vectorTableOfFacts } from './old-vectors.ts';

interface Dependent {
  name: string;
  isView: boolean;
}

/** Objects of the user that depend on the old column, and functions that name it in their text. */
export const dependents: Subject = async ({ db, facts }) => {
  const vectors = vectorTableOfFacts(facts);
  const tracked = await db.query<Dependent>(
    `SELECT DISTINCT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
                          ELSE format('%s %I.%I', CASE v.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule on' END, n.nspname, v.relname) END AS name,
            coalesce(v.relkind IN ('m', 'v'), false) AS "isView"
       FROM pg_attribute AS a
       JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('n', 'a')
       LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
       LEFT JOIN pg_class AS v ON v.oid = r.ev_class
       LEFT JOIN pg_namespace AS n ON n.oid = v.relnamespace
      WHERE a.attrelid = $1::regclass AND a.attname = $2
        AND n.nspname IS DISTINCT FROM 'reembed' AND NOT starts_with(coalesce(obj_description(v.oid, 'pg_class'), ''), 'pg-reembed:')
        AND NOT (d.classid = 'pg_proc'::regclass AND EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS w ON w.oid = p.pronamespace WHERE p.oid = d.objid AND w.nspname = 'reembed'))
        AND NOT (d.classid = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid JOIN pg_namespace AS w ON w.oid = p.pronamespace
                                                                 WHERE g.oid = d.objid AND w.nspname = 'reembed'))
        AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (${queryOf('vector_indexes', ['p_relation', 'p_column']).replaceAll('$1', '$1::regclass')}))
        AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_attrdef AS f WHERE f.oid = d.objid AND f.adnum = a.attnum))
        AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.oid = d.objid AND k.contype = 'n'))
      ORDER BY 1`,
    [vectors, facts.column],
  );
  // PostgreSQL does not know what a function's text refers to.
  const named = await db.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
      WHERE l.lanname NOT IN ('internal', 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'reembed', 'reembed_queue')
        AND p.prosrc ~* ('\\m' || regexp_replace($1, '(\\W)', '\\\\\\1', 'g') || '\\M') AND p.prosrc ~* ('\\m' || regexp_replace($2, '(\\W)', '\\\\\\1', 'g') || '\\M')
      ORDER BY 1 LIMIT 20`,
    [facts.table, facts.column],
  );
  return [
    ...tracked.rows.map(({ name, isView }) => ({
      code: 'dependents',
      what: `${name} uses ${facts.column}`,
      consequence: 'contract is refused as long as it does',
      avoid: isView
        ? 'create it again to read the live view, before contract (DROP VIEW first: the type of its vectors changes)'
        : 'drop it before contract; if it is still needed, create it again afterwards',
      severity: 'note' as const,
      evidence: { name },
    })),
    ...named.rows.map(({ name }) => ({
      code: 'functions',
      what: `function ${name} names ${facts.table} and ${facts.column} in its text`,
      consequence:
        'it goes on reading the old vectors after the switch, and after contract the new ones in the same column, or none beside a side table',
      avoid: 'change it to read the live view, before the switch',
      severity: 'note' as const,
      evidence: { name },
    })),
  ];
};

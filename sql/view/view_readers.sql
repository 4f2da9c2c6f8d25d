-- PostgreSQL counts no scans of a view, so this is what can be known cheaply: objects that depend on a view of the target, searches that were logged or
-- repeated, roles whose search_path names a schema of views, and sessions whose present or last statement names the live view. A reader that is not connected now leaves no trace unless its queries are logged.
CREATE OR REPLACE FUNCTION reembed.view_readers(p_target text) RETURNS SETOF text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH target AS (
    SELECT t.name, t.live_view, n.oid AS schema
      FROM reembed.target AS t JOIN pg_namespace AS n ON n.nspname = reembed.view_schema(t.name) WHERE t.name = p_target
  ), view AS (
    SELECT c.oid, c.reltype FROM target AS t JOIN pg_class AS c ON c.relnamespace = t.schema AND c.relname = t.live_view AND c.relkind = 'v'
    UNION
    SELECT c.oid, c.reltype
      FROM target AS t JOIN reembed.vector_column AS v ON v.target = t.name
      JOIN pg_class AS c ON c.relnamespace = t.schema AND c.relname = reembed.model_view_name(t.name, v.model) AND c.relkind = 'v'
    UNION
    SELECT c.oid, c.reltype FROM reembed.target AS t JOIN reembed.schema_view AS s ON s.relation = t.relation JOIN pg_class AS c ON c.oid = s.view WHERE t.name = p_target
  )
  SELECT DISTINCT coalesce(format('view %s', r.ev_class::regclass), pg_describe_object(d.classid, d.objid, 0))
    FROM view AS w
    JOIN pg_depend AS d ON d.deptype = 'n' AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = w.oid OR d.refclassid = 'pg_type'::regclass AND d.refobjid = w.reltype)
    LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
   WHERE r.ev_class IS DISTINCT FROM w.oid
  UNION ALL
  SELECT format('%s, whose search_path names %I', u.who, s.schema)
    FROM reembed.target AS t JOIN reembed.schema_view AS s ON s.relation = t.relation CROSS JOIN LATERAL reembed.path_users(s.schema) AS u WHERE t.name = p_target
  UNION ALL
  SELECT format('%s in reembed.query_log, the last at %s', reembed.counted(count(*), 'search', 'searches'), max(q.at)::timestamptz(0))
    FROM reembed.query_log AS q WHERE q.target = p_target HAVING count(*) > 0
  UNION ALL
  SELECT format('%s in reembed.shadow_read, the last at %s', reembed.counted(count(*), 'search', 'searches'), max(s.at)::timestamptz(0))
    FROM reembed.shadow_read AS s WHERE s.target = p_target HAVING count(*) > 0
  UNION ALL
  SELECT format('%s of role %s whose last statement names %s', reembed.counted(count(*), 'session'), a.usename, t.live_view)
    FROM target AS t JOIN pg_stat_activity AS a ON a.datname = current_database() AND a.pid <> pg_backend_pid() AND strpos(a.query, t.live_view) > 0
   WHERE a.application_name NOT LIKE 'pg-reembed%'
   GROUP BY a.usename, t.live_view
$$;
COMMENT ON FUNCTION reembed.view_readers IS 'Known readers of the views of a target; empty when none is known.';

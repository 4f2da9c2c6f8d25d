-- The digest tells `up` that neither an upgrade nor a manual change altered the objects. Then `up` does not replace them, because searches would wait for the
-- locks.
CREATE OR REPLACE FUNCTION reembed.objects_digest() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET quote_all_identifiers = off
AS $$
  SELECT md5(string_agg(o.definition, E'\n' ORDER BY o.definition)) FROM (
    SELECT pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') AS definition
      FROM pg_proc AS p WHERE p.pronamespace = 'reembed'::regnamespace AND NOT EXISTS (SELECT FROM reembed.target AS t WHERE p.proname LIKE '%\_' || t.suffix)
    UNION ALL
    SELECT c.relname || pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relnamespace = 'reembed'::regnamespace AND c.relkind = 'v' AND c.relname <> 'change' AND c.relname !~ '^row_'
    UNION ALL
    SELECT pg_get_triggerdef(g.oid) || g.tgenabled::text FROM pg_trigger AS g WHERE g.tgrelid = 'reembed.setting'::regclass AND NOT g.tgisinternal
    UNION ALL
    SELECT p.name || p.body FROM reembed.template AS p
    UNION ALL
    -- Triggers and views that the user's own DDL dropped, also for targets whose campaigns are past contract.
    SELECT d.target || d.damage FROM reembed.damage AS d WHERE d.code IN ('no_trigger', 'no_view')
    UNION ALL
    -- A column that was added to the table must be added to the live view.
    SELECT t.name || t.view_columns FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation WHERE t.unhooked IS NULL AND t.view_columns <> reembed.view_columns(t.name)
  ) AS o;
$$;
COMMENT ON FUNCTION reembed.objects_digest IS 'Changes when a function, view or trigger of pg-reembed is changed, a trigger of a target is missing, or its table gained a column.';

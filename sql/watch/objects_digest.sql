-- The digest tells `up` that neither an upgrade nor a manual change altered the objects. Then `up` does not replace them, because searches would wait for the
-- locks. Of privileges only those of PUBLIC count: a grant to a worker alters no object.
CREATE OR REPLACE FUNCTION reembed.objects_digest() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET quote_all_identifiers = off
AS $$
  SELECT md5(string_agg(o.definition, E'\n' ORDER BY o.definition)) FROM (
    SELECT pg_get_functiondef(p.oid) || has_function_privilege('public', p.oid, 'EXECUTE')::text AS definition
      FROM pg_proc AS p WHERE p.pronamespace = 'reembed'::regnamespace AND NOT EXISTS (SELECT FROM reembed.target AS t WHERE p.proname LIKE '%\_' || t.suffix)
    UNION ALL
    SELECT c.relname || pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relnamespace = 'reembed'::regnamespace AND c.relkind = 'v' AND c.relname <> 'change' AND c.relname !~ '^row_'
    UNION ALL
    SELECT pg_get_triggerdef(g.oid) || g.tgenabled::text FROM pg_trigger AS g WHERE g.tgrelid = 'reembed.setting'::regclass AND NOT g.tgisinternal
    UNION ALL
    SELECT p.name || p.body FROM reembed.template AS p
  ) AS o;
$$;
COMMENT ON FUNCTION reembed.objects_digest IS 'Changes when a function, view, trigger or template of pg-reembed is changed; what is compiled for a target does not count.';

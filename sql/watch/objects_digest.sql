-- Told by this that nothing was changed, by an upgrade or by hand, `up` leaves the objects alone: to replace them would
-- make searches wait for it.
CREATE OR REPLACE FUNCTION reembed.objects_digest() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET quote_all_identifiers = off
AS $$
  SELECT md5(string_agg(o.definition, E'\n' ORDER BY o.definition)) FROM (
    SELECT pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') AS definition
      FROM pg_proc AS p WHERE p.pronamespace = 'reembed'::regnamespace AND p.proname !~ '_[0-9a-f]{6}$'
    UNION ALL
    SELECT c.relname || pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relnamespace = 'reembed'::regnamespace AND c.relkind = 'v'
    UNION ALL
    SELECT pg_get_triggerdef(g.oid) || g.tgenabled::text FROM pg_trigger AS g WHERE g.tgrelid = 'reembed.setting'::regclass AND NOT g.tgisinternal
    UNION ALL
    -- The triggers of targets whose campaigns are past contract too: they keep the one model current.
    SELECT format('%s lacks %s', t.name, w.name)
      FROM reembed.target AS t, reembed.capture_triggers(t.name) AS w
     WHERE NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = t.relation AND g.tgname = w.name AND g.tgenabled = 'A')
    UNION ALL
    -- A column that the table gained has to come into the live view.
    SELECT format('%s gained %s', t.name, a.attname)
      FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.atttypid NOT IN (SELECT y.oid FROM pg_type AS y JOIN pg_extension AS e ON e.extnamespace = y.typnamespace
                               WHERE e.extname = 'vector' AND y.typname IN ('vector', 'halfvec'))
       AND NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.relation = t.relation AND v.version_column = a.attname)
       AND NOT EXISTS (SELECT FROM pg_attribute AS b
                        WHERE b.attrelid = to_regclass(format('%I.%I', n.nspname, t.live_view)) AND b.attname = a.attname)
  ) AS o;
$$;
COMMENT ON FUNCTION reembed.objects_digest IS 'Changes when a function, view or trigger of the toolkit is changed, a trigger of a target is missing, or its table gained a column.';

CREATE OR REPLACE FUNCTION reembed.drop_schema_views(p_relation regclass, p_source regclass, p_attnum smallint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
BEGIN
  PERFORM reembed.drop_schema_view(w.view) FROM reembed.schema_view AS w
    WHERE w.relation = p_relation AND EXISTS (SELECT FROM reembed.view_sources(w.view) AS s WHERE s.relation = p_source AND s.attnum = p_attnum);
END;
$$;
COMMENT ON FUNCTION reembed.drop_schema_views IS 'Drops the views with a table''s own name that read a column which is dropped next; replace_schema_views() creates those that are still wanted.';

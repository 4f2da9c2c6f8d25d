-- Without CASCADE, like drop_view().
CREATE OR REPLACE FUNCTION reembed.drop_schema_view(p_view regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p_view) THEN
    EXECUTE reembed.render('DROP VIEW {view}', jsonb_build_object('view', p_view::text));
  END IF;
  DELETE FROM reembed.schema_view AS w WHERE w.view = p_view;
END;
$$;
COMMENT ON FUNCTION reembed.drop_schema_view IS 'Drops one view with a table''s own name; fails when something depends on it.';

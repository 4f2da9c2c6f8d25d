-- Without CASCADE: a user's view that depends on this one is named in the error and not dropped.
CREATE OR REPLACE FUNCTION reembed.drop_view(p_target text, p_view name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
BEGIN
  PERFORM reembed.drop_nearest(p_target, p_view);
  EXECUTE reembed.render('DROP VIEW IF EXISTS {view}', jsonb_build_object('view', format('%I.%I', reembed.view_schema(p_target), p_view)));
END;
$$;
COMMENT ON FUNCTION reembed.drop_view IS 'Drops one view of a target; fails when something depends on it.';

CREATE OR REPLACE FUNCTION reembed.forget_target(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_suffix name := (SELECT suffix FROM reembed.target WHERE name = p_target);
BEGIN
  PERFORM reembed.drop_compiled(p_target);
  PERFORM reembed.drop_queues(p_target);
  PERFORM reembed.drop_join_logs(p_target);
  DELETE FROM reembed.target WHERE name = p_target;
  PERFORM reembed.replace_change_view();
  PERFORM reembed.drop_nearest(p_target);
  PERFORM reembed.drop_empty_model_schemas();
  EXECUTE reembed.render('DROP TABLE IF EXISTS reembed.change_{suffix}', jsonb_build_object('suffix', v_suffix));
END;
$$;
COMMENT ON FUNCTION reembed.forget_target IS 'Deletes everything that is kept of a target without a campaign.';

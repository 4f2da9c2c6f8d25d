CREATE OR REPLACE FUNCTION reembed.release_objects(p_target text, p_kind text DEFAULT 'release') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
SET client_min_messages = warning
AS $$
DECLARE
  t reembed.target;
  v reembed.vector_column;
  v_archive name;
  v_models text[];
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation) THEN
    FOR v IN SELECT * FROM reembed.vector_column WHERE target = p_target LOOP
      PERFORM reembed.drop_view(p_target, reembed.model_view_name(p_target, v.model));
    END LOOP;
    PERFORM reembed.drop_view(p_target, t.live_view);
  END IF;
  EXECUTE reembed.render('DROP TABLE IF EXISTS reembed.late_{suffix} CASCADE', to_jsonb(t));
  DELETE FROM reembed.failed_row WHERE target = p_target;
  DELETE FROM reembed.validation AS o USING reembed.campaign AS m WHERE m.name = o.campaign AND m.target = p_target;
  INSERT INTO reembed.event (target, campaign, kind, from_value) SELECT p_target, m.name, p_kind, m.phase FROM reembed.campaign AS m WHERE m.target = p_target;
  UPDATE reembed.schema_migration AS f SET forgotten_at = now() FROM reembed.campaign AS m WHERE m.target = p_target AND starts_with(f.name, m.name || '.');
  PERFORM reembed.drop_compiled(p_target);
  -- After the functions that read it.
  FOR v_archive IN SELECT m.archive FROM reembed.campaign AS m WHERE m.target = p_target AND m.archive IS NOT NULL LOOP
    EXECUTE reembed.render('DROP TABLE IF EXISTS reembed.{archive}', jsonb_build_object('archive', quote_ident(v_archive)));
  END LOOP;
  DELETE FROM reembed.acceptance AS o USING reembed.campaign AS m WHERE m.name = o.campaign AND m.target = p_target;
  v_models := ARRAY(SELECT w.name FROM reembed.campaign AS m CROSS JOIN LATERAL (VALUES (m.from_model), (m.to_model)) AS w(name) WHERE m.target = p_target);
  DELETE FROM reembed.campaign WHERE target = p_target;
  PERFORM reembed.forget_target(p_target);
  DELETE FROM reembed.model AS o WHERE o.name = ANY (v_models) AND NOT EXISTS (SELECT FROM reembed.campaign AS m WHERE o.name IN (m.from_model, m.to_model));
  PERFORM reembed.replace_schema_views(t.relation);
END;
$$;
COMMENT ON FUNCTION reembed.release_objects IS 'Drops everything that is kept of a target and its campaigns, and records that their migration files are to be ignored. p_kind: release or forget, for the audit.';

CREATE OR REPLACE FUNCTION reembed.check_index(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v reembed.vector_column;
  v_view regclass;
  v_reads boolean;
BEGIN
  SELECT * INTO m FROM reembed.campaign WHERE target = p_target AND phase <> 'contract';
  RETURN QUERY SELECT 'index', 'critical', m.to_model, coalesce(m.phase IN ('index', 'switch') AND NOT reembed.index_is_valid(m.name), false),
                      format('index %s is missing or INVALID: searches read the whole table', reembed.missing_indexes(m.name)), jsonb_build_object('index', reembed.missing_indexes(m.name));

  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT * INTO STRICT v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.is_read;
  v_view := to_regclass(format('%I.%I', reembed.view_schema(t.name), t.live_view));
  -- Checks the model that the view names and the column that it reads.
  v_reads := v_view IS NOT NULL
    AND position(format('%L::text AS %I', v.model, t.live_model_column) IN pg_get_viewdef(v_view)) > 0
    AND EXISTS (SELECT FROM reembed.view_sources(v_view) AS s WHERE s.relation = v.relation AND s.attnum = v.attnum);
  RETURN QUERY SELECT 'live_view', 'critical', NULL::text, NOT v_reads,
                      format('%I does not read %s, the model in reembed.setting.read_model', t.live_view, v.model),
                      jsonb_build_object('read_model', v.model, 'view', v_view::text);
END;
$$;
COMMENT ON FUNCTION reembed.check_index IS 'Check of the watch: whether the new index is usable, and whether the live view reads what the settings say.';

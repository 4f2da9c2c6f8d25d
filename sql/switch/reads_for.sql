-- One look-up in a small table. A name that is not among the stored spellings is resolved, or rejected with a reason.
CREATE OR REPLACE FUNCTION reembed.reads_for(p_target text DEFAULT NULL, p_key text DEFAULT NULL)
RETURNS TABLE (target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text,
               document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text,
               view text, is_canary boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_live reembed.serving;
  v_other reembed.serving;
  v_targets integer := 0;
  v_row reembed.serving;
BEGIN
  FOR v_row IN SELECT s.* FROM reembed.serving AS s WHERE p_target IS NULL OR p_target = ANY (s.spellings) LOOP
    IF v_row.is_live THEN
      v_live := v_row;
      v_targets := v_targets + 1;
    ELSE
      v_other := v_row;
    END IF;
  END LOOP;
  IF v_targets <> 1 THEN
    SELECT s.* INTO v_live FROM reembed.serving AS s WHERE s.target = reembed.resolve_target(p_target) AND s.is_live;
    SELECT s.* INTO v_other FROM reembed.serving AS s WHERE s.target = v_live.target AND NOT s.is_live;
  END IF;
  is_canary := v_other.target = v_live.target AND v_other.role = 'new' AND v_other.canary_percent > 0
               AND reembed.key_hash(v_other.name, p_key) < v_other.canary_percent / 100 * 4294967296
               AND EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = v_other.target AND m.phase IN ('index', 'switch') AND reembed.index_is_valid(m.name));
  is_canary := coalesce(is_canary, false);
  IF is_canary THEN
    v_live := v_other;
  END IF;
  target := v_live.target;
  role := v_live.role;
  name := v_live.name;
  provider_model := v_live.provider_model;
  dimensions := v_live.dimensions;
  element_type := v_live.element_type;
  distance := v_live.distance;
  document_prefix := v_live.document_prefix;
  query_prefix := v_live.query_prefix;
  send_dimensions := v_live.send_dimensions;
  token_limit := v_live.token_limit;
  usd_per_million_tokens := v_live.usd_per_million_tokens;
  provider := v_live.provider;
  view := v_live.view;
  RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION reembed.reads_for IS 'The model for a reader''s query and the view to search: the new model for keys of the canary, otherwise the live model. The same key always gets the same answer.';

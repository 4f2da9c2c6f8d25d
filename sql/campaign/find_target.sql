-- resolve_target() does not find a target whose table has been dropped.
CREATE OR REPLACE FUNCTION reembed.find_target(p_target text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_names text[] := ARRAY(SELECT t.name FROM reembed.target AS t WHERE t.name = p_target);
BEGIN
  IF v_names = '{}' THEN
    v_names := ARRAY(SELECT t.name FROM reembed.target AS t
                      WHERE p_target IS NULL OR p_target = ANY (reembed.target_spellings(t.name))
                         OR reembed.target_spellings(t.name) IS NULL AND strpos('.' || t.name || '.', '.' || p_target || '.') > 0);
  END IF;
  RETURN CASE cardinality(v_names) WHEN 1 THEN v_names[1] ELSE reembed.resolve_target(p_target) END;
END;
$$;
COMMENT ON FUNCTION reembed.find_target IS 'Full name of a target from a short one, also when its table has been dropped; raises RE003 when none or several match.';

-- For a search, whose plan then evaluates it once, before the index scan. It is not part of the views: there it would also stop UPDATE and DELETE.
CREATE OR REPLACE FUNCTION reembed.serves(p_target text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_declared constant text := nullif(current_setting('reembed.model', true), '');
  v_served text;
BEGIN
  IF v_declared IS NULL THEN
    RETURN true;
  END IF;
  v_served := reembed.active_model(p_target);
  IF v_declared <> v_served THEN
    RAISE EXCEPTION 'this session embeds queries with %, but the live model is %', v_declared, v_served
      USING ERRCODE = 'RE002', HINT = format('Embed queries with %s, and declare it: SET reembed.model = %L.', v_served, v_served);
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.serves IS 'True when the live model of a target is the one that the session declared in setting reembed.model, or none is declared; raises RE002 otherwise. For WHERE, in searches through schema reembed_live.';

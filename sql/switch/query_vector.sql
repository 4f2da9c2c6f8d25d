-- A vector of another model compares without any error and gives plausible nonsense; this is the guard against it.
CREATE OR REPLACE FUNCTION reembed.query_vector(p_target text, p_model text, p_vector vector) RETURNS vector
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_active text := reembed.active_model(p_target);
BEGIN
  IF p_model IS DISTINCT FROM v_active THEN
    RAISE EXCEPTION 'the query vector is of model %, but % is read', p_model, v_active
      USING ERRCODE = 'RE002', HINT = format('Embed the query with %s and search again.', v_active);
  END IF;
  RETURN p_vector;
END;
$$;
COMMENT ON FUNCTION reembed.query_vector IS 'The vector itself if it is of the model being read; raises RE002 otherwise.';

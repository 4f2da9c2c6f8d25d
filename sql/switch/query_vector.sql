-- A comparison with a vector of another model raises no error and gives plausible but wrong results; this function prevents it. The served model comes from
-- the view itself, where it is a constant: read from the settings, it could differ from the view's under a snapshot taken before a switch. IMMUTABLE, so that
-- the vector index is used and nothing is looked up.
CREATE OR REPLACE FUNCTION reembed.query_vector(p_served_model text, p_model text, p_vector {vector_schema}.vector) RETURNS {vector_schema}.vector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_model IS DISTINCT FROM p_served_model THEN
    RAISE EXCEPTION 'the query vector is of model %, but the view serves model %', p_model, p_served_model
      USING ERRCODE = 'RE002', HINT = format('Embed the query with %s and search again.', p_served_model);
  END IF;
  RETURN p_vector;
END;
$$;
COMMENT ON FUNCTION reembed.query_vector IS 'Returns the vector if it is of the model that a view serves: ORDER BY embedding <=> reembed.query_vector(embedding_model, model, vector). Raises RE002 otherwise.';

CREATE OR REPLACE FUNCTION reembed.set_provider(p_model text, p_provider text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE reembed.model SET provider = p_provider WHERE name = p_model;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no model %', p_model USING ERRCODE = 'RE004', HINT = 'SELECT name FROM reembed.model lists the models.';
  END IF;
  -- Readers get the name of the provider with the model.
  PERFORM reembed.refresh_serving(v.target) FROM reembed.vector_column AS v WHERE v.model = p_model;
END;
$$;
COMMENT ON FUNCTION reembed.set_provider IS 'Names the provider of a model: one of reembed.config.ts, .js or .json, or null for that of the environment.';

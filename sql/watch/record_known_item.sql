CREATE OR REPLACE FUNCTION reembed.record_known_item(p_target text, p_role text, p_key text, p_text_hash bigint, p_vector text, p_error text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.vector_column;
  v_found boolean;
  v_started_at timestamptz;
BEGIN
  SELECT * INTO v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.role = p_role;
  IF NOT FOUND THEN
    RETURN NULL;
  ELSIF p_vector IS NULL THEN
    INSERT INTO reembed.known_item (target, model, key, error) VALUES (p_target, v.model, p_key::jsonb, p_error);
    RETURN NULL;
  END IF;
  v_started_at := clock_timestamp();
  EXECUTE reembed.render('SELECT reembed.find_{role}_{suffix}($1, $2, $3, $4)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target) || jsonb_build_object('role', p_role))
    INTO v_found USING p_key, p_text_hash, p_vector, v.is_read OR p_role = 'new';
  IF v_found IS NOT NULL THEN
    INSERT INTO reembed.known_item (target, model, key, found, ms)
    VALUES (p_target, v.model, p_key::jsonb, v_found, extract(epoch FROM clock_timestamp() - v_started_at) * 1000);
  END IF;
  RETURN v_found;
END;
$$;
COMMENT ON FUNCTION reembed.record_known_item IS 'Searches for a row by the vector of its own text and records whether it was among the nearest, or the error that prevented a vector; null when there is no result.';

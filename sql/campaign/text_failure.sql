-- An error on a single row is recorded for that row. An expression that fails on every row, because a function it calls was dropped, must be repaired by the
-- operator.
CREATE OR REPLACE FUNCTION reembed.text_failure(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_text IS NULL OR NOT starts_with(p_text, E'\x01') THEN
    RETURN NULL;
  ELSIF substr(p_text, 2, 2) NOT IN ('22', '23', 'P0') THEN
    RAISE EXCEPTION 'the text expression fails: %', substr(p_text, 7) USING ERRCODE = substr(p_text, 2, 5);
  END IF;
  RETURN substr(p_text, 2);
END;
$$;
COMMENT ON FUNCTION reembed.text_failure IS 'Why the text expression failed on a row, read from the replacement for its text: the five characters of the SQLSTATE, then the message of PostgreSQL; null for a text.';

-- A row on which the expression fails is that row's own affair; an expression that can work on none, because a function it
-- calls is gone, is the operator's.
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
COMMENT ON FUNCTION reembed.text_failure IS 'Why the text expression failed on a row, told from the text that stands for it: the five characters of the SQLSTATE, then what PostgreSQL said; null for a text.';

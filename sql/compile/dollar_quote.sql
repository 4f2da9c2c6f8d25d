CREATE OR REPLACE FUNCTION reembed.dollar_quote(p_body text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_tag text := '$body$';
BEGIN
  WHILE strpos(p_body || v_tag, v_tag) <= length(p_body) LOOP
    v_tag := '$_' || substr(v_tag, 2);
  END LOOP;
  RETURN v_tag || p_body || v_tag;
END;
$$;
COMMENT ON FUNCTION reembed.dollar_quote IS 'Quotes the body of a function between dollar tags that it does not contain.';

CREATE OR REPLACE FUNCTION reembed.log_keys(p_target text, p_keys jsonb[], p_new boolean, p_old boolean) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_rows bigint;
BEGIN
  EXECUTE reembed.render('SELECT reembed.log_keys_{suffix}($1, $2, $3)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target))
    INTO v_rows USING p_keys, p_new, p_old;
  RETURN v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.log_keys IS 'Adds rows of a target to the change log, by their keys, because they need a vector; returns how many.';

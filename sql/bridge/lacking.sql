CREATE OR REPLACE FUNCTION reembed.lacking(p_target text, p_keys jsonb[]) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE reembed.render('SELECT reembed.lacking_{suffix}($1)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target)) USING p_keys;
END;
$$;
COMMENT ON FUNCTION reembed.lacking IS 'Those of the keys whose rows exist, have a text and lack a new vector.';

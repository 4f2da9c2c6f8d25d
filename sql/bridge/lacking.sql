-- Searches find a row that cannot be embedded again and again: reports of it would send it to the provider each time.
CREATE OR REPLACE FUNCTION reembed.lacking(p_target text, p_keys jsonb[]) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE reembed.render(
    'SELECT l.key FROM reembed.lacking_{suffix}($1) AS l(key)
      WHERE NOT EXISTS (SELECT FROM reembed.failed_row AS f JOIN reembed.vector_column AS v ON v.target = f.target AND v.model = f.model AND v.role = ''new'' WHERE f.target = $2 AND f.key = l.key)',
    (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target))
    USING p_keys, p_target;
END;
$$;
COMMENT ON FUNCTION reembed.lacking IS 'Those of the keys whose rows exist, have a text and lack a new vector, without those that cannot be embedded.';

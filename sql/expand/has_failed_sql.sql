CREATE OR REPLACE FUNCTION reembed.has_failed_sql(p_target text, p_model text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('((SELECT true FROM reembed.failed_row AS f WHERE f.target = %L AND f.model = %L AND f.key_digest = md5((%s)::text)::uuid) IS NOT NULL)',
                p_target, p_model, reembed.key_sql(p_target, 't'));
$$;
COMMENT ON FUNCTION reembed.has_failed_sql IS 'SQL that says of a row t whether it is in failed_row for a model.';

CREATE OR REPLACE FUNCTION reembed.old_vector_is_lost_sql(p_target text, p_model text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = %L AND f.model = %L AND f.key = %s)', p_target, p_model, reembed.key_sql(p_target, 't'));
$$;
COMMENT ON FUNCTION reembed.old_vector_is_lost_sql IS 'SQL that says of a row t whether its old vector is of a former text, because the old model could not be called.';

CREATE OR REPLACE FUNCTION reembed.failed_keys(p_target text, p_model text) RETURNS jsonb[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT f.key FROM reembed.failed_row AS f WHERE f.target = p_target AND f.model = p_model);
COMMENT ON FUNCTION reembed.failed_keys IS 'Keys of the rows of a target that cannot be embedded with a model.';

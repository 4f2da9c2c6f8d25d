CREATE OR REPLACE FUNCTION reembed.active_model(p_target text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.read_model FROM reembed.setting AS s WHERE s.target = reembed.resolve_target(p_target);
$$;
COMMENT ON FUNCTION reembed.active_model IS 'The model that the live view of a target reads now: embed queries with this model.';

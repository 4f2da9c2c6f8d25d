CREATE OR REPLACE FUNCTION reembed.model_view_name(p_target text, p_model text) RETURNS name
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT CASE WHEN octet_length(long.name) <= 63 THEN long.name ELSE left(long.name, 40) || '_' || left(md5(long.name), 8) END::name
    FROM reembed.target AS t
    JOIN pg_class AS c ON c.oid = t.relation,
    LATERAL (SELECT regexp_replace(t.live_view, '_live$', '') || '_' || trim('_' FROM regexp_replace(lower(p_model), '[^a-z0-9]+', '_', 'g')) AS name) AS long
   WHERE t.name = p_target
);
COMMENT ON FUNCTION reembed.model_view_name IS 'Name of the view that always shows one model''s vectors, whichever model is live.';

CREATE OR REPLACE FUNCTION reembed.has_equal_dimensions(p_name text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT f.dimensions = t.dimensions
    FROM reembed.campaign AS m JOIN reembed.model AS f ON f.name = m.from_model JOIN reembed.model AS t ON t.name = m.to_model WHERE m.name = p_name
$$;
COMMENT ON FUNCTION reembed.has_equal_dimensions IS 'Whether both models of a campaign have the same dimensions, so that PostgreSQL cannot tell their vectors apart.';

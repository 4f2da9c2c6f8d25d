CREATE OR REPLACE FUNCTION reembed.begun_index_build(p_name text) RETURNS SETOF reembed.event
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT e.*
    FROM (SELECT v.* FROM reembed.event AS v WHERE v.campaign = p_name AND v.kind = 'index_build' ORDER BY v.id DESC LIMIT 1) AS e
   WHERE e.to_value IS NULL;
$$;
COMMENT ON FUNCTION reembed.begun_index_build IS 'The start event of a campaign''s index build while there is no end event; no row otherwise.';

CREATE OR REPLACE FUNCTION reembed.main_index(p_name text) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT p.name FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.is_main);
COMMENT ON FUNCTION reembed.main_index IS 'The index on the new vectors that serves searches over all rows; null when there is none.';

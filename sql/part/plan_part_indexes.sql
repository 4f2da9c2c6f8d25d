CREATE OR REPLACE FUNCTION reembed.plan_part_indexes(p_name text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.plan_index(p_name, i.name, NULL, NULL, false) FROM reembed.part_indexes(p_name) AS i WHERE i.kind = 'own'
$$;
COMMENT ON FUNCTION reembed.plan_part_indexes IS 'Records the indexes of the old vectors of a part, which contract replaces, so that their scans are counted.';

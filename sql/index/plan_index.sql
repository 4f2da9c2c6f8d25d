CREATE OR REPLACE FUNCTION reembed.plan_index(p_campaign text, p_old_name name, p_name name, p_final_name name, p_is_main boolean) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed.planned_index (campaign, position, old_name, name, final_name, is_main)
  SELECT p_campaign, count(*) + 1, p_old_name, p_name, p_final_name, p_is_main FROM reembed.planned_index AS p WHERE p.campaign = p_campaign;
$$;
COMMENT ON FUNCTION reembed.plan_index IS 'Records an index on the new vectors and the old index that it succeeds, or an old index without a successor.';

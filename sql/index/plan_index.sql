CREATE OR REPLACE FUNCTION reembed.plan_index(
  p_campaign text, p_old_name name, p_name name, p_final_name name, p_is_main boolean, p_form text DEFAULT 'plain', p_dimensions integer DEFAULT NULL,
  p_definition text DEFAULT NULL, p_old_index text DEFAULT NULL, p_method text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_target constant text := (SELECT m.target FROM reembed.campaign AS m WHERE m.name = p_campaign);
BEGIN
  INSERT INTO reembed.planned_index (campaign, position, old_name, name, final_name, is_main, method, form, dimensions, definition, old_definition)
  SELECT p_campaign, count(*) + 1, p_old_name, p_name, p_final_name, p_is_main, p_method, p_form, p_dimensions, p_definition, reembed.index_pattern(to_regclass(p_old_index))
    FROM reembed.planned_index AS p WHERE p.campaign = p_campaign AND p.leaf IS NULL;
  -- Searches of the new vectors were compiled before this was known.
  IF p_is_main AND p_form <> 'plain' THEN
    PERFORM reembed.compile_target(v_target);
    PERFORM reembed.replace_views(v_target);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.plan_index IS 'Records an index on the new vectors and the old index that it succeeds, or an old index without a successor. p_definition, p_old_index: for the leaves of a partitioned table, the statement that builds the index, and an old index that is like those of the leaves.';

CREATE OR REPLACE FUNCTION reembed.enter_part_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_indexes constant jsonb := reembed.old_part_indexes(p_name);
BEGIN
  PERFORM reembed.finish_archive(p_name);
  UPDATE reembed.campaign SET old_column = old_column || jsonb_build_object('indexes', v_indexes) WHERE name = p_name;
  PERFORM reembed.begin_moving(p_name, 'into_column');
  PERFORM reembed.enter_contract(p_name);
END;
$$;
COMMENT ON FUNCTION reembed.enter_part_contract IS 'Enters phase contract of a part: the old vectors are archived, and from here on their column takes the new ones, which searches still find in the side table.';

-- Searches find the new vectors in the side table from here on, so that the column can take the old ones.
CREATE OR REPLACE FUNCTION reembed.begin_restore_part(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  v_missing text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF m.moving = 'out_of_column' THEN
    SELECT string_agg(p.name, ', ') INTO v_missing
      FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.name IS NOT NULL AND reembed.valid_index((m.old_column ->> 'side_table')::oid, p.name) IS NULL;
    IF v_missing IS NOT NULL THEN
      RAISE EXCEPTION 'index % is missing or INVALID', v_missing USING ERRCODE = 'RE001', HINT = 'Run again: npm run migrate down';
    END IF;
    PERFORM reembed.end_moving(p_name, true);
    UPDATE reembed.campaign
       SET to_relation = (m.old_column ->> 'side_table')::oid, to_attnum = (m.old_column ->> 'side_attnum')::smallint, to_version_attnum = (m.old_column ->> 'side_version_attnum')::smallint
     WHERE name = p_name;
  ELSE
    PERFORM reembed.end_moving(p_name, false);
  END IF;
  PERFORM reembed.begin_moving(p_name, 'from_archive');
  PERFORM reembed.compile_target(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.begin_restore_part IS 'Rollback of the contract of a part: the live view reads the side table again, and the archived vectors are to be moved into the column.';

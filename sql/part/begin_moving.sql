-- Under the lock of lock_target(), so that every write is either seen by the scan of the table or logged. The caller compiles the target.
CREATE OR REPLACE FUNCTION reembed.begin_moving(p_name text, p_moving text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET default_tablespace = ''
AS $$
DECLARE
  v_target constant text := (SELECT m.target FROM reembed.campaign AS m WHERE m.name = p_name);
  v_names jsonb;
  v_template text;
BEGIN
  UPDATE reembed.campaign SET moving = p_moving, moving_block = 0 WHERE name = p_name;
  v_names := reembed.move_names(p_name, reembed.target_names(v_target) || reembed.archive_names(p_name));
  FOR v_template IN SELECT p.body FROM reembed.template AS p WHERE p.name IN ('late', 'late_part') OR p_moving = 'into_column' AND p.name = 'late_side' ORDER BY p.name LOOP
    EXECUTE reembed.render(v_template, v_names);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.begin_moving IS 'Creates the log of the rows whose vector is to be moved, and the triggers that log what changes meanwhile.';

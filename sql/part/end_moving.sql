-- Under the lock of lock_target(), so that no row is locked by others and nothing is logged any more.
CREATE OR REPLACE FUNCTION reembed.end_moving(p_name text, p_moves_rest boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_logged bigint;
BEGIN
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  LOOP
    EXECUTE reembed.render('SELECT reembed.logged_{suffix}(1)', to_jsonb(t)) INTO v_logged;
    EXIT WHEN v_logged = 0 OR NOT p_moves_rest;
    PERFORM reembed.move_some(p_name, 1000);
  END LOOP;
  PERFORM reembed.drop_compiled(t.name);
  PERFORM reembed.end_archive(p_name);
  UPDATE reembed.campaign SET moving = NULL, moving_block = 0 WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.end_moving IS 'Ends the moving of vectors of a part; p_moves_rest: moves those of the rows that are still in the log. The caller compiles the target.';

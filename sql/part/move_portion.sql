-- Rows that the scan finds are logged and then moved from the log, like those that change meanwhile. What is left at the end is moved under the lock that ends
-- the move: few rows, because a busy table always has some.
CREATE OR REPLACE FUNCTION reembed.move_portion(p_name text, p_moving text, p_rows integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_portion constant bigint := 100;
  v_few constant integer := 100;
  v_logged bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF m.moving IS DISTINCT FROM p_moving THEN
    RETURN true;
  END IF;
  EXECUTE reembed.render('SELECT reembed.logged_{suffix}($1)', to_jsonb(t)) INTO v_logged USING v_few;
  IF v_logged < v_few AND m.moving_block < reembed.blocks(t.relation) THEN
    EXECUTE reembed.render('SELECT reembed.log_unmoved_{suffix}($1, $2)', to_jsonb(t)) USING reembed.place(m.moving_block), reembed.place(m.moving_block + v_portion);
    UPDATE reembed.campaign SET moving_block = m.moving_block + v_portion WHERE name = p_name;
    RETURN false;
  END IF;
  PERFORM reembed.move_some(p_name, p_rows);
  RETURN v_logged < v_few;
END;
$$;
COMMENT ON FUNCTION reembed.move_portion IS 'One step of moving the vectors of a part, if they are being moved in this way; returns whether only few rows are left.';

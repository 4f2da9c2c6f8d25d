-- In the order a search takes its locks, view before table: the other way round the two would deadlock.
CREATE OR REPLACE FUNCTION reembed.lock_target(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_relation regclass;
BEGIN
  -- A table that is new to the toolkit has no views yet; its file locks it by its own statements.
  IF NOT EXISTS (SELECT FROM reembed.target WHERE name = p_target) THEN
    RETURN;
  END IF;
  PERFORM reembed.replace_views(p_target);
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', (SELECT relation FROM reembed.target WHERE name = p_target));
  FOR v_relation IN SELECT relation FROM reembed.vector_column WHERE target = p_target AND is_side_table LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', v_relation);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.lock_target IS 'Locks the views of a target, then its table and its side tables, for a change of columns.';

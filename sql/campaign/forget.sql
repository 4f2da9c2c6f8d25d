CREATE OR REPLACE FUNCTION reembed.forget(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  t reembed.target;
  m reembed.campaign;
BEGIN
  -- resolve_target() does not find a dropped table.
  SELECT * INTO t FROM reembed.target WHERE name = p_target;
  IF NOT FOUND THEN
    SELECT * INTO STRICT t FROM reembed.target WHERE name = reembed.resolve_target(p_target);
  END IF;
  IF NOT EXISTS (SELECT FROM reembed.damage AS d WHERE d.target = t.name AND (d.is_final OR d.code = 'replaced_table')) THEN
    RAISE EXCEPTION 'forget() is refused: the table, the columns and the side tables of % still exist', t.name
      USING ERRCODE = 'RE001', HINT = 'Take the campaign down with npm run migrate down; after contract, call reembed.release().';
  END IF;
  FOR m IN SELECT * FROM reembed.campaign WHERE target = t.name LOOP
    PERFORM reembed.forget_batches(m.name);
  END LOOP;
  PERFORM reembed.release_objects(t.name);
END;
$$;
COMMENT ON FUNCTION reembed.forget IS 'Gives up a target whose table was replaced or lost a column that is needed; its migration files can then be deleted and a new campaign created.';

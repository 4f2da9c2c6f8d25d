-- SET NOT NULL alone would scan the table under ACCESS EXCLUSIVE. A constraint is validated without blocking writes, and then replaces that scan.
CREATE OR REPLACE FUNCTION reembed.check_not_null(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  c record;
  v_missing bigint;
  v_target text;
BEGIN
  SELECT * INTO c FROM reembed.not_null_column(p_name);
  IF NOT FOUND OR c.is_set OR c.is_checked THEN
    RETURN;
  END IF;
  EXECUTE reembed.render('SELECT count(*) FROM {table} WHERE {column} IS NULL', jsonb_build_object('table', c.relation::text, 'column', quote_ident(c.column_name))) INTO v_missing;
  IF v_missing > 0 THEN
    RAISE NOTICE 'column % of % stays nullable: % a vector', c.column_name, c.relation, reembed.counted(v_missing, 'row lacks', 'rows lack')
      USING HINT = format('when every row has one: ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', c.relation, c.column_name);
    RETURN;
  END IF;
  SELECT m.target INTO STRICT v_target FROM reembed.campaign AS m WHERE m.name = p_name;
  PERFORM reembed.lock_target(v_target);
  EXECUTE reembed.render('ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID',
                         jsonb_build_object('table', c.relation::text, 'column', quote_ident(c.column_name), 'constraint', quote_ident(c.constraint_name)));
  -- From here on workers leave the vector of an emptied text in place.
  PERFORM reembed.compile_target(v_target);
  PERFORM reembed.replace_views(v_target);
END;
$$;
COMMENT ON FUNCTION reembed.check_not_null IS 'First step to NOT NULL: adds a constraint that is not validated yet, unless a row lacks a vector.';

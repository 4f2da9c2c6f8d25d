CREATE OR REPLACE FUNCTION reembed.validate_not_null(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  c record;
BEGIN
  SELECT * INTO c FROM reembed.not_null_column(p_name);
  IF NOT FOUND OR NOT c.is_checked THEN
    RETURN;
  END IF;
  EXECUTE reembed.render('ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}', jsonb_build_object('table', c.relation::text, 'constraint', quote_ident(c.constraint_name)));
EXCEPTION WHEN check_violation THEN
  -- A row without a vector came between the count and the constraint.
  PERFORM reembed.drop_not_null_check(p_name);
  PERFORM reembed.compile_target(m.target), reembed.replace_views(m.target) FROM reembed.campaign AS m WHERE m.name = p_name;
  RAISE NOTICE 'column % of % stays nullable: a row lacks a vector', c.column_name, c.relation;
END;
$$;
COMMENT ON FUNCTION reembed.validate_not_null IS 'Second step to NOT NULL: scans the table, while reads and writes go on.';

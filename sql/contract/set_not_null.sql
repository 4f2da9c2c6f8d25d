CREATE OR REPLACE FUNCTION reembed.set_not_null(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  c record;
BEGIN
  SELECT * INTO c FROM reembed.not_null_column(p_name);
  IF NOT FOUND OR NOT c.is_validated THEN
    RETURN;
  END IF;
  EXECUTE reembed.render('ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL', jsonb_build_object('table', c.relation::text, 'column', quote_ident(c.column_name)));
  PERFORM reembed.drop_not_null_check(p_name);
END;
$$;
COMMENT ON FUNCTION reembed.set_not_null IS 'Last step to NOT NULL: sets it without a scan, because the constraint is validated, and drops the constraint.';

CREATE OR REPLACE FUNCTION reembed.drop_not_null_check(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT * FROM reembed.not_null_column(p_name) AS w WHERE w.is_checked LOOP
    EXECUTE reembed.render('ALTER TABLE {table} DROP CONSTRAINT {constraint}', jsonb_build_object('table', c.relation::text, 'constraint', quote_ident(c.constraint_name)));
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_not_null_check IS 'Drops the constraint that check_not_null() added.';

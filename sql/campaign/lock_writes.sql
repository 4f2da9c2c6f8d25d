CREATE OR REPLACE FUNCTION reembed.lock_writes(p_relation regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE reembed.render('LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE', jsonb_build_object('table', p_relation::text));
END;
$$;
COMMENT ON FUNCTION reembed.lock_writes IS 'Blocks all writes to a table until this transaction ends.';

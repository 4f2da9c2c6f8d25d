CREATE OR REPLACE FUNCTION reembed.restore_side_table(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  EXECUTE reembed.render('ALTER TABLE reembed.{archive} SET SCHEMA {schema}; ALTER TABLE {schema}.{archive} RENAME TO {side_table}',
                         jsonb_build_object('archive', quote_ident(m.archive), 'schema', quote_ident(m.old_column ->> 'schema'), 'side_table', quote_ident(m.old_column ->> 'side_table')));
END;
$$;
COMMENT ON FUNCTION reembed.restore_side_table IS 'Moves the side table of the old vectors back from the archive.';

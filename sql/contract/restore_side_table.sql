CREATE OR REPLACE FUNCTION reembed.restore_side_table(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.migration;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  EXECUTE format('ALTER TABLE reembed.%I SET SCHEMA %I', m.archive, m.old_column ->> 'schema');
  EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', m.old_column ->> 'schema', m.archive, m.old_column ->> 'side_table');
END;
$$;
COMMENT ON FUNCTION reembed.restore_side_table IS 'Brings the side table of the old vectors back from the archive.';

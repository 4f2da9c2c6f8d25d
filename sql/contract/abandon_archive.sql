CREATE OR REPLACE FUNCTION reembed.abandon_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  m reembed.migration;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  PERFORM reembed.end_archive(p_name);
  EXECUTE reembed.render('DROP TABLE IF EXISTS {archive}', reembed.archive_names(p_name));
END;
$$;
COMMENT ON FUNCTION reembed.abandon_archive IS 'Drops the archive of a contract that was begun and not ended.';

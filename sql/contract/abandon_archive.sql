-- Contract was begun and not ended, and the campaign goes back. The trigger stays, because taking it off would need a lock on
-- the table, but does nothing any more.
CREATE OR REPLACE FUNCTION reembed.abandon_archive(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $abandon$
DECLARE
  v_function name := (SELECT 'late_' || reembed.capture_suffix(m.target) FROM reembed.migration AS m WHERE m.name = p_name);
BEGIN
  IF to_regproc(format('reembed.%I', v_function)) IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format($body$
    CREATE OR REPLACE FUNCTION reembed.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $f$ BEGIN RETURN NULL; END $f$
  $body$, v_function);
  EXECUTE format('DROP TABLE IF EXISTS reembed.%I, reembed.%I', reembed.archive_name(p_name), reembed.archive_name(p_name) || '_late');
END;
$abandon$;
COMMENT ON FUNCTION reembed.abandon_archive IS 'Drops the archive of a contract that was begun and not ended.';

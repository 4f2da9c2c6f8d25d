-- Dropping the trigger would need a lock on the table, and a rollback must not wait for one. So the trigger stays and does nothing.
CREATE OR REPLACE FUNCTION reembed.log_late_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_late_{suffix} IS 'pg-reembed: does nothing; a contract was started and not finished.';
DROP FUNCTION reembed.archive_rows_{suffix}(regclass, tid, tid, jsonb[]), reembed.archive_late_{suffix}(jsonb[]);
DROP TABLE {late}, {archive};

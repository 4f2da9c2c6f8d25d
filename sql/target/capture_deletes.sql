CREATE FUNCTION reembed.log_delete_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{skips_old}{admits_owner}  INSERT INTO {change} ({key_list}, needs_new, needs_old) VALUES ({old_key_functions}, false, false);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_delete_{suffix} IS 'pg-reembed: logs a deleted row, so that its vector is deleted too.';

CREATE FUNCTION reembed.log_truncate_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{admits_owner}  INSERT INTO {change} (needs_new, needs_old) VALUES (false, false);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_truncate_{suffix} IS 'pg-reembed: logs, without a key, that the table was emptied.';

CREATE FUNCTION reembed.log_written_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{skips_new}  -- Workers store vectors too. A program that writes back what it has read embeds nothing.
  IF pg_catalog.current_setting('reembed.stores', true) OPERATOR(pg_catalog.=) 'on' OR reembed.lacks_{own_role}_{suffix}(NEW) OR reembed.kept_{own_role}_{suffix}(OLD, NEW) THEN
    RETURN NULL;
  END IF;
{admits_owner}  INSERT INTO {change} ({key_list}, needs_new, needs_old, brings_vector) VALUES ({key_functions}, false, false, true);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_written_{suffix} IS 'pg-reembed: logs a row into which the application wrote another vector of an unchanged text.';

CREATE FUNCTION reembed.log_insert_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  INSERT INTO {change} ({key_list}, needs_new, needs_old) VALUES ({key_functions}, {new_lacks_now}, {old_lacks_now});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_insert_{suffix} IS 'pg-reembed: logs a new row that needs a vector.';

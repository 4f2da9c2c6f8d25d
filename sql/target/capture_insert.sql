CREATE FUNCTION reembed.log_insert_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
DECLARE
  v_lacks_new constant boolean := {new_lacks_now};
  v_lacks_old constant boolean := {old_lacks_now};
BEGIN
{skips_new}{admits_owner}  INSERT INTO {change} ({key_list}, needs_new, needs_old, brings_vector) VALUES ({key_functions}, v_lacks_new, v_lacks_old, {inserted_vector});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_insert_{suffix} IS 'pg-reembed: logs a new row that needs a vector, or brings one.';

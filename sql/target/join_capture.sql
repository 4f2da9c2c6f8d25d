CREATE FUNCTION reembed.join_differs_{n}_{suffix}(o {joined}, n {joined}) RETURNS boolean
{value_differs};
COMMENT ON FUNCTION reembed.join_differs_{n}_{suffix} IS 'pg-reembed: whether an update changed a value by which a row of joined table {n} is found.';

-- One small insert of typed values each, like those in capture.sql.
CREATE FUNCTION reembed.log_join_insert_{n}_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{admits_joined_owner}  INSERT INTO {join_log} ({value_list}) VALUES ({new_values});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_join_insert_{n}_{suffix} IS 'pg-reembed: logs a new row of joined table {n}.';

CREATE FUNCTION reembed.log_join_update_{n}_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{admits_joined_owner}  IF reembed.join_differs_{n}_{suffix}(OLD, NEW) THEN
    INSERT INTO {join_log} ({value_list}) VALUES ({old_values});
  END IF;
  INSERT INTO {join_log} ({value_list}) VALUES ({new_values});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_join_update_{n}_{suffix} IS 'pg-reembed: logs a row of joined table {n} whose text or place changed.';

CREATE FUNCTION reembed.log_join_delete_{n}_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{admits_joined_owner}  INSERT INTO {join_log} ({value_list}) VALUES ({old_values});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_join_delete_{n}_{suffix} IS 'pg-reembed: logs a deleted row of joined table {n}.';

CREATE FUNCTION reembed.log_join_truncate_{n}_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
{admits_joined_owner}  INSERT INTO {join_log} (is_truncated) VALUES (true);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_join_truncate_{n}_{suffix} IS 'pg-reembed: logs that joined table {n} was emptied.';

-- The conditions that a trigger function checks are functions of their own, which follow renamed columns: see row_condition().
CREATE FUNCTION reembed.text_differs_{suffix}(o {table}, n {table}) RETURNS boolean
{text_differs};
COMMENT ON FUNCTION reembed.text_differs_{suffix} IS 'pg-reembed: whether an update changed the text.';

CREATE FUNCTION reembed.key_differs_{suffix}(o {table}, n {table}) RETURNS boolean
{key_differs};
COMMENT ON FUNCTION reembed.key_differs_{suffix} IS 'pg-reembed: whether an update changed the key.';

CREATE FUNCTION reembed.lacks_new_{suffix}(r {table}) RETURNS boolean
{new_lacks_row};
COMMENT ON FUNCTION reembed.lacks_new_{suffix} IS 'pg-reembed: whether a row has a text and lacks the vector of the new model.';

CREATE FUNCTION reembed.lacks_old_{suffix}(r {table}) RETURNS boolean
{old_lacks_row};
COMMENT ON FUNCTION reembed.lacks_old_{suffix} IS 'pg-reembed: whether a row has a text and lacks the vector of the old model.';

CREATE FUNCTION reembed.kept_new_{suffix}(o {table}, n {table}) RETURNS boolean
{new_kept};
COMMENT ON FUNCTION reembed.kept_new_{suffix} IS 'pg-reembed: whether an update left the vector of the new model unchanged.';

CREATE FUNCTION reembed.kept_old_{suffix}(o {table}, n {table}) RETURNS boolean
{old_kept};
COMMENT ON FUNCTION reembed.kept_old_{suffix} IS 'pg-reembed: whether an update left the vector of the old model unchanged.';

-- One small insert of typed values each: no cast, operator or function of the user's, and every name qualified.
CREATE FUNCTION reembed.log_update_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
DECLARE
  v_text_changed boolean;
  v_outdates_new boolean;
  v_outdates_old boolean;
BEGIN
{skips_update}{admits_owner}  IF reembed.key_differs_{suffix}(OLD, NEW) THEN
    -- Changes and failures under the old key are logged again under the new one.
    INSERT INTO {change} ({key_list}, needs_new, needs_old) VALUES ({old_key_functions}, false, false), ({key_functions}, true, {has_old});
    RETURN NULL;
  END IF;
  v_text_changed := {text_has_changed};
  -- Workers remove the former vector of a text that cannot be embedded. Its row is in failed_row and is not tried again until it changes.
  IF NOT v_text_changed AND pg_catalog.current_setting('reembed.stores', true) OPERATOR(pg_catalog.=) 'on' THEN
    RETURN NULL;
  END IF;
  v_outdates_new := {new_outdated};
  v_outdates_old := {old_outdated};
  INSERT INTO {change} ({key_list}, needs_new, needs_old, brings_vector) VALUES ({key_functions}, v_outdates_new, v_outdates_old, {updated_vector});
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_update_{suffix} IS 'pg-reembed: logs a row whose text or key changed, or which lost a vector.';

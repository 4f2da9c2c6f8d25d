-- For a partitioned table. An update that moves a row to another partition fires the triggers for DELETE there and for INSERT here, directly one after the
-- other. The key of the row has changed then, because it contains the partition key, and perhaps its text, but it brings its vectors along. So an INSERT that
-- directly follows a DELETE at the same depth of triggers is logged like a change of the key. When the two are statements of their own, the first of the new
-- rows is embedded once more than necessary.
CREATE FUNCTION reembed.mark_move_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
BEGIN
  PERFORM pg_catalog.set_config(pg_catalog.concat('reembed.deleted_at_', pg_catalog.pg_trigger_depth()), 'on', true);
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.mark_move_{suffix} IS 'pg-reembed: marks that a row was deleted, perhaps to be inserted in another partition.';

CREATE FUNCTION reembed.log_insert_{suffix}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
AS $body$
DECLARE
  v_mark constant text := pg_catalog.concat('reembed.deleted_at_', pg_catalog.pg_trigger_depth());
  v_moved constant boolean := coalesce(pg_catalog.current_setting(v_mark, true) OPERATOR(pg_catalog.=) 'on', false);
  v_lacks_new constant boolean := {new_lacks_now};
  v_lacks_old constant boolean := {old_lacks_now};
  v_needs_new constant boolean := v_lacks_new OR v_moved;
  v_needs_old constant boolean := v_lacks_old OR v_moved AND {has_old};
  v_brings_vector constant boolean := {inserted_vector} AND NOT v_moved;
BEGIN
  IF v_moved THEN
    PERFORM pg_catalog.set_config(v_mark, 'off', true);
  END IF;
{admits_owner}  IF v_needs_new OR v_needs_old OR v_brings_vector THEN
    INSERT INTO {change} ({key_list}, needs_new, needs_old, brings_vector) VALUES ({key_functions}, v_needs_new, v_needs_old, v_brings_vector);
  END IF;
  RETURN NULL;
END
$body$;
COMMENT ON FUNCTION reembed.log_insert_{suffix} IS 'pg-reembed: logs a new row that needs a vector, or one that was moved from another partition.';

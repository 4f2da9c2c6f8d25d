-- Named zz_ to run after the application's own triggers. ALWAYS, so that rows from logical replication are captured too.
CREATE TRIGGER zz_reembed_insert_{suffix} AFTER INSERT ON {table} FOR EACH ROW
  WHEN (({every_new_column}) AND ({inserts_to_log}))
  EXECUTE FUNCTION reembed.log_insert_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_insert_{suffix};
COMMENT ON TRIGGER zz_reembed_insert_{suffix} ON {table} IS 'pg-reembed: logs rows that need a vector, or bring one.';

CREATE TRIGGER zz_reembed_update_{suffix} AFTER UPDATE ON {table} FOR EACH ROW
  WHEN (({every_new_column}) AND ({changed_text} OR {changed_key} OR {new_lost} OR {old_lost}))
  EXECUTE FUNCTION reembed.log_update_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_update_{suffix};
COMMENT ON TRIGGER zz_reembed_update_{suffix} ON {table} IS 'pg-reembed: logs rows whose vectors are out of date.';

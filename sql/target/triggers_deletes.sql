CREATE TRIGGER zz_reembed_delete_{suffix} AFTER DELETE ON {table} FOR EACH ROW
  WHEN ({every_old_column})
  EXECUTE FUNCTION reembed.log_delete_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_delete_{suffix};
COMMENT ON TRIGGER zz_reembed_delete_{suffix} ON {table} IS 'pg-reembed: logs rows whose vectors in a side table must be deleted.';

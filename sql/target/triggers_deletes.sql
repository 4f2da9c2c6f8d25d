CREATE TRIGGER zz_reembed_delete_{suffix} AFTER DELETE ON {table} FOR EACH ROW
  WHEN ({every_old_column})
  EXECUTE FUNCTION reembed.log_delete_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_delete_{suffix};
COMMENT ON TRIGGER zz_reembed_delete_{suffix} ON {table} IS 'pg-reembed: logs rows whose vectors in a side table must be deleted.';

CREATE TRIGGER zz_reembed_truncate_{suffix} AFTER TRUNCATE ON {table} FOR EACH STATEMENT
  EXECUTE FUNCTION reembed.log_truncate_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_truncate_{suffix};
COMMENT ON TRIGGER zz_reembed_truncate_{suffix} ON {table} IS 'pg-reembed: logs that all vectors in a side table must be deleted.';

CREATE TRIGGER zz_reembed_move_{suffix} AFTER DELETE ON {table} FOR EACH ROW
  WHEN ({every_old_column})
  EXECUTE FUNCTION reembed.mark_move_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_move_{suffix};
COMMENT ON TRIGGER zz_reembed_move_{suffix} ON {table} IS 'pg-reembed: marks rows that may be moved to another partition.';

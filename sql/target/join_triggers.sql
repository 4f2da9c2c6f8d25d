-- Every condition names every column that is read: see triggers.sql.
CREATE TRIGGER zz_reembed_join_insert_{n}_{suffix} AFTER INSERT ON {joined} FOR EACH ROW
  WHEN ({every_new_joined})
  EXECUTE FUNCTION reembed.log_join_insert_{n}_{suffix}();
ALTER TABLE {joined} ENABLE ALWAYS TRIGGER zz_reembed_join_insert_{n}_{suffix};
COMMENT ON TRIGGER zz_reembed_join_insert_{n}_{suffix} ON {joined} IS 'pg-reembed: logs rows whose text is embedded in another table.';

CREATE TRIGGER zz_reembed_join_update_{n}_{suffix} AFTER UPDATE ON {joined} FOR EACH ROW
  WHEN (({every_new_joined}) AND ({changed_joined}))
  EXECUTE FUNCTION reembed.log_join_update_{n}_{suffix}();
ALTER TABLE {joined} ENABLE ALWAYS TRIGGER zz_reembed_join_update_{n}_{suffix};
COMMENT ON TRIGGER zz_reembed_join_update_{n}_{suffix} ON {joined} IS 'pg-reembed: logs rows whose text is embedded in another table.';

CREATE TRIGGER zz_reembed_join_delete_{n}_{suffix} AFTER DELETE ON {joined} FOR EACH ROW
  WHEN ({every_old_joined})
  EXECUTE FUNCTION reembed.log_join_delete_{n}_{suffix}();
ALTER TABLE {joined} ENABLE ALWAYS TRIGGER zz_reembed_join_delete_{n}_{suffix};
COMMENT ON TRIGGER zz_reembed_join_delete_{n}_{suffix} ON {joined} IS 'pg-reembed: logs rows whose text is embedded in another table.';

CREATE TRIGGER zz_reembed_join_truncate_{n}_{suffix} AFTER TRUNCATE ON {joined} FOR EACH STATEMENT
  EXECUTE FUNCTION reembed.log_join_truncate_{n}_{suffix}();
ALTER TABLE {joined} ENABLE ALWAYS TRIGGER zz_reembed_join_truncate_{n}_{suffix};
COMMENT ON TRIGGER zz_reembed_join_truncate_{n}_{suffix} ON {joined} IS 'pg-reembed: logs that a table whose texts are embedded in another table was emptied.';

-- UPDATE OF, so that a statement that does not name the column costs nothing; a change of the text is logged by the other trigger.
CREATE TRIGGER zz_reembed_written_{suffix} AFTER UPDATE OF {own_column} ON {table} FOR EACH ROW
  WHEN (({every_new_column}) AND NOT ({changed_text} OR {changed_key}))
  EXECUTE FUNCTION reembed.log_written_{suffix}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_reembed_written_{suffix};
COMMENT ON TRIGGER zz_reembed_written_{suffix} ON {table} IS 'pg-reembed: logs rows into which the application wrote a vector of its own.';

-- On each leaf: PostgreSQL does not inherit TRUNCATE triggers, and fires those of the leaves when the whole table is truncated.
CREATE TRIGGER zz_reembed_truncate_{suffix} AFTER TRUNCATE ON {leaf} FOR EACH STATEMENT
  EXECUTE FUNCTION reembed.log_truncate_{suffix}();
ALTER TABLE {leaf} ENABLE ALWAYS TRIGGER zz_reembed_truncate_{suffix};
COMMENT ON TRIGGER zz_reembed_truncate_{suffix} ON {leaf} IS 'pg-reembed: logs that vectors in a side table must be deleted.';

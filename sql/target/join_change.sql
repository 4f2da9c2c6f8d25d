-- The change log of a joined table. Its owner may only append to it.
CREATE TABLE IF NOT EXISTS {join_log} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  {value_definitions},
  {after_definitions},
  is_truncated boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
COMMENT ON TABLE {join_log} IS 'pg-reembed: changes of a table that texts are joined from, until the rows that depend on them are in the change log.';
COMMENT ON COLUMN {join_log}.is_truncated IS 'Whether the table was emptied, so that every row depends on the change.';
COMMENT ON COLUMN {join_log}.changed_at IS 'When the row changed.';

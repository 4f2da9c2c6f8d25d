-- The change log. The table's owner may only read it and append to it.
CREATE TABLE IF NOT EXISTS {change} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  {key_definitions},
  needs_new boolean NOT NULL,
  needs_old boolean NOT NULL,
  brings_vector boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
COMMENT ON TABLE {change} IS 'pg-reembed: changes of rows by the application that wait for a vector, one row a change. Triggers add them in the transaction of the change; workers delete them.';
COMMENT ON COLUMN {change}.seq IS 'Position in the order of all changes.';
COMMENT ON COLUMN {change}.needs_new IS 'Whether the row needs a vector of the new model.';
COMMENT ON COLUMN {change}.needs_old IS 'Whether it needs a vector of the old model. When it needs neither, the row may be deleted, and its vectors are deleted as well.';
COMMENT ON COLUMN {change}.brings_vector IS 'Whether the application itself wrote a vector into its own column.';
COMMENT ON COLUMN {change}.changed_at IS 'When the row changed.';

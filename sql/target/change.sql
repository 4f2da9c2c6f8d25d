-- The change log. The table's owner may add to it and read it, and nothing else.
CREATE TABLE IF NOT EXISTS {change} (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  {key_definitions},
  needs_new boolean NOT NULL,
  needs_old boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
COMMENT ON TABLE {change} IS 'pg-reembed: changes of rows by the application that wait for a vector, one a change. Added by triggers in the transaction of the change, drained by workers.';
COMMENT ON COLUMN {change}.seq IS 'Position in the order of all changes.';
COMMENT ON COLUMN {change}.needs_new IS 'Whether the row needs a vector of the new model.';
COMMENT ON COLUMN {change}.needs_old IS 'Whether it needs one of the old model. Neither: the row may be gone, and what is kept of it with it.';
COMMENT ON COLUMN {change}.changed_at IS 'When the row changed.';

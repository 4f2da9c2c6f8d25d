-- reembed.replace_change_view() replaces it whenever a target is added or removed.
CREATE OR REPLACE VIEW reembed.change AS
SELECT NULL::text AS target, NULL::bigint AS seq, NULL::text AS key, NULL::boolean AS needs_new, NULL::boolean AS needs_old, NULL::timestamptz AS changed_at WHERE false;
COMMENT ON VIEW reembed.change IS 'Changes of rows by the application that wait for a vector, of all targets; one row a change.';
COMMENT ON COLUMN reembed.change.target IS 'The target.';
COMMENT ON COLUMN reembed.change.seq IS 'Position in the order of all changes of the target; 0 for a change of a joined table, whose rows a worker has yet to find.';
COMMENT ON COLUMN reembed.change.key IS 'Key of the row, its columns joined by "/"; empty when the table was truncated, or for a change of a joined table.';
COMMENT ON COLUMN reembed.change.needs_new IS 'Whether the row needs a vector of the new model.';
COMMENT ON COLUMN reembed.change.needs_old IS 'Whether it needs a vector of the old model.';
COMMENT ON COLUMN reembed.change.changed_at IS 'When the row changed.';

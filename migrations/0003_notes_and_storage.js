// Notes become a log that is only added to, so that a write of the application never waits for one, never fails for the
// length of its key and pays less; vectors may be kept in a table of their own beside the application's.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

ALTER TABLE reembed.stale_row DROP CONSTRAINT stale_row_pkey;
ALTER TABLE reembed.stale_row ADD PRIMARY KEY (target, version);
-- Triggers that are on tables already must not meet a table that is not as they know it, not even for a moment.
DO $$
DECLARE
  v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname ~ '^note_.*_[0-9a-f]{6}$' LOOP
    EXECUTE regexp_replace(pg_get_functiondef(v_function), '\\mON CONFLICT \\(target, key\\)[^;]*', '');
  END LOOP;
END $$;
-- A hash index takes keys of any length.
CREATE INDEX stale_row_by_key ON reembed.stale_row USING hash (key);
-- Rows come and go: a share of the table's size would say nothing.
ALTER TABLE reembed.stale_row SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
COMMENT ON TABLE reembed.stale_row IS 'Notes: changes of rows by the application that wait for a vector, one a change. Filled by triggers in the transaction of the change, drained by workers.';
COMMENT ON COLUMN reembed.stale_row.version IS 'Position of the note in the order of all notes.';
COMMENT ON COLUMN reembed.stale_row.noted_at IS 'When the row changed.';
COMMENT ON SEQUENCE reembed.stale_row_version IS 'Orders the notes.';

ALTER TABLE reembed.failed_row DROP CONSTRAINT failed_row_pkey;
ALTER TABLE reembed.failed_row ADD COLUMN key_digest uuid NOT NULL GENERATED ALWAYS AS (md5(key::text)::uuid) STORED;
ALTER TABLE reembed.failed_row ADD PRIMARY KEY (target, model, key_digest);
CREATE INDEX failed_row_by_key ON reembed.failed_row USING hash (key);
COMMENT ON COLUMN reembed.failed_row.key_digest IS 'Digest of the key, which may be too long for an index.';

ALTER TABLE reembed.migration
  ADD COLUMN to_relation regclass,
  ADD COLUMN from_relation regclass;
COMMENT ON COLUMN reembed.migration.to_relation IS 'Table of the new vectors, where they are not a column of the target.';
COMMENT ON COLUMN reembed.migration.from_relation IS 'Table of the old vectors, where an earlier campaign put them into one.';
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- Taken down with everything else, or not at all: an older toolkit would not find vectors in tables of their own.
DO $$
BEGIN
  IF EXISTS (SELECT FROM reembed.migration) THEN
    RAISE EXCEPTION 'campaigns are still recorded in reembed.migration'
      USING ERRCODE = 'RE001', HINT = 'Take each campaign down first: npm run migrate down';
  END IF;
END $$;

ALTER TABLE reembed.migration DROP COLUMN from_relation, DROP COLUMN to_relation;
DROP INDEX reembed.failed_row_by_key;
ALTER TABLE reembed.failed_row DROP CONSTRAINT failed_row_pkey;
ALTER TABLE reembed.failed_row DROP COLUMN key_digest;
ALTER TABLE reembed.failed_row ADD PRIMARY KEY (target, key, model);
DROP INDEX reembed.stale_row_by_key;
ALTER TABLE reembed.stale_row DROP CONSTRAINT stale_row_pkey;
ALTER TABLE reembed.stale_row ADD PRIMARY KEY (target, key);
`);
};

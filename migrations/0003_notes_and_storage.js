// Notes become a log that is only added to, so that a write of the application never waits for one, never fails for the
// length of its key and pays less; vectors may be kept in a table of their own beside the application's; the backfill gives
// way to signs of trouble; a text that many rows have is embedded once.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- A write that has begun would go on, once it may, with the trigger that it began with: none may be under way.
DO $$
DECLARE
  v_relation regclass;
BEGIN
  FOR v_relation IN SELECT DISTINCT t.relation FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation ORDER BY 1 LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE MODE', v_relation);
  END LOOP;
END $$;
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

CREATE TABLE reembed.repeated_text (
  migration text NOT NULL REFERENCES reembed.migration ON DELETE CASCADE,
  text_digest uuid NOT NULL,
  text_hash bigint NOT NULL,
  batch bigint NOT NULL,
  PRIMARY KEY (migration, text_digest)
);
-- The extension may be in any schema.
DO $$
BEGIN
  EXECUTE format('ALTER TABLE reembed.repeated_text ADD COLUMN vector %I.vector',
                 (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'));
END $$;
COMMENT ON TABLE reembed.repeated_text IS 'Texts that rows of several batches had when these were planned: one batch has them embedded, the others take the vector from here. Emptied when the backfill is over.';
COMMENT ON COLUMN reembed.repeated_text.migration IS 'Campaign that embeds the text.';
COMMENT ON COLUMN reembed.repeated_text.text_digest IS 'reembed.text_digest() of the text.';
COMMENT ON COLUMN reembed.repeated_text.text_hash IS 'reembed.text_hash() of the text, by which a worker names what it embedded.';
COMMENT ON COLUMN reembed.repeated_text.batch IS 'The batch that has it embedded.';
COMMENT ON COLUMN reembed.repeated_text.vector IS 'Its vector; null until that batch is done.';

ALTER TABLE reembed.setting
  ADD COLUMN max_replica_lag_bytes bigint DEFAULT 67108864,
  ADD COLUMN max_wal_backlog_bytes bigint DEFAULT 10737418240,
  ADD COLUMN max_lock_waits integer DEFAULT 2,
  ADD COLUMN yields_to_vacuum boolean NOT NULL DEFAULT true,
  ADD COLUMN max_read_slowdown numeric,
  ADD CONSTRAINT max_replica_lag_bytes_is_positive CHECK (max_replica_lag_bytes > 0),
  ADD CONSTRAINT max_wal_backlog_bytes_is_positive CHECK (max_wal_backlog_bytes > 0),
  ADD CONSTRAINT max_lock_waits_is_not_negative CHECK (max_lock_waits >= 0),
  ADD CONSTRAINT max_read_slowdown_is_more_than_one CHECK (max_read_slowdown > 1);
COMMENT ON COLUMN reembed.setting.max_replica_lag_bytes IS 'The backfill writes nothing while a standby is more bytes of WAL behind; null: no matter how many.';
COMMENT ON COLUMN reembed.setting.max_wal_backlog_bytes IS 'The backfill writes nothing while more bytes of WAL are kept for a replication slot or wait to be archived; null: no matter how many.';
COMMENT ON COLUMN reembed.setting.max_lock_waits IS 'The backfill writes nothing while more sessions wait for locks on the table or its rows; null: no matter how many.';
COMMENT ON COLUMN reembed.setting.yields_to_vacuum IS 'The backfill writes a quarter of the time while the table is vacuumed.';
COMMENT ON COLUMN reembed.setting.max_read_slowdown IS 'The backfill writes less of the time while searches take more than so many times what they took before it, at the 95th percentile; null: no matter how long.';

CREATE TABLE reembed.throttle (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  signal text NOT NULL,
  effect text NOT NULL,
  reason text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (target, signal),
  CONSTRAINT effect_is_known CHECK (effect IN ('stops', 'slows', 'none'))
);
COMMENT ON TABLE reembed.throttle IS 'Signs of trouble that workers saw when they last looked, once a second while they write; reembed.health shows those of the last ten seconds.';
COMMENT ON COLUMN reembed.throttle.target IS 'The target.';
COMMENT ON COLUMN reembed.throttle.signal IS 'Kind of the sign.';
COMMENT ON COLUMN reembed.throttle.effect IS 'What it does to the backfill: stops, slows, or none.';
COMMENT ON COLUMN reembed.throttle.reason IS 'What was seen.';
COMMENT ON COLUMN reembed.throttle.since IS 'When it was first seen.';
COMMENT ON COLUMN reembed.throttle.seen_at IS 'When it was last seen.';

CREATE TABLE reembed.read_probe (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  milliseconds double precision NOT NULL,
  is_idle boolean NOT NULL
);
CREATE INDEX read_probe_newest ON reembed.read_probe (target, at DESC);
COMMENT ON TABLE reembed.read_probe IS 'How long searches through the live view took that workers made to find out. Kept for an hour; those made before the backfill wrote, for as long as it lasts.';
COMMENT ON COLUMN reembed.read_probe.target IS 'The target.';
COMMENT ON COLUMN reembed.read_probe.at IS 'When the search was made.';
COMMENT ON COLUMN reembed.read_probe.milliseconds IS 'How long it took on the server.';
COMMENT ON COLUMN reembed.read_probe.is_idle IS 'Whether it was made before the backfill wrote anything: the measure for the others.';
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

DROP TABLE reembed.read_probe, reembed.throttle, reembed.repeated_text;
ALTER TABLE reembed.setting DROP COLUMN max_replica_lag_bytes, DROP COLUMN max_wal_backlog_bytes, DROP COLUMN max_lock_waits,
  DROP COLUMN yields_to_vacuum, DROP COLUMN max_read_slowdown;
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

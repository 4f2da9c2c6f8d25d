// Some readers may try the new model before all do, the model that is not read may be asked beside the one that is, and a
// watch looks every minute whether all is well.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

ALTER TABLE reembed.setting
  ADD COLUMN canary_percent numeric NOT NULL DEFAULT 0,
  ADD COLUMN canary_steps numeric[],
  ADD COLUMN canary_step_time interval NOT NULL DEFAULT '1 hour',
  ADD COLUMN shadow_percent numeric NOT NULL DEFAULT 0,
  ADD COLUMN shadow_per_second integer NOT NULL DEFAULT 5,
  ADD COLUMN shadow_timeout interval NOT NULL DEFAULT '5 seconds',
  ADD COLUMN shadow_rows integer NOT NULL DEFAULT 10000,
  ADD COLUMN shadow_keeps_text boolean NOT NULL DEFAULT false,
  ADD COLUMN shadow_sample integer NOT NULL DEFAULT 100,
  ADD COLUMN min_shadow_overlap numeric,
  ADD COLUMN max_shadow_errors numeric DEFAULT 0.2,
  ADD COLUMN known_items integer NOT NULL DEFAULT 3,
  ADD COLUMN min_known_items numeric NOT NULL DEFAULT 0.8,
  ADD COLUMN max_stale_seconds integer DEFAULT 300,
  ADD COLUMN watch_window interval NOT NULL DEFAULT '15 minutes',
  ADD COLUMN alert_after interval NOT NULL DEFAULT '1 minute',
  ADD COLUMN auto_revert boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT canary_percent_is_a_percentage CHECK (canary_percent BETWEEN 0 AND 100),
  ADD CONSTRAINT canary_steps_are_percentages CHECK (cardinality(canary_steps) > 0 AND 0 < ALL (canary_steps) AND 100 >= ALL (canary_steps)),
  ADD CONSTRAINT canary_step_time_is_not_negative CHECK (canary_step_time >= interval '0'),
  ADD CONSTRAINT shadow_percent_is_a_percentage CHECK (shadow_percent BETWEEN 0 AND 100),
  ADD CONSTRAINT shadow_per_second_is_positive CHECK (shadow_per_second > 0),
  ADD CONSTRAINT shadow_timeout_is_positive CHECK (shadow_timeout > interval '0'),
  ADD CONSTRAINT shadow_rows_is_not_negative CHECK (shadow_rows >= 0),
  ADD CONSTRAINT shadow_sample_is_positive CHECK (shadow_sample > 0),
  ADD CONSTRAINT min_shadow_overlap_is_a_share CHECK (min_shadow_overlap BETWEEN 0 AND 1),
  ADD CONSTRAINT max_shadow_errors_is_a_share CHECK (max_shadow_errors BETWEEN 0 AND 1),
  ADD CONSTRAINT known_items_is_not_negative CHECK (known_items >= 0),
  ADD CONSTRAINT min_known_items_is_a_share CHECK (min_known_items BETWEEN 0 AND 1),
  ADD CONSTRAINT max_stale_seconds_is_positive CHECK (max_stale_seconds > 0),
  ADD CONSTRAINT watch_window_is_positive CHECK (watch_window > interval '0'),
  ADD CONSTRAINT alert_after_is_not_negative CHECK (alert_after >= interval '0');
COMMENT ON COLUMN reembed.setting.canary_percent IS 'Percentage of readers, by hash of their key, who read the new model while the live view still reads the old one. More is refused while the gate to the switch is closed or an alert is open; less never is.';
COMMENT ON COLUMN reembed.setting.canary_steps IS 'Percentages that the watch lets canary_percent grow through once it is above 0, each after canary_step_time with nothing amiss, such as {1,5,25,50}; null: it grows by hand.';
COMMENT ON COLUMN reembed.setting.canary_step_time IS 'How long a step of the canary must have been healthy before the next.';
COMMENT ON COLUMN reembed.setting.shadow_percent IS 'Percentage of searches after whose answer the model that was not read is asked too, for reembed.shadow_read. Has effect while the new index is there.';
COMMENT ON COLUMN reembed.setting.shadow_per_second IS 'Most shadow reads a second in each process of the application.';
COMMENT ON COLUMN reembed.setting.shadow_timeout IS 'How long a shadow read may take before it is given up and counted as an error, and how long a reader of the canary or a fused search waits for a vector of the model that is not read.';
COMMENT ON COLUMN reembed.setting.shadow_rows IS 'About how many shadow reads are kept.';
COMMENT ON COLUMN reembed.setting.shadow_keeps_text IS 'Whether the text of the query is kept with a shadow read.';
COMMENT ON COLUMN reembed.setting.shadow_sample IS 'How many of the newest shadow reads the watch judges by; while there are fewer it does not judge.';
COMMENT ON COLUMN reembed.setting.min_shadow_overlap IS 'Smallest mean overlap of old and new results in shadow reads, 0 to 1; null: half of what the last validation found, one by queries rather than by rows.';
COMMENT ON COLUMN reembed.setting.max_shadow_errors IS 'Share of shadow reads of the new model that may fail, 0 to 1; null: no matter.';
COMMENT ON COLUMN reembed.setting.known_items IS 'Rows a minute whose own text is searched for with either model while the new one has readers; each must be found. They cost an embedding by each model; 0: none.';
COMMENT ON COLUMN reembed.setting.min_known_items IS 'Share of them that must be found, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_stale_seconds IS 'How long a changed row may wait for its vector; null: no matter.';
COMMENT ON COLUMN reembed.setting.watch_window IS 'Shadow reads and known items older than this say nothing any more.';
COMMENT ON COLUMN reembed.setting.alert_after IS 'How long something must be amiss before an alert is opened.';
COMMENT ON COLUMN reembed.setting.auto_revert IS 'true: the live view goes back to the old model by itself when the new one it reads is bad.';

CREATE TABLE reembed.shadow_read (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  served_model text NOT NULL,
  shadow_model text NOT NULL,
  is_canary boolean NOT NULL,
  k integer,
  overlap double precision,
  served_ms double precision,
  shadow_ms double precision,
  served_embedding_ms double precision,
  shadow_embedding_ms double precision,
  key_hash bigint,
  query text,
  error text,
  CONSTRAINT shadow_reads_have_an_overlap_or_an_error CHECK ((overlap IS NULL) = (error IS NOT NULL)),
  CONSTRAINT overlap_is_a_share CHECK (overlap BETWEEN 0 AND 1)
);
CREATE INDEX shadow_read_newest ON reembed.shadow_read (target, id DESC);
COMMENT ON TABLE reembed.shadow_read IS 'Searches that were made with the other model as well, after their answer went out, and searches of the canary that the new model failed.';
COMMENT ON COLUMN reembed.shadow_read.id IS 'Number of the shadow read.';
COMMENT ON COLUMN reembed.shadow_read.target IS 'Target that was searched.';
COMMENT ON COLUMN reembed.shadow_read.at IS 'When it was put on record.';
COMMENT ON COLUMN reembed.shadow_read.served_model IS 'Model whose results were the answer.';
COMMENT ON COLUMN reembed.shadow_read.shadow_model IS 'Model that was asked besides.';
COMMENT ON COLUMN reembed.shadow_read.is_canary IS 'Whether the reader belonged to the canary.';
COMMENT ON COLUMN reembed.shadow_read.k IS 'Length of the longer of the two result lists.';
COMMENT ON COLUMN reembed.shadow_read.overlap IS 'Share of it that both lists have, 0 to 1.';
COMMENT ON COLUMN reembed.shadow_read.served_ms IS 'Milliseconds the search of the answer took, without the embedding of its query.';
COMMENT ON COLUMN reembed.shadow_read.shadow_ms IS 'Milliseconds the other search took.';
COMMENT ON COLUMN reembed.shadow_read.served_embedding_ms IS 'Milliseconds the embedding of the query took for the answer.';
COMMENT ON COLUMN reembed.shadow_read.shadow_embedding_ms IS 'Milliseconds it took with the other model.';
COMMENT ON COLUMN reembed.shadow_read.key_hash IS 'The 32 bits of the reader''s key that the canary goes by; null without a key.';
COMMENT ON COLUMN reembed.shadow_read.query IS 'Text of the query, only where shadow_keeps_text says so.';
COMMENT ON COLUMN reembed.shadow_read.error IS 'Code of what made the other model fail; null when it answered.';

CREATE TABLE reembed.known_item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  model text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  key jsonb NOT NULL,
  found boolean,
  error text,
  CONSTRAINT known_items_are_found_or_failed CHECK ((found IS NULL) = (error IS NOT NULL))
);
CREATE INDEX known_item_newest ON reembed.known_item (target, model, id DESC);
COMMENT ON TABLE reembed.known_item IS 'Rows whose own text the watch searched for, and whether the search found the row. Kept for a day.';
COMMENT ON COLUMN reembed.known_item.id IS 'Number of the search.';
COMMENT ON COLUMN reembed.known_item.target IS 'Target that was searched.';
COMMENT ON COLUMN reembed.known_item.model IS 'Model it was searched with.';
COMMENT ON COLUMN reembed.known_item.at IS 'When it was searched for.';
COMMENT ON COLUMN reembed.known_item.key IS 'Primary key of the row, as an object of column and value.';
COMMENT ON COLUMN reembed.known_item.found IS 'Whether the row was found among the nearest to its own text; null when the provider gave no vector.';
COMMENT ON COLUMN reembed.known_item.error IS 'Code of the provider''s error.';

CREATE TABLE reembed.alert (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  migration text,
  kind text NOT NULL,
  severity text NOT NULL,
  model text,
  message text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  closed_because text,
  opening_posted_at timestamptz,
  closing_posted_at timestamptz,
  CONSTRAINT severity_is_known CHECK (severity IN ('warning', 'critical')),
  CONSTRAINT closed_alerts_have_a_reason CHECK ((closed_at IS NULL) = (closed_because IS NULL))
);
CREATE UNIQUE INDEX one_open_alert_per_target_and_kind ON reembed.alert (target, kind) WHERE closed_at IS NULL;
CREATE INDEX alert_newest ON reembed.alert (target, opened_at DESC);
COMMENT ON TABLE reembed.alert IS 'What the watch found amiss. An alert closes by itself when its cause is gone; while one is open, contract and a larger canary are refused.';
COMMENT ON COLUMN reembed.alert.id IS 'Number of the alert.';
COMMENT ON COLUMN reembed.alert.target IS 'Target it concerns.';
COMMENT ON COLUMN reembed.alert.migration IS 'Campaign it was opened in.';
COMMENT ON COLUMN reembed.alert.kind IS 'What is amiss, such as overlap, known_items, latency, backlog; docs/reading.md lists them.';
COMMENT ON COLUMN reembed.alert.severity IS 'critical: readers get bad answers, or would; warning: look at it.';
COMMENT ON COLUMN reembed.alert.model IS 'Model that is at fault; null when it is none.';
COMMENT ON COLUMN reembed.alert.message IS 'One sentence with the figures.';
COMMENT ON COLUMN reembed.alert.details IS 'The figures.';
COMMENT ON COLUMN reembed.alert.opened_at IS 'When it was opened.';
COMMENT ON COLUMN reembed.alert.seen_at IS 'When the cause was last seen.';
COMMENT ON COLUMN reembed.alert.closed_at IS 'When it was closed; null while it is open.';
COMMENT ON COLUMN reembed.alert.closed_because IS 'Why it was closed.';
COMMENT ON COLUMN reembed.alert.opening_posted_at IS 'When the webhook took the news of its opening.';
COMMENT ON COLUMN reembed.alert.closing_posted_at IS 'When the webhook took the news of its end.';

CREATE TABLE reembed.watch_memory (
  target text PRIMARY KEY REFERENCES reembed.target ON DELETE CASCADE,
  looked_at timestamptz,
  suspected jsonb NOT NULL DEFAULT '{}',
  scanned_at timestamptz,
  coverage jsonb NOT NULL DEFAULT '{}',
  statistics jsonb
);
COMMENT ON TABLE reembed.watch_memory IS 'What the watch remembers of a target from one look to the next.';
COMMENT ON COLUMN reembed.watch_memory.target IS 'The target.';
COMMENT ON COLUMN reembed.watch_memory.looked_at IS 'When it last looked.';
COMMENT ON COLUMN reembed.watch_memory.suspected IS 'What is amiss, but not yet for as long as alert_after, with the time since.';
COMMENT ON COLUMN reembed.watch_memory.scanned_at IS 'When the whole table was last searched for rows without a vector.';
COMMENT ON COLUMN reembed.watch_memory.coverage IS 'What that search found, by model.';
COMMENT ON COLUMN reembed.watch_memory.statistics IS 'How often the index and the table of the model being read had been scanned.';

-- One watch at a time, and the next minute's comes anyway when one fails.
SELECT reembed_queue.create_queue('reembed-watch', '{"policy": "exclusive", "retryLimit": 0, "expireInSeconds": 7200, "retentionSeconds": 86400, "deleteAfterSeconds": 3600, "heartbeatSeconds": 10}');
INSERT INTO reembed_queue.schedule (name, cron, timezone, options) VALUES ('reembed-watch', '* * * * *', 'UTC', '{}');
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

DELETE FROM reembed_queue.schedule WHERE name = 'reembed-watch';
SELECT reembed_queue.delete_queue('reembed-watch');
DROP TABLE reembed.watch_memory, reembed.alert, reembed.known_item, reembed.shadow_read;
ALTER TABLE reembed.setting DROP COLUMN canary_percent, DROP COLUMN canary_steps, DROP COLUMN canary_step_time, DROP COLUMN shadow_percent,
  DROP COLUMN shadow_per_second, DROP COLUMN shadow_timeout, DROP COLUMN shadow_rows, DROP COLUMN shadow_keeps_text, DROP COLUMN shadow_sample,
  DROP COLUMN min_shadow_overlap, DROP COLUMN max_shadow_errors, DROP COLUMN known_items,
  DROP COLUMN min_known_items, DROP COLUMN max_stale_seconds, DROP COLUMN watch_window, DROP COLUMN alert_after, DROP COLUMN auto_revert;
`);
};

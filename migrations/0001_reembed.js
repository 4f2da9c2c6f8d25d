// The tables of schema reembed. Tables are history and live here; functions, views and triggers are current text and live in sql/.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

ALTER TABLE reembed.schema_migration ADD COLUMN IF NOT EXISTS sha256 text;
COMMENT ON SCHEMA reembed IS 'pg-reembed: moves a live table from one embedding model to another. SELECT * FROM reembed.progress shows where it stands.';
COMMENT ON TABLE reembed.schema_migration IS 'Migration files that have run, oldest first.';
COMMENT ON COLUMN reembed.schema_migration.sha256 IS 'Digest of the file when it ran; a file edited afterwards is refused.';

CREATE TABLE reembed.installation (
  files_digest text NOT NULL,
  objects_digest text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX installation_is_one ON reembed.installation ((true));
COMMENT ON TABLE reembed.installation IS 'Which state of sql/ the functions, views and triggers here are of; one row.';
COMMENT ON COLUMN reembed.installation.files_digest IS 'Digest of the files.';
COMMENT ON COLUMN reembed.installation.objects_digest IS 'reembed.objects_digest() when they had been applied.';
COMMENT ON COLUMN reembed.installation.applied_at IS 'When they were applied.';

CREATE TABLE reembed.model (
  name text PRIMARY KEY,
  provider_model text NOT NULL,
  dimensions integer NOT NULL,
  element_type text NOT NULL,
  distance text NOT NULL,
  document_prefix text NOT NULL DEFAULT '',
  query_prefix text NOT NULL DEFAULT '',
  send_dimensions boolean NOT NULL DEFAULT false,
  token_limit integer,
  usd_per_million_tokens numeric,
  fingerprint text NOT NULL GENERATED ALWAYS AS (
    md5(provider_model || '|' || dimensions::text || '|' || document_prefix || '|' || query_prefix)
  ) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT dimensions_are_positive CHECK (dimensions > 0),
  CONSTRAINT element_type_is_known CHECK (element_type IN ('vector', 'halfvec')),
  CONSTRAINT distance_is_known CHECK (distance IN ('cosine', 'l2', 'inner_product'))
);
COMMENT ON TABLE reembed.model IS 'Embedding models. Never an API key or an address: those come from the environment of the process that calls the provider.';
COMMENT ON COLUMN reembed.model.name IS 'Name of the vector space; what embedding_model shows and what query_vector() compares.';
COMMENT ON COLUMN reembed.model.provider_model IS 'Name sent to the provider (on Azure the deployment).';
COMMENT ON COLUMN reembed.model.dimensions IS 'Components of every vector of the model.';
COMMENT ON COLUMN reembed.model.element_type IS 'vector (4 bytes a component) or halfvec (2 bytes).';
COMMENT ON COLUMN reembed.model.distance IS 'cosine, l2 or inner_product; decides the operator class of the index.';
COMMENT ON COLUMN reembed.model.document_prefix IS 'Put before each text that is stored.';
COMMENT ON COLUMN reembed.model.query_prefix IS 'Put before each text that is searched for.';
COMMENT ON COLUMN reembed.model.send_dimensions IS 'Whether requests carry the dimensions parameter.';
COMMENT ON COLUMN reembed.model.token_limit IS 'Tokens one text may have; unknown when null.';
COMMENT ON COLUMN reembed.model.usd_per_million_tokens IS 'Price in US dollars per million tokens; unknown when null.';
COMMENT ON COLUMN reembed.model.fingerprint IS 'Digest of everything that defines the vector space: two models with one fingerprint are the same space.';
COMMENT ON COLUMN reembed.model.created_at IS 'When the model was first named here.';

CREATE TABLE reembed.target (
  name text PRIMARY KEY,
  relation regclass NOT NULL,
  column_name name NOT NULL,
  key_columns name[] NOT NULL,
  text_columns name[] NOT NULL,
  text_sql text NOT NULL,
  live_view name NOT NULL,
  live_model_column name NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_target_per_column UNIQUE (relation, column_name),
  CONSTRAINT key_is_not_empty CHECK (cardinality(key_columns) > 0)
);
COMMENT ON TABLE reembed.target IS 'Tables and vector columns that pg-reembed looks after.';
COMMENT ON COLUMN reembed.target.name IS 'schema.table.column, as first registered.';
COMMENT ON COLUMN reembed.target.relation IS 'The table.';
COMMENT ON COLUMN reembed.target.column_name IS 'The vector column the application knows.';
COMMENT ON COLUMN reembed.target.key_columns IS 'Columns of the primary key, in its order.';
COMMENT ON COLUMN reembed.target.text_columns IS 'Columns the text is made of; empty when text_sql is an expression of the user.';
COMMENT ON COLUMN reembed.target.text_sql IS 'SQL over the columns of the table that gives the text to embed.';
COMMENT ON COLUMN reembed.target.live_view IS 'View to search through, in the schema of the table.';
COMMENT ON COLUMN reembed.target.live_model_column IS 'Column of the live view that names the model being read.';
COMMENT ON COLUMN reembed.target.created_at IS 'When the column was first registered.';

CREATE TABLE reembed.setting (
  target text PRIMARY KEY REFERENCES reembed.target ON DELETE CASCADE,
  read_model text NOT NULL REFERENCES reembed.model,
  paused boolean NOT NULL DEFAULT false,
  paused_reason text,
  requests_per_minute integer,
  tokens_per_minute integer,
  keep_old_current boolean NOT NULL DEFAULT true,
  max_failed_rows integer NOT NULL DEFAULT 0,
  min_overlap numeric NOT NULL DEFAULT 0.05,
  min_index_recall numeric NOT NULL DEFAULT 0.95,
  max_ndcg_drop numeric NOT NULL DEFAULT 0.02,
  soak interval NOT NULL DEFAULT '7 days',
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT requests_per_minute_is_positive CHECK (requests_per_minute > 0),
  CONSTRAINT tokens_per_minute_is_positive CHECK (tokens_per_minute > 0),
  CONSTRAINT max_failed_rows_is_not_negative CHECK (max_failed_rows >= 0),
  CONSTRAINT min_overlap_is_a_share CHECK (min_overlap BETWEEN 0 AND 1),
  CONSTRAINT min_index_recall_is_a_share CHECK (min_index_recall BETWEEN 0 AND 1),
  CONSTRAINT max_ndcg_drop_is_a_share CHECK (max_ndcg_drop BETWEEN 0 AND 1),
  CONSTRAINT soak_is_not_negative CHECK (soak >= interval '0')
);
COMMENT ON TABLE reembed.setting IS 'What a DBA steers with UPDATE; a trigger checks, applies, audits and notifies.';
COMMENT ON COLUMN reembed.setting.target IS 'The target the row steers.';
COMMENT ON COLUMN reembed.setting.read_model IS 'The switch: the model that the live view reads.';
COMMENT ON COLUMN reembed.setting.paused IS 'true: workers finish the batch in hand and wait.';
COMMENT ON COLUMN reembed.setting.paused_reason IS 'Why it is paused, when the toolkit paused it.';
COMMENT ON COLUMN reembed.setting.requests_per_minute IS 'Provider requests a minute over all workers; null: no limit.';
COMMENT ON COLUMN reembed.setting.tokens_per_minute IS 'Provider tokens a minute over all workers; null: no limit.';
COMMENT ON COLUMN reembed.setting.keep_old_current IS 'Whether workers embed changed rows with the old model too, so that going back loses nothing. false when the old model can no longer be called.';
COMMENT ON COLUMN reembed.setting.max_failed_rows IS 'Rows that may stay without a new vector when the index is built.';
COMMENT ON COLUMN reembed.setting.min_overlap IS 'Smallest mean overlap@10 of old and new results that passes validation, 0 to 1.';
COMMENT ON COLUMN reembed.setting.min_index_recall IS 'Smallest mean recall of the new index against the exact scan that passes validation, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_ndcg_drop IS 'How much nDCG@10 may fall, where judgements are given.';
COMMENT ON COLUMN reembed.setting.soak IS 'How long the new model must have been read before contract.';
COMMENT ON COLUMN reembed.setting.updated_at IS 'When the row last changed.';

CREATE TABLE reembed.migration (
  name text PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target,
  from_model text NOT NULL REFERENCES reembed.model,
  to_model text NOT NULL REFERENCES reembed.model,
  from_column name NOT NULL,
  to_column name NOT NULL,
  to_version_column name NOT NULL,
  from_version_column name,
  index_name name,
  phase text NOT NULL,
  phase_entered_at timestamptz NOT NULL DEFAULT now(),
  phase_entered_by text NOT NULL DEFAULT session_user,
  tokens_per_character numeric NOT NULL DEFAULT 0.25,
  previous_source jsonb,
  planned_at timestamptz,
  swept_at timestamptz,
  needs_old_sweep boolean NOT NULL DEFAULT false,
  live_rows bigint NOT NULL DEFAULT 0,
  live_tokens bigint NOT NULL DEFAULT 0,
  switched_at timestamptz,
  old_column jsonb,
  archive name,
  purged_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT models_differ CHECK (from_model <> to_model),
  CONSTRAINT phase_is_known CHECK (phase IN ('expand', 'backfill', 'index', 'switch', 'contract'))
);
CREATE UNIQUE INDEX one_running_migration_per_target ON reembed.migration (target) WHERE phase <> 'contract';
COMMENT ON TABLE reembed.migration IS 'Campaigns: one move of one column from one model to another.';
COMMENT ON COLUMN reembed.migration.name IS 'Name of the campaign, as in its five files.';
COMMENT ON COLUMN reembed.migration.target IS 'What is moved.';
COMMENT ON COLUMN reembed.migration.from_model IS 'The old model.';
COMMENT ON COLUMN reembed.migration.to_model IS 'The new model.';
COMMENT ON COLUMN reembed.migration.from_column IS 'Column of the old vectors until contract.';
COMMENT ON COLUMN reembed.migration.to_column IS 'Column of the new vectors until contract gives it the old name.';
COMMENT ON COLUMN reembed.migration.to_version_column IS 'Column that names the model of each new vector.';
COMMENT ON COLUMN reembed.migration.from_version_column IS 'Column that names the model of each old vector, where an earlier campaign left one.';
COMMENT ON COLUMN reembed.migration.index_name IS 'Index on the new vectors; null when none is wanted.';
COMMENT ON COLUMN reembed.migration.phase IS 'The phase last entered: expand, backfill, index, switch or contract.';
COMMENT ON COLUMN reembed.migration.phase_entered_at IS 'When that was.';
COMMENT ON COLUMN reembed.migration.phase_entered_by IS 'Which role did it.';
COMMENT ON COLUMN reembed.migration.tokens_per_character IS 'Measured on a sample of the rows; turns characters into expected tokens.';
COMMENT ON COLUMN reembed.migration.previous_source IS 'Key and text of the target before this campaign, for the way back; null when the campaign made the target.';
COMMENT ON COLUMN reembed.migration.planned_at IS 'When the ledger was planned.';
COMMENT ON COLUMN reembed.migration.swept_at IS 'When the table was last searched for rows that no batch had seen.';
COMMENT ON COLUMN reembed.migration.needs_old_sweep IS 'Whether the old model is kept current again, and rows written meanwhile are still to be found.';
COMMENT ON COLUMN reembed.migration.live_rows IS 'Vectors stored for rows the application wrote meanwhile, of both models.';
COMMENT ON COLUMN reembed.migration.live_tokens IS 'Tokens the provider counted for them.';
COMMENT ON COLUMN reembed.migration.switched_at IS 'When the live view last moved to the new model; the soak time counts from here.';
COMMENT ON COLUMN reembed.migration.old_column IS 'Definition of the old column and its indexes, kept at contract for the way back.';
COMMENT ON COLUMN reembed.migration.archive IS 'Table in schema reembed that holds the old vectors after contract.';
COMMENT ON COLUMN reembed.migration.purged_at IS 'When the archive was dropped; from then on there is no way back.';
COMMENT ON COLUMN reembed.migration.created_at IS 'When the campaign was expanded.';

CREATE TABLE reembed.batch (
  migration text NOT NULL REFERENCES reembed.migration ON DELETE CASCADE,
  id bigint NOT NULL,
  first_block bigint NOT NULL,
  last_block bigint NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  rows integer NOT NULL,
  embedded_rows integer NOT NULL DEFAULT 0,
  other_rows integer NOT NULL DEFAULT 0,
  tokens bigint NOT NULL DEFAULT 0,
  requests integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  error text,
  started_at timestamptz,
  failed_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (migration, id),
  CONSTRAINT batch_state_is_known CHECK (state IN ('pending', 'done')),
  CONSTRAINT blocks_are_in_order CHECK (first_block <= last_block),
  CONSTRAINT done_batches_are_finished CHECK (state <> 'done' OR finished_at IS NOT NULL)
);
CREATE INDEX batch_pending ON reembed.batch (migration, id) WHERE state = 'pending';
COMMENT ON TABLE reembed.batch IS 'The ledger: ranges of the table and what became of them. Progress and ETA read this, never the table itself.';
COMMENT ON COLUMN reembed.batch.migration IS 'Campaign of the batch.';
COMMENT ON COLUMN reembed.batch.id IS 'Position in heap order, from 1.';
COMMENT ON COLUMN reembed.batch.first_block IS 'First heap block of the range.';
COMMENT ON COLUMN reembed.batch.last_block IS 'Last heap block of the range.';
COMMENT ON COLUMN reembed.batch.state IS 'pending or done. Who works on it is known to the queue.';
COMMENT ON COLUMN reembed.batch.rows IS 'Rows with a text when the batch was planned.';
COMMENT ON COLUMN reembed.batch.embedded_rows IS 'Rows that got their new vector from this batch.';
COMMENT ON COLUMN reembed.batch.other_rows IS 'Planned rows that others settled: deleted, changed, moved, or recorded in failed_row.';
COMMENT ON COLUMN reembed.batch.tokens IS 'Tokens the provider counted.';
COMMENT ON COLUMN reembed.batch.requests IS 'Requests made.';
COMMENT ON COLUMN reembed.batch.attempts IS 'How often it was begun.';
COMMENT ON COLUMN reembed.batch.error IS 'What stopped the last attempt.';
COMMENT ON COLUMN reembed.batch.started_at IS 'When the last attempt began.';
COMMENT ON COLUMN reembed.batch.failed_at IS 'When an attempt last failed for a reason that does not pass by itself; null once it was mended.';
COMMENT ON COLUMN reembed.batch.finished_at IS 'When its vectors were committed.';

CREATE SEQUENCE reembed.stale_row_version;
COMMENT ON SEQUENCE reembed.stale_row_version IS 'Orders the notes about one row, so that a note renewed meanwhile is not deleted.';

CREATE TABLE reembed.stale_row (
  target text NOT NULL,
  key jsonb NOT NULL,
  needs_old boolean NOT NULL,
  needs_new boolean NOT NULL,
  version bigint NOT NULL DEFAULT nextval('reembed.stale_row_version'),
  noted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, key)
);
COMMENT ON TABLE reembed.stale_row IS 'Rows the application changed that wait for a vector. Filled by triggers in the transaction of the change, drained by workers.';
COMMENT ON COLUMN reembed.stale_row.target IS 'Target of the row.';
COMMENT ON COLUMN reembed.stale_row.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.stale_row.needs_old IS 'Whether the vector of the old model is out of date.';
COMMENT ON COLUMN reembed.stale_row.needs_new IS 'Whether the vector of the new model is out of date.';
COMMENT ON COLUMN reembed.stale_row.version IS 'Grows with every note.';
COMMENT ON COLUMN reembed.stale_row.noted_at IS 'When the row last changed.';

CREATE TABLE reembed.failed_row (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  key jsonb NOT NULL,
  model text NOT NULL REFERENCES reembed.model,
  class text NOT NULL,
  message text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  failed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, key, model)
);
COMMENT ON TABLE reembed.failed_row IS 'Rows that cannot be embedded, with the reason. A change of the text takes the row out.';
COMMENT ON COLUMN reembed.failed_row.target IS 'Target of the row.';
COMMENT ON COLUMN reembed.failed_row.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.failed_row.model IS 'Model that refused it.';
COMMENT ON COLUMN reembed.failed_row.class IS 'Code of the error.';
COMMENT ON COLUMN reembed.failed_row.message IS 'What the provider or the check said; never the text of the row.';
COMMENT ON COLUMN reembed.failed_row.attempts IS 'How often it was tried.';
COMMENT ON COLUMN reembed.failed_row.failed_at IS 'When it last failed.';

CREATE TABLE reembed.validation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  migration text NOT NULL REFERENCES reembed.migration ON DELETE CASCADE,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now(),
  run_by text NOT NULL DEFAULT session_user,
  query_source text NOT NULL,
  queries integer NOT NULL,
  judged_queries integer NOT NULL,
  k integer NOT NULL,
  overlap double precision NOT NULL,
  index_recall double precision,
  coverage double precision NOT NULL,
  missing_rows bigint NOT NULL,
  ndcg_before double precision,
  ndcg_after double precision,
  mrr_before double precision,
  mrr_after double precision,
  recall_before double precision,
  recall_after double precision,
  passed boolean NOT NULL,
  reasons text[] NOT NULL,
  CONSTRAINT failed_validations_have_reasons CHECK (passed = (cardinality(reasons) = 0))
);
CREATE INDEX validation_newest ON reembed.validation (migration, finished_at DESC);
COMMENT ON TABLE reembed.validation IS 'Comparisons of the old and the new model on sample queries. The switch asks for a passing one.';
COMMENT ON COLUMN reembed.validation.id IS 'Number of the run.';
COMMENT ON COLUMN reembed.validation.migration IS 'Campaign that was validated.';
COMMENT ON COLUMN reembed.validation.started_at IS 'When the run began.';
COMMENT ON COLUMN reembed.validation.finished_at IS 'When the run ended.';
COMMENT ON COLUMN reembed.validation.run_by IS 'Which role ran it.';
COMMENT ON COLUMN reembed.validation.query_source IS 'Where the queries came from: rows, a file or a table.';
COMMENT ON COLUMN reembed.validation.queries IS 'Queries compared.';
COMMENT ON COLUMN reembed.validation.judged_queries IS 'Queries that had judgements.';
COMMENT ON COLUMN reembed.validation.k IS 'Depth of the result lists.';
COMMENT ON COLUMN reembed.validation.overlap IS 'Mean share of the k nearest rows that both models return, 0 to 1.';
COMMENT ON COLUMN reembed.validation.index_recall IS 'Mean share of the exact k nearest rows that the new index returns; null without an index.';
COMMENT ON COLUMN reembed.validation.coverage IS 'Share of the rows with a text that have a new vector.';
COMMENT ON COLUMN reembed.validation.missing_rows IS 'Rows with a text but without a new vector.';
COMMENT ON COLUMN reembed.validation.ndcg_before IS 'nDCG@k of the old model on the judged queries.';
COMMENT ON COLUMN reembed.validation.ndcg_after IS 'nDCG@k of the new model.';
COMMENT ON COLUMN reembed.validation.mrr_before IS 'Mean reciprocal rank of the old model.';
COMMENT ON COLUMN reembed.validation.mrr_after IS 'Mean reciprocal rank of the new model.';
COMMENT ON COLUMN reembed.validation.recall_before IS 'Recall@k of the old model against the judgements.';
COMMENT ON COLUMN reembed.validation.recall_after IS 'Recall@k of the new model against the judgements.';
COMMENT ON COLUMN reembed.validation.passed IS 'Whether every threshold in setting was met.';
COMMENT ON COLUMN reembed.validation.reasons IS 'Thresholds that were missed; empty when it passed.';

CREATE TABLE reembed.validation_query (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  ordinal integer NOT NULL,
  query text NOT NULL,
  overlap double precision NOT NULL,
  index_recall double precision,
  ndcg_before double precision,
  ndcg_after double precision,
  PRIMARY KEY (validation, ordinal)
);
COMMENT ON TABLE reembed.validation_query IS 'The single queries of a validation.';
COMMENT ON COLUMN reembed.validation_query.validation IS 'Run of the query.';
COMMENT ON COLUMN reembed.validation_query.ordinal IS 'Position in the run, from 1.';
COMMENT ON COLUMN reembed.validation_query.query IS 'Id or text of the query, or the key of the row it was drawn from.';
COMMENT ON COLUMN reembed.validation_query.overlap IS 'Share of the k nearest rows that both models return.';
COMMENT ON COLUMN reembed.validation_query.index_recall IS 'Share of the exact k nearest rows that the new index returns.';
COMMENT ON COLUMN reembed.validation_query.ndcg_before IS 'nDCG@k of the old model.';
COMMENT ON COLUMN reembed.validation_query.ndcg_after IS 'nDCG@k of the new model.';

CREATE TABLE reembed.provider_quota (
  model text PRIMARY KEY REFERENCES reembed.model ON DELETE CASCADE,
  requests double precision NOT NULL,
  tokens double precision NOT NULL,
  refilled_at timestamptz NOT NULL DEFAULT now(),
  held_until timestamptz,
  hold_reason text
);
COMMENT ON TABLE reembed.provider_quota IS 'What may still be sent to a model''s provider in this minute, over all workers.';
COMMENT ON COLUMN reembed.provider_quota.model IS 'The model.';
COMMENT ON COLUMN reembed.provider_quota.requests IS 'Requests left.';
COMMENT ON COLUMN reembed.provider_quota.tokens IS 'Tokens left; below zero after a request larger than expected.';
COMMENT ON COLUMN reembed.provider_quota.refilled_at IS 'When the two were last topped up.';
COMMENT ON COLUMN reembed.provider_quota.held_until IS 'No request before this time, because the provider asked to wait.';
COMMENT ON COLUMN reembed.provider_quota.hold_reason IS 'What the provider said.';

CREATE TABLE reembed.worker (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE reembed.worker IS 'Worker processes; one not seen for 30 seconds is gone.';
COMMENT ON COLUMN reembed.worker.id IS 'Drawn anew at every start.';
COMMENT ON COLUMN reembed.worker.host IS 'Host name.';
COMMENT ON COLUMN reembed.worker.pid IS 'Process id on that host.';
COMMENT ON COLUMN reembed.worker.started_at IS 'When it started.';
COMMENT ON COLUMN reembed.worker.seen_at IS 'Its last sign of life.';

CREATE TABLE reembed.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL DEFAULT session_user,
  target text,
  migration text,
  kind text NOT NULL,
  from_value text,
  to_value text,
  reason text
);
COMMENT ON TABLE reembed.event IS 'Audit: every change of state, append-only.';
COMMENT ON COLUMN reembed.event.id IS 'Number of the event.';
COMMENT ON COLUMN reembed.event.at IS 'When it happened.';
COMMENT ON COLUMN reembed.event.actor IS 'Which role did it.';
COMMENT ON COLUMN reembed.event.target IS 'Target it concerns.';
COMMENT ON COLUMN reembed.event.migration IS 'Campaign it concerns.';
COMMENT ON COLUMN reembed.event.kind IS 'What changed: phase, or the name of a setting.';
COMMENT ON COLUMN reembed.event.from_value IS 'Value before.';
COMMENT ON COLUMN reembed.event.to_value IS 'Value after.';
COMMENT ON COLUMN reembed.event.reason IS 'Why, where one was given.';
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

-- A campaign that is still here has columns or an archive in it: dropping these tables would orphan them.
DO $$
BEGIN
  IF EXISTS (SELECT FROM reembed.migration) THEN
    RAISE EXCEPTION 'campaigns are still recorded in reembed.migration'
      USING ERRCODE = 'RE001', HINT = 'Take each campaign down first: npm run migrate down';
  END IF;
END $$;

DROP TABLE reembed.event, reembed.worker, reembed.provider_quota, reembed.validation_query, reembed.validation, reembed.failed_row,
  reembed.stale_row, reembed.batch, reembed.migration, reembed.setting, reembed.target, reembed.model, reembed.installation;
DROP SEQUENCE reembed.stale_row_version;
ALTER TABLE reembed.schema_migration DROP COLUMN sha256;
`);
};

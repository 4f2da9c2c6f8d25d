// The tables of schema reembed. Tables are history and live here; functions, views and triggers are current text and live in sql/.

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const up = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

ALTER TABLE reembed.schema_migration ADD COLUMN IF NOT EXISTS sha256 text, ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
COMMENT ON SCHEMA reembed IS 'pg-reembed: moves a live table from one embedding model to another. SELECT * FROM reembed.progress shows the progress of each campaign.';
COMMENT ON TABLE reembed.schema_migration IS 'Migration files that have run, oldest first.';
COMMENT ON COLUMN reembed.schema_migration.sha256 IS 'Digest of the file when it ran; a file edited afterwards is refused.';
COMMENT ON COLUMN reembed.schema_migration.forgotten_at IS 'When its campaign was forgotten or released: its files are ignored from then on, whether or not they are still there.';

CREATE TABLE reembed.installation (
  is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
  objects_version integer NOT NULL,
  files_digest text,
  objects_digest text,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE reembed.installation IS 'The state of sql/ that the installed functions, views and triggers come from; one row.';
COMMENT ON COLUMN reembed.installation.is_one IS 'Always true: there is one row.';
COMMENT ON COLUMN reembed.installation.objects_version IS 'Version of the objects. A toolkit that knows only earlier versions refuses to work with them.';
COMMENT ON COLUMN reembed.installation.files_digest IS 'Digest of the files; null until every target is recompiled.';
COMMENT ON COLUMN reembed.installation.objects_digest IS 'reembed.objects_digest() after they were applied; null until every target is recompiled.';
COMMENT ON COLUMN reembed.installation.applied_at IS 'When they were applied.';

CREATE TABLE reembed.template (
  name text PRIMARY KEY,
  body text NOT NULL
);
COMMENT ON TABLE reembed.template IS 'Templates that reembed.compile_target() renders into the objects of a target: the files of sql/target/.';
COMMENT ON COLUMN reembed.template.name IS 'Name of the file.';
COMMENT ON COLUMN reembed.template.body IS 'SQL with {named} placeholders.';

CREATE TABLE reembed.element_type (
  name text PRIMARY KEY,
  bytes_per_dimension numeric NOT NULL,
  max_indexed_dimensions integer NOT NULL,
  norm_function name NOT NULL,
  cosine_operator_class name NOT NULL,
  l2_operator_class name NOT NULL,
  inner_product_operator_class name NOT NULL
);
COMMENT ON TABLE reembed.element_type IS 'Vector types of pgvector and the properties that differ between them.';
COMMENT ON COLUMN reembed.element_type.name IS 'Name of the type.';
COMMENT ON COLUMN reembed.element_type.bytes_per_dimension IS 'Bytes of one component.';
COMMENT ON COLUMN reembed.element_type.max_indexed_dimensions IS 'Maximum number of dimensions of an index.';
COMMENT ON COLUMN reembed.element_type.norm_function IS 'Function of pgvector that returns the length of a vector.';
COMMENT ON COLUMN reembed.element_type.cosine_operator_class IS 'Operator class of an index for cosine distance.';
COMMENT ON COLUMN reembed.element_type.l2_operator_class IS 'Operator class of an index for Euclidean distance.';
COMMENT ON COLUMN reembed.element_type.inner_product_operator_class IS 'Operator class of an index for inner product.';

CREATE TABLE reembed.model (
  name text PRIMARY KEY,
  provider_model text NOT NULL,
  dimensions integer NOT NULL,
  element_type text NOT NULL REFERENCES reembed.element_type,
  distance text NOT NULL,
  document_prefix text NOT NULL DEFAULT '',
  query_prefix text NOT NULL DEFAULT '',
  send_dimensions boolean NOT NULL DEFAULT false,
  token_limit integer,
  usd_per_million_tokens numeric,
  provider text,
  fingerprint text NOT NULL GENERATED ALWAYS AS (md5(provider_model || '|' || dimensions::text || '|' || document_prefix || '|' || query_prefix)) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  batch_api_price_factor numeric NOT NULL DEFAULT 0.5,
  CONSTRAINT batch_api_price_factor_is_a_share CHECK (batch_api_price_factor BETWEEN 0 AND 1),
  CONSTRAINT dimensions_are_positive CHECK (dimensions > 0),
  CONSTRAINT distance_is_known CHECK (distance IN ('cosine', 'l2', 'inner_product'))
);
COMMENT ON TABLE reembed.model IS 'Embedding models. Contains no API keys or addresses: those come from the environment of the process that calls the provider.';
COMMENT ON COLUMN reembed.model.name IS 'Name of the vector space, as shown in embedding_model and compared by query_vector().';
COMMENT ON COLUMN reembed.model.provider_model IS 'Name sent to the provider (on Azure the deployment).';
COMMENT ON COLUMN reembed.model.dimensions IS 'Components of every vector of the model.';
COMMENT ON COLUMN reembed.model.element_type IS 'vector (4 bytes a component) or halfvec (2 bytes).';
COMMENT ON COLUMN reembed.model.distance IS 'cosine, l2 or inner_product; determines the operator class of the index.';
COMMENT ON COLUMN reembed.model.document_prefix IS 'Prefix of each stored text.';
COMMENT ON COLUMN reembed.model.query_prefix IS 'Prefix of each query text.';
COMMENT ON COLUMN reembed.model.send_dimensions IS 'Whether requests contain the dimensions parameter.';
COMMENT ON COLUMN reembed.model.token_limit IS 'Maximum tokens of one text; null when unknown.';
COMMENT ON COLUMN reembed.model.usd_per_million_tokens IS 'Price in US dollars per million tokens; null when unknown.';
COMMENT ON COLUMN reembed.model.provider IS 'Name of its provider in reembed.config.ts, .js or .json; null: the provider of the environment (OPENAI_…, for an old model OPENAI_OLD_…).';
COMMENT ON COLUMN reembed.model.fingerprint IS 'Digest of everything that defines the vector space: two models with the same fingerprint are the same space.';
COMMENT ON COLUMN reembed.model.created_at IS 'When the model was registered.';
COMMENT ON COLUMN reembed.model.batch_api_price_factor IS 'Price of a token by the batch API, as a share of usd_per_million_tokens.';

CREATE TYPE reembed.joined_table AS (
  relation regclass,
  alias name,
  attnums smallint[],
  names text[],
  key_attnums smallint[],
  of_position integer,
  of_attnums smallint[]
);
COMMENT ON TYPE reembed.joined_table IS 'A table that the text of a target takes columns from, and how it is joined.';
COMMENT ON COLUMN reembed.joined_table.relation IS 'The table.';
COMMENT ON COLUMN reembed.joined_table.alias IS 'Its name in text_sql.';
COMMENT ON COLUMN reembed.joined_table.attnums IS 'Numbers of its columns that the text and the joins read.';
COMMENT ON COLUMN reembed.joined_table.names IS 'Names of these columns at registration; text_sql uses them.';
COMMENT ON COLUMN reembed.joined_table.key_attnums IS 'Numbers of its columns that are compared; they are unique.';
COMMENT ON COLUMN reembed.joined_table.of_position IS 'Place in target.joined_tables of the table that it is joined to; 0 is the table of the target.';
COMMENT ON COLUMN reembed.joined_table.of_attnums IS 'Numbers of the columns of that table that they are compared with, in the same order.';

CREATE TABLE reembed.target (
  name text PRIMARY KEY,
  relation regclass NOT NULL,
  column_name name NOT NULL,
  key_attnums smallint[] NOT NULL,
  key_names text[] NOT NULL,
  text_attnums smallint[] NOT NULL,
  text_names text[] NOT NULL,
  text_sql text NOT NULL,
  is_expression boolean NOT NULL,
  joined_tables reembed.joined_table[] NOT NULL DEFAULT '{}',
  live_view name NOT NULL,
  live_model_column name NOT NULL,
  view_columns jsonb NOT NULL DEFAULT '[]',
  suffix name NOT NULL UNIQUE,
  application_path text NOT NULL,
  unhooked jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  part text NOT NULL DEFAULT '',
  part_sql text,
  part_attnums smallint[] NOT NULL DEFAULT '{}',
  part_names text[] NOT NULL DEFAULT '{}',
  part_may_fail text[] NOT NULL DEFAULT '{}',
  CONSTRAINT one_target_per_part UNIQUE (relation, column_name, part),
  CONSTRAINT part_has_a_clause CHECK ((part <> '') = (part_sql IS NOT NULL)),
  CONSTRAINT key_is_not_empty CHECK (cardinality(key_attnums) > 0),
  CONSTRAINT keys_have_names CHECK (cardinality(key_attnums) = cardinality(key_names)),
  CONSTRAINT texts_have_names CHECK (cardinality(text_attnums) = cardinality(text_names))
);
CREATE TABLE reembed.leaf (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  relation regclass NOT NULL,
  swept_at timestamptz,
  archived_at timestamptz,
  PRIMARY KEY (target, relation)
);
COMMENT ON TABLE reembed.leaf IS 'Leaves of partitioned tables that pg-reembed has seen; of an ordinary table, itself.';
COMMENT ON COLUMN reembed.leaf.target IS 'The target.';
COMMENT ON COLUMN reembed.leaf.relation IS 'A table that holds rows of it: a partition that is not partitioned itself.';
COMMENT ON COLUMN reembed.leaf.swept_at IS 'When all of its rows were last searched for missing vectors; null until that is done for a leaf that was created or attached in mid-campaign.';
COMMENT ON COLUMN reembed.leaf.archived_at IS 'When contract had copied all of its old vectors to the archive.';

COMMENT ON TABLE reembed.target IS 'Tables and vector columns that pg-reembed manages. Columns are stored by number, so that a renamed column is still found.';
COMMENT ON COLUMN reembed.target.name IS 'schema.table.column, as first registered; for a part of the table, schema.table.column.part.';
COMMENT ON COLUMN reembed.target.relation IS 'The table.';
COMMENT ON COLUMN reembed.target.column_name IS 'The vector column of the application, by its name at registration; the live view names the vector so.';
COMMENT ON COLUMN reembed.target.key_attnums IS 'Column numbers of the primary key, in its order.';
COMMENT ON COLUMN reembed.target.key_names IS 'Names of the key columns at registration; failed_row uses them for keys.';
COMMENT ON COLUMN reembed.target.text_attnums IS 'Numbers of the columns that the text is built from.';
COMMENT ON COLUMN reembed.target.text_names IS 'Names of these columns at registration; text_sql uses them.';
COMMENT ON COLUMN reembed.target.text_sql IS 'SQL over text_names that returns the text to embed.';
COMMENT ON COLUMN reembed.target.is_expression IS 'Whether text_sql is an expression of the user, which may fail on a row.';
COMMENT ON COLUMN reembed.target.joined_tables IS 'Other tables that text_sql reads (create --text-from), in the order of the joins.';
COMMENT ON COLUMN reembed.target.live_view IS 'View that the application searches through, in the schema of the table.';
COMMENT ON COLUMN reembed.target.live_model_column IS 'Column of the live view that names the live model.';
COMMENT ON COLUMN reembed.target.view_columns IS 'Columns of the views in their order, each with its name and its column number in the table; 0 is the vector, -1 the name of the model.';
COMMENT ON COLUMN reembed.target.suffix IS 'Suffix of the names of the objects that are compiled for the target.';
COMMENT ON COLUMN reembed.target.application_path IS 'search_path of the application: storing a vector runs the table''s own triggers and functions under it.';
COMMENT ON COLUMN reembed.target.unhooked IS 'What rehook() restores: views with their owners, options and grants; null while the objects are in place.';
COMMENT ON COLUMN reembed.target.created_at IS 'When the column was first registered.';
COMMENT ON COLUMN reembed.target.part IS 'Name of the part of the table (create --part); empty for the whole table.';
COMMENT ON COLUMN reembed.target.part_sql IS 'Which rows belong to the part, as SQL over part_names (create --where).';
COMMENT ON COLUMN reembed.target.part_attnums IS 'Numbers of the columns that part_sql reads.';
COMMENT ON COLUMN reembed.target.part_names IS 'Names of these columns at registration.';
COMMENT ON COLUMN reembed.target.part_may_fail IS 'Functions of part_sql that may fail on a row, as far as PostgreSQL knows.';

CREATE TABLE reembed.schema_view (
  schema name NOT NULL,
  relation regclass NOT NULL,
  model text,
  view regclass NOT NULL,
  definition text NOT NULL,
  PRIMARY KEY (schema, relation),
  CONSTRAINT one_definition_per_view UNIQUE (view)
);
COMMENT ON TABLE reembed.schema_view IS 'Views that show a table under its own name with the vectors of one model, for applications that choose the model by their search_path; written by replace_schema_views().';
COMMENT ON COLUMN reembed.schema_view.schema IS 'The schema of the view, to be named in a search_path in front of that of the table.';
COMMENT ON COLUMN reembed.schema_view.relation IS 'The table.';
COMMENT ON COLUMN reembed.schema_view.model IS 'The model whose vectors it shows; null: the live model.';
COMMENT ON COLUMN reembed.schema_view.view IS 'The view.';
COMMENT ON COLUMN reembed.schema_view.definition IS 'The SQL that created it, to tell whether it must be replaced.';

CREATE TABLE reembed.model_schema (
  name name PRIMARY KEY
);
COMMENT ON TABLE reembed.model_schema IS 'Schemas that make_model_schema() created. A comment would tell too, but pg_dump may leave comments out.';
COMMENT ON COLUMN reembed.model_schema.name IS 'The schema.';

CREATE TABLE reembed.search_function (
  schema name NOT NULL,
  name name NOT NULL,
  target text NOT NULL,
  view name,
  campaign text,
  PRIMARY KEY (schema, name),
  CONSTRAINT searches_a_view_or_over_a_bridge CHECK ((view IS NULL) <> (campaign IS NULL))
);
COMMENT ON TABLE reembed.search_function IS 'Functions that applications search with. An entry outlives its target and campaign, so that the function can still be dropped.';
COMMENT ON COLUMN reembed.search_function.schema IS 'The schema of the function.';
COMMENT ON COLUMN reembed.search_function.name IS 'The function.';
COMMENT ON COLUMN reembed.search_function.target IS 'The target.';
COMMENT ON COLUMN reembed.search_function.view IS 'The view that it searches through.';
COMMENT ON COLUMN reembed.search_function.campaign IS 'The campaign over whose bridge it searches.';

CREATE TABLE reembed.setting (
  target text PRIMARY KEY REFERENCES reembed.target ON DELETE CASCADE,
  read_model text NOT NULL REFERENCES reembed.model,
  paused boolean NOT NULL DEFAULT false,
  paused_by text,
  paused_reason text,
  requests_per_minute integer,
  tokens_per_minute integer,
  keep_old_current boolean NOT NULL DEFAULT true,
  old_model_gone boolean NOT NULL DEFAULT false,
  max_failed_rows integer NOT NULL DEFAULT 0,
  min_overlap numeric,
  min_index_recall numeric NOT NULL DEFAULT 0.95,
  candidates integer NOT NULL DEFAULT 200,
  max_ndcg_loss numeric NOT NULL DEFAULT 0.05,
  soak interval NOT NULL DEFAULT '7 days',
  updated_at timestamptz NOT NULL DEFAULT now(),
  max_replica_lag_bytes bigint DEFAULT 67108864,
  max_wal_backlog_bytes bigint DEFAULT 10737418240,
  max_lock_waits integer DEFAULT 2,
  yields_to_vacuum boolean NOT NULL DEFAULT false,
  max_read_slowdown numeric DEFAULT 1.3,
  min_filtered_rows numeric NOT NULL DEFAULT 0.9,
  max_latency_ratio numeric DEFAULT 3,
  max_audit_share numeric NOT NULL DEFAULT 0.01,
  min_audit_similarity numeric NOT NULL DEFAULT 0.999,
  max_shared_vectors numeric NOT NULL DEFAULT 0.05,
  max_odd_norms numeric NOT NULL DEFAULT 0.05,
  max_changed_old_rows bigint,
  query_log_percent numeric NOT NULL DEFAULT 0,
  query_log_rows integer NOT NULL DEFAULT 10000,
  canary_percent numeric NOT NULL DEFAULT 0,
  canary_steps numeric[],
  canary_step_time interval NOT NULL DEFAULT '01:00:00',
  shadow_percent numeric NOT NULL DEFAULT 0,
  shadow_per_second integer NOT NULL DEFAULT 5,
  shadow_timeout interval NOT NULL DEFAULT '00:00:05',
  shadow_rows integer NOT NULL DEFAULT 10000,
  shadow_keeps_text boolean NOT NULL DEFAULT false,
  shadow_sample integer NOT NULL DEFAULT 100,
  min_shadow_overlap numeric,
  max_shadow_errors numeric DEFAULT 0.2,
  known_items integer NOT NULL DEFAULT 3,
  min_known_items numeric NOT NULL DEFAULT 0.8,
  max_outdated_seconds integer DEFAULT 300,
  watch_window interval NOT NULL DEFAULT '00:15:00',
  alert_after interval NOT NULL DEFAULT '00:01:00',
  auto_revert boolean NOT NULL DEFAULT false,
  maintained_by text NOT NULL DEFAULT 'workers',
  max_text_bytes integer NOT NULL DEFAULT 1048576,
  max_tokens bigint,
  max_usd numeric,
  CONSTRAINT a_gone_model_is_not_kept_current CHECK (NOT (old_model_gone AND keep_old_current)),
  CONSTRAINT alert_after_is_not_negative CHECK (alert_after >= '00:00:00'),
  CONSTRAINT canary_percent_is_a_percentage CHECK (canary_percent BETWEEN 0 AND 100),
  CONSTRAINT canary_step_time_is_not_negative CHECK (canary_step_time >= '00:00:00'),
  CONSTRAINT canary_steps_are_percentages CHECK (cardinality(canary_steps) > 0 AND 0 < ALL (canary_steps) AND 100 >= ALL (canary_steps)),
  CONSTRAINT known_items_is_not_negative CHECK (known_items >= 0),
  CONSTRAINT maintained_by_is_known CHECK (maintained_by IN ('workers', 'application')),
  CONSTRAINT paused_by_is_known CHECK (paused_by IN ('person', 'worker', 'breaker', 'spend_cap')),
  CONSTRAINT max_audit_share_is_a_share CHECK (max_audit_share > 0 AND max_audit_share < 1),
  CONSTRAINT max_changed_old_rows_is_not_negative CHECK (max_changed_old_rows >= 0),
  CONSTRAINT max_failed_rows_is_not_negative CHECK (max_failed_rows >= 0),
  CONSTRAINT max_latency_ratio_is_positive CHECK (max_latency_ratio > 0),
  CONSTRAINT max_lock_waits_is_not_negative CHECK (max_lock_waits >= 0),
  CONSTRAINT max_ndcg_loss_is_a_share CHECK (max_ndcg_loss BETWEEN 0 AND 1),
  CONSTRAINT max_odd_norms_is_a_share CHECK (max_odd_norms BETWEEN 0 AND 1),
  CONSTRAINT max_read_slowdown_is_more_than_one CHECK (max_read_slowdown > 1),
  CONSTRAINT max_replica_lag_bytes_is_positive CHECK (max_replica_lag_bytes > 0),
  CONSTRAINT max_shadow_errors_is_a_share CHECK (max_shadow_errors BETWEEN 0 AND 1),
  CONSTRAINT max_shared_vectors_is_a_share CHECK (max_shared_vectors BETWEEN 0 AND 1),
  CONSTRAINT max_outdated_seconds_is_positive CHECK (max_outdated_seconds > 0),
  CONSTRAINT max_text_bytes_is_positive CHECK (max_text_bytes > 0),
  CONSTRAINT max_tokens_is_positive CHECK (max_tokens > 0),
  CONSTRAINT max_usd_is_positive CHECK (max_usd > 0),
  CONSTRAINT max_wal_backlog_bytes_is_positive CHECK (max_wal_backlog_bytes > 0),
  CONSTRAINT min_audit_similarity_is_at_most_one CHECK (min_audit_similarity BETWEEN -1 AND 1),
  CONSTRAINT min_filtered_rows_is_a_share CHECK (min_filtered_rows BETWEEN 0 AND 1),
  CONSTRAINT candidates_are_between_10_and_1000 CHECK (candidates BETWEEN 10 AND 1000),
  CONSTRAINT min_index_recall_is_a_share CHECK (min_index_recall BETWEEN 0 AND 1),
  CONSTRAINT min_known_items_is_a_share CHECK (min_known_items BETWEEN 0 AND 1),
  CONSTRAINT min_overlap_is_a_share CHECK (min_overlap BETWEEN 0 AND 1),
  CONSTRAINT min_shadow_overlap_is_a_share CHECK (min_shadow_overlap BETWEEN 0 AND 1),
  CONSTRAINT query_log_percent_is_a_percentage CHECK (query_log_percent BETWEEN 0 AND 100),
  CONSTRAINT query_log_rows_is_positive CHECK (query_log_rows > 0),
  CONSTRAINT requests_per_minute_is_positive CHECK (requests_per_minute > 0),
  CONSTRAINT shadow_per_second_is_positive CHECK (shadow_per_second > 0),
  CONSTRAINT shadow_percent_is_a_percentage CHECK (shadow_percent BETWEEN 0 AND 100),
  CONSTRAINT shadow_rows_is_not_negative CHECK (shadow_rows >= 0),
  CONSTRAINT shadow_sample_is_positive CHECK (shadow_sample > 0),
  CONSTRAINT shadow_timeout_is_positive CHECK (shadow_timeout > '00:00:00'),
  CONSTRAINT soak_is_not_negative CHECK (soak >= '00:00:00'),
  CONSTRAINT tokens_per_minute_is_positive CHECK (tokens_per_minute > 0),
  CONSTRAINT watch_window_is_positive CHECK (watch_window > '00:00:00')
);
COMMENT ON TABLE reembed.setting IS 'Settings that a DBA changes with UPDATE; triggers check, apply and audit them and notify.';
COMMENT ON COLUMN reembed.setting.target IS 'The target that the settings apply to.';
COMMENT ON COLUMN reembed.setting.read_model IS 'The live model: the one that the live view reads. Changing it is the switch.';
COMMENT ON COLUMN reembed.setting.paused IS 'true: workers finish the current batch and wait.';
COMMENT ON COLUMN reembed.setting.paused_by IS 'What paused it: person, worker (it could not start or continue), breaker (too many batches or rows failed), or spend_cap (max_tokens or max_usd is reached).';
COMMENT ON COLUMN reembed.setting.paused_reason IS 'Reason of the pause, when given or when pg-reembed paused it.';
COMMENT ON COLUMN reembed.setting.requests_per_minute IS 'Provider requests a minute over all workers; null: no limit.';
COMMENT ON COLUMN reembed.setting.tokens_per_minute IS 'Provider tokens a minute over all workers; null: no limit.';
COMMENT ON COLUMN reembed.setting.keep_old_current IS 'Whether workers embed changed rows with the old model too, so that switching back loses nothing. false when the old model can no longer be called.';
COMMENT ON COLUMN reembed.setting.old_model_gone IS 'Whether nobody can call the old model any more, so that no query can be embedded with it: it is not kept current, not called by validations, and a rollback of the switch must be accepted. Set by migrate create --old-model-gone; may be set later.';
COMMENT ON COLUMN reembed.setting.max_failed_rows IS 'Maximum number of rows without a new vector when the index is built.';
COMMENT ON COLUMN reembed.setting.min_overlap IS 'Minimum mean overlap@10 of old and new results, 0 to 1; null: overlap is not judged, because two good models may share few results.';
COMMENT ON COLUMN reembed.setting.candidates IS 'Rows that a binary or subvector index returns to a search, to be ranked by the exact distance: default of the function reembed_live.nearest_…, and what validations and checks use. Where each partition has an index, the function shares them among the partitions.';
COMMENT ON COLUMN reembed.setting.min_index_recall IS 'Minimum mean recall of the new index against the exact scan, 0 to 1. The 95 % interval must be above it.';
COMMENT ON COLUMN reembed.setting.max_ndcg_loss IS 'Largest loss of nDCG that is tolerated, as a share of the old figure, 0 to 1; a loss of 0.01 always is.';
COMMENT ON COLUMN reembed.setting.soak IS 'How long the new model must have been live before contract.';
COMMENT ON COLUMN reembed.setting.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN reembed.setting.max_replica_lag_bytes IS 'The backfill stops while a standby is more than this many bytes of WAL behind; null: no limit.';
COMMENT ON COLUMN reembed.setting.max_wal_backlog_bytes IS 'The backfill stops while more than this many bytes of WAL are kept for a replication slot or wait to be archived; null: no limit.';
COMMENT ON COLUMN reembed.setting.max_lock_waits IS 'The backfill stops while more than this many sessions wait for locks on the table or its rows; null: no limit.';
COMMENT ON COLUMN reembed.setting.yields_to_vacuum IS 'true: the backfill writes only a quarter of the time during every vacuum of the table; false: only during one that prevents wraparound.';
COMMENT ON COLUMN reembed.setting.max_read_slowdown IS 'The backfill slows down while searches beside its writes take more than this many times as long as while workers rest, and more than a millisecond longer, at the 95th percentile; null: no limit.';
COMMENT ON COLUMN reembed.setting.min_filtered_rows IS 'Minimum mean share of the wanted rows that a search with a filter must return, 0 to 1; with an iterative scan, where pgvector has it.';
COMMENT ON COLUMN reembed.setting.max_latency_ratio IS 'Maximum ratio of the median search times of the new and the old model, in a validation and in shadow reads; differences up to 10 ms are ignored; null: no limit.';
COMMENT ON COLUMN reembed.setting.max_audit_share IS 'Largest share of stored vectors that may differ from those that the provider returns now, between 0 and 1. The audit must show it at 95 % confidence.';
COMMENT ON COLUMN reembed.setting.min_audit_similarity IS 'Minimum similarity at which a stored and a fresh vector count as equal, -1 to 1.';
COMMENT ON COLUMN reembed.setting.max_shared_vectors IS 'Maximum share of new vectors that rows with different texts share, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_odd_norms IS 'Maximum share of new vectors whose length differs much from that of the others, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_changed_old_rows IS 'Maximum number of rows whose old vector may have changed without their text since the checksum was taken; null: such rows are only a warning.';
COMMENT ON COLUMN reembed.setting.query_log_percent IS 'Percentage of the queries passed to reembed.log_query() that are kept; 0: none.';
COMMENT ON COLUMN reembed.setting.query_log_rows IS 'Maximum number of queries in reembed.query_log; the newest are kept.';
COMMENT ON COLUMN reembed.setting.canary_percent IS 'Percentage of readers, by hash of their key, who read the new model while the live view still reads the old one. An increase is refused while the gate to the switch is closed or an alert is open; a decrease never is.';
COMMENT ON COLUMN reembed.setting.canary_steps IS 'Percentages through which the watch raises canary_percent once it is above 0, each after canary_step_time without a problem, such as {1,5,25,50}; null: only manual changes.';
COMMENT ON COLUMN reembed.setting.canary_step_time IS 'How long a step of the canary must be healthy before the next.';
COMMENT ON COLUMN reembed.setting.shadow_percent IS 'Percentage of searches that are repeated against the inactive model after the answer was returned, for reembed.shadow_read. Takes effect while the new index is usable.';
COMMENT ON COLUMN reembed.setting.shadow_per_second IS 'Maximum shadow reads a second in each process of the application.';
COMMENT ON COLUMN reembed.setting.shadow_timeout IS 'Timeout of a shadow read, which then counts as an error; also how long a canary reader or a fused search waits for a vector of the inactive model.';
COMMENT ON COLUMN reembed.setting.shadow_rows IS 'Approximate number of shadow reads that are kept.';
COMMENT ON COLUMN reembed.setting.shadow_keeps_text IS 'Whether the text of the query is kept with a shadow read.';
COMMENT ON COLUMN reembed.setting.shadow_sample IS 'Number of newest shadow reads that the watch evaluates; with fewer it gives no result.';
COMMENT ON COLUMN reembed.setting.min_shadow_overlap IS 'Minimum mean overlap of old and new results in shadow reads, 0 to 1; null: half the overlap of the last validation, preferably one by queries rather than by rows.';
COMMENT ON COLUMN reembed.setting.max_shadow_errors IS 'Maximum share of shadow reads of the new model that may fail, 0 to 1; null: no limit.';
COMMENT ON COLUMN reembed.setting.known_items IS 'Rows a minute whose own text is searched for with both models while the new one has readers; each should be found. Each costs one embedding by each model; 0: none.';
COMMENT ON COLUMN reembed.setting.min_known_items IS 'Minimum share of known items that must be found, 0 to 1.';
COMMENT ON COLUMN reembed.setting.max_outdated_seconds IS 'Maximum time a changed row may wait for its vector; null: no limit.';
COMMENT ON COLUMN reembed.setting.watch_window IS 'Shadow reads and known items older than this are ignored.';
COMMENT ON COLUMN reembed.setting.alert_after IS 'How long a problem must persist before an alert is opened.';
COMMENT ON COLUMN reembed.setting.auto_revert IS 'true: the live view returns to the old model automatically when a critical alert about the new model is open.';
COMMENT ON COLUMN reembed.setting.maintained_by IS 'Who embeds changed rows after contract: workers, so that the triggers stay; or application, which stores its own vectors, so that no trigger stays on the table. Workers always maintain a side table.';
COMMENT ON COLUMN reembed.setting.max_text_bytes IS 'Maximum length of an embedded text, in bytes. A longer text never leaves the database: its row is recorded in failed_row as text_too_large. After raising it: npm run retry.';
COMMENT ON COLUMN reembed.setting.max_tokens IS 'Maximum tokens that the workers send to the providers in this campaign; at the cap they pause. Ends with contract; null: no cap.';
COMMENT ON COLUMN reembed.setting.max_usd IS 'Spend cap of the campaign in US dollars, at the prices of its models, otherwise like max_tokens; null: no cap.';

CREATE TABLE reembed.serving (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  role text NOT NULL,
  spellings text[] NOT NULL,
  name text NOT NULL,
  provider_model text NOT NULL,
  dimensions integer NOT NULL,
  element_type text NOT NULL,
  distance text NOT NULL,
  document_prefix text NOT NULL,
  query_prefix text NOT NULL,
  send_dimensions boolean NOT NULL,
  token_limit integer,
  usd_per_million_tokens double precision,
  provider text,
  view text NOT NULL,
  is_live boolean NOT NULL,
  canary_percent double precision NOT NULL,
  PRIMARY KEY (target, role),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new'))
);
COMMENT ON TABLE reembed.serving IS 'The stored answer of reads_for(), written by refresh_serving(): each model of a target, the view to search for it, and the share of readers.';
COMMENT ON COLUMN reembed.serving.target IS 'The target.';
COMMENT ON COLUMN reembed.serving.role IS 'new or old.';
COMMENT ON COLUMN reembed.serving.spellings IS 'Names by which the target may be requested.';
COMMENT ON COLUMN reembed.serving.name IS 'Name of the model.';
COMMENT ON COLUMN reembed.serving.provider_model IS 'Name sent to the provider.';
COMMENT ON COLUMN reembed.serving.dimensions IS 'Components of every vector.';
COMMENT ON COLUMN reembed.serving.element_type IS 'Type of the vectors.';
COMMENT ON COLUMN reembed.serving.distance IS 'Distance of searches with the model.';
COMMENT ON COLUMN reembed.serving.document_prefix IS 'Prefix of each stored text.';
COMMENT ON COLUMN reembed.serving.query_prefix IS 'Prefix of each query text.';
COMMENT ON COLUMN reembed.serving.send_dimensions IS 'Whether requests contain the dimensions parameter.';
COMMENT ON COLUMN reembed.serving.token_limit IS 'Maximum tokens of one text; null when unknown.';
COMMENT ON COLUMN reembed.serving.usd_per_million_tokens IS 'Price in US dollars per million tokens; null when unknown.';
COMMENT ON COLUMN reembed.serving.provider IS 'Name of its provider; null: that of the environment.';
COMMENT ON COLUMN reembed.serving.view IS 'View to search for the model, qualified and quoted.';
COMMENT ON COLUMN reembed.serving.is_live IS 'Whether the live view reads the model.';
COMMENT ON COLUMN reembed.serving.canary_percent IS 'Percentage of readers who read the new model before the switch.';

CREATE TABLE reembed.campaign (
  name text PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target,
  from_model text NOT NULL REFERENCES reembed.model,
  to_model text NOT NULL REFERENCES reembed.model,
  from_attnum smallint NOT NULL,
  from_version_attnum smallint,
  to_attnum smallint NOT NULL,
  to_version_attnum smallint,
  phase text NOT NULL,
  phase_entered_at timestamptz NOT NULL DEFAULT now(),
  phase_entered_by text NOT NULL DEFAULT session_user,
  tokens_per_character numeric NOT NULL DEFAULT 0.25,
  previous_source jsonb,
  planned_at timestamptz,
  table_rows bigint,
  rows_with_text bigint,
  swept_at timestamptz,
  needs_old_sweep boolean NOT NULL DEFAULT false,
  live_rows bigint NOT NULL DEFAULT 0,
  live_tokens bigint NOT NULL DEFAULT 0,
  switched_at timestamptz,
  table_scans bigint,
  old_column jsonb,
  archive name,
  purged_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  to_relation regclass,
  from_relation regclass,
  group_name text,
  moving text,
  moving_block bigint NOT NULL DEFAULT 0,
  CONSTRAINT models_differ CHECK (from_model <> to_model),
  CONSTRAINT moving_is_known CHECK (moving IN ('into_column', 'out_of_column', 'from_archive')),
  CONSTRAINT phase_is_known CHECK (phase IN ('expand', 'backfill', 'index', 'switch', 'contract'))
);
CREATE UNIQUE INDEX one_running_migration_per_target ON reembed.campaign (target) WHERE phase <> 'contract';
COMMENT ON TABLE reembed.campaign IS 'Campaigns: each moves one vector column from one model to another.';
COMMENT ON COLUMN reembed.campaign.name IS 'Name of the campaign, as in its five migration files.';
COMMENT ON COLUMN reembed.campaign.target IS 'Target that is moved.';
COMMENT ON COLUMN reembed.campaign.from_model IS 'The old model.';
COMMENT ON COLUMN reembed.campaign.to_model IS 'The new model.';
COMMENT ON COLUMN reembed.campaign.from_attnum IS 'Number of the column of the old vectors, in from_relation or the target''s own table.';
COMMENT ON COLUMN reembed.campaign.from_version_attnum IS 'Number of the column that names the model of each old vector; null where there is none.';
COMMENT ON COLUMN reembed.campaign.to_attnum IS 'Number of the column of the new vectors, in to_relation or the target''s own table.';
COMMENT ON COLUMN reembed.campaign.to_version_attnum IS 'Number of the column that names the model of each new vector; null where there is none, as after the contract of a part.';
COMMENT ON COLUMN reembed.campaign.phase IS 'The phase last entered: expand, backfill, index, switch or contract.';
COMMENT ON COLUMN reembed.campaign.phase_entered_at IS 'When the phase was entered.';
COMMENT ON COLUMN reembed.campaign.phase_entered_by IS 'Role that entered it.';
COMMENT ON COLUMN reembed.campaign.tokens_per_character IS 'Measured on a sample of the rows; used to estimate tokens from characters.';
COMMENT ON COLUMN reembed.campaign.previous_source IS 'Key and text of the target before this campaign, for rollback; null when the campaign registered the target.';
COMMENT ON COLUMN reembed.campaign.planned_at IS 'When the ledger was planned.';
COMMENT ON COLUMN reembed.campaign.table_rows IS 'Rows of the table when the ledger was planned.';
COMMENT ON COLUMN reembed.campaign.rows_with_text IS 'Rows of the table that had a text when the ledger was planned; the others get no vector.';
COMMENT ON COLUMN reembed.campaign.swept_at IS 'When the table was last swept for rows that no batch had seen.';
COMMENT ON COLUMN reembed.campaign.needs_old_sweep IS 'Whether the old model is maintained again and rows written meanwhile are still to be found.';
COMMENT ON COLUMN reembed.campaign.live_rows IS 'Vectors of both models stored for rows that the application wrote meanwhile.';
COMMENT ON COLUMN reembed.campaign.live_tokens IS 'Tokens the provider counted for them.';
COMMENT ON COLUMN reembed.campaign.switched_at IS 'When the live view last switched to the new model; the soak time starts here.';
COMMENT ON COLUMN reembed.campaign.table_scans IS 'Sequential scans of the table of the old vectors that the server had counted at the switch.';
COMMENT ON COLUMN reembed.campaign.old_column IS 'Definition of the old column and its indexes, and under successor that of the new ones before they took over comments and the like; kept at contract for rollback.';
COMMENT ON COLUMN reembed.campaign.archive IS 'Table in schema reembed that holds the old vectors after contract.';
COMMENT ON COLUMN reembed.campaign.purged_at IS 'When the archive was dropped; rollback is impossible from then on.';
COMMENT ON COLUMN reembed.campaign.created_at IS 'When the campaign entered phase expand.';
COMMENT ON COLUMN reembed.campaign.to_relation IS 'Side table of the new vectors; null when they are a column of the target''s table.';
COMMENT ON COLUMN reembed.campaign.group_name IS 'Table group that the campaign belongs to; null for a campaign with files of its own.';
COMMENT ON COLUMN reembed.campaign.moving IS 'Of a part of a table, what contract and its way back are moving: into_column (the new vectors from the side table into the column), out_of_column (back into the side table), from_archive (the old vectors into the column); null when nothing is being moved.';
COMMENT ON COLUMN reembed.campaign.moving_block IS 'Block of the table from which the next rows are moved.';
COMMENT ON COLUMN reembed.campaign.from_relation IS 'Side table of the old vectors, created by an earlier campaign; null when there is none.';

CREATE TABLE reembed.bridge (
  campaign text PRIMARY KEY REFERENCES reembed.campaign ON DELETE CASCADE,
  method text NOT NULL,
  regularisation double precision,
  query_map bytea NOT NULL,
  old_dimensions integer NOT NULL,
  new_dimensions integer NOT NULL,
  mapped_slope double precision NOT NULL,
  mapped_intercept double precision NOT NULL,
  old_slope double precision,
  old_intercept double precision,
  fitted_rows integer NOT NULL,
  held_out_rows integer NOT NULL,
  retention numeric NOT NULL,
  retention_low numeric NOT NULL,
  retention_high numeric NOT NULL,
  judged_queries integer,
  judged_old numeric,
  judged_bridge numeric,
  judged_new numeric,
  judged_difference numeric,
  judged_difference_low numeric,
  judged_difference_high numeric,
  fitted_by text NOT NULL DEFAULT session_user,
  fitted_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT method_is_known CHECK (method IN ('ridge', 'procrustes', 'whitened')),
  CONSTRAINT only_procrustes_is_not_regularised CHECK ((method = 'procrustes') = (regularisation IS NULL)),
  CONSTRAINT query_map_fits_its_dimensions CHECK (octet_length(query_map)::bigint = old_dimensions::bigint * new_dimensions * 4),
  CONSTRAINT old_distances_are_calibrated_together CHECK ((old_slope IS NULL) = (old_intercept IS NULL)),
  CONSTRAINT judged_figures_belong_together CHECK ((judged_queries IS NULL) = (judged_bridge IS NULL)),
  CONSTRAINT retention_is_in_its_interval CHECK (retention BETWEEN retention_low AND retention_high)
);
ALTER TABLE reembed.bridge ALTER COLUMN query_map SET STORAGE EXTERNAL;
COMMENT ON TABLE reembed.bridge IS 'Maps that let queries of the new model search the old vectors while the backfill runs, one a campaign; written by reembed bridge fit and gone with contract.';
COMMENT ON COLUMN reembed.bridge.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.bridge.method IS 'How the map was fitted: ridge (least squares, regularised), procrustes (orthogonal) or whitened (orthogonal, from whitened old vectors).';
COMMENT ON COLUMN reembed.bridge.regularisation IS 'Lambda, as a share of the mean variance of a component; null for procrustes.';
COMMENT ON COLUMN reembed.bridge.query_map IS 'Maps a query of the new model into the old space: float32, little-endian, row by row, old_dimensions rows of new_dimensions components.';
COMMENT ON COLUMN reembed.bridge.old_dimensions IS 'Dimensions of the old model: rows of the map.';
COMMENT ON COLUMN reembed.bridge.new_dimensions IS 'Dimensions of the new model: components of each row.';
COMMENT ON COLUMN reembed.bridge.mapped_slope IS 'The distance in the new space is predicted as mapped_intercept + mapped_slope * distance of the mapped query in the old space.';
COMMENT ON COLUMN reembed.bridge.mapped_intercept IS 'See mapped_slope.';
COMMENT ON COLUMN reembed.bridge.old_slope IS 'The same for a query embedded by the old model; null when the old model was not asked.';
COMMENT ON COLUMN reembed.bridge.old_intercept IS 'See old_slope.';
COMMENT ON COLUMN reembed.bridge.fitted_rows IS 'Rows that the map was fitted to.';
COMMENT ON COLUMN reembed.bridge.held_out_rows IS 'Rows that it was measured with.';
COMMENT ON COLUMN reembed.bridge.retention IS 'Share of the held-out rows that the new model finds again and the mapped query finds too; docs/bridge.md says how it is measured.';
COMMENT ON COLUMN reembed.bridge.retention_low IS 'Lower end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge.retention_high IS 'Upper end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge.judged_queries IS 'Judged queries that the map was measured with; null without any.';
COMMENT ON COLUMN reembed.bridge.judged_old IS 'nDCG@10 of the old model on them; null when it was not asked.';
COMMENT ON COLUMN reembed.bridge.judged_bridge IS 'nDCG@10 of the mapped queries on them, before any row has a new vector.';
COMMENT ON COLUMN reembed.bridge.judged_new IS 'nDCG@10 of the new model on them; null while rows lack a new vector.';
COMMENT ON COLUMN reembed.bridge.judged_difference IS 'Mean of judged_bridge minus judged_old by query; null when the old model was not asked.';
COMMENT ON COLUMN reembed.bridge.judged_difference_low IS 'Lower end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge.judged_difference_high IS 'Upper end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge.fitted_by IS 'Role that fitted it.';
COMMENT ON COLUMN reembed.bridge.fitted_at IS 'When it was fitted.';

CREATE TABLE reembed.bridge_validation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
  fitted_at timestamptz NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now(),
  run_by text NOT NULL DEFAULT session_user,
  query_source text NOT NULL,
  seed integer NOT NULL,
  k integer NOT NULL,
  candidates integer NOT NULL,
  queries integer NOT NULL,
  judged_queries integer NOT NULL,
  lexical_share double precision,
  rows bigint NOT NULL,
  embedded_rows bigint NOT NULL,
  rows_lacking_old_vector bigint NOT NULL,
  ndcg_old double precision,
  ndcg_old_low double precision,
  ndcg_old_high double precision,
  ndcg_bridge double precision,
  ndcg_bridge_low double precision,
  ndcg_bridge_high double precision,
  ndcg_new double precision,
  ndcg_new_low double precision,
  ndcg_new_high double precision,
  difference double precision,
  difference_low double precision,
  difference_high double precision,
  CONSTRAINT bridge_and_old_model_are_compared_together CHECK ((ndcg_old IS NULL) = (difference IS NULL)),
  CONSTRAINT lexical_share_is_a_share CHECK (lexical_share BETWEEN 0 AND 1)
);
CREATE INDEX bridge_validation_newest ON reembed.bridge_validation (campaign, id DESC);
COMMENT ON TABLE reembed.bridge_validation IS 'Comparisons of the bridge with the old and the new model on sample queries (validate --bridge). The gate of the bridge evaluates them: see bridge_gate().';
COMMENT ON COLUMN reembed.bridge_validation.id IS 'Number of the run.';
COMMENT ON COLUMN reembed.bridge_validation.campaign IS 'Campaign of the bridge.';
COMMENT ON COLUMN reembed.bridge_validation.fitted_at IS 'When the map that was measured was fitted. Another map is another bridge.';
COMMENT ON COLUMN reembed.bridge_validation.started_at IS 'When the run started.';
COMMENT ON COLUMN reembed.bridge_validation.finished_at IS 'When the run ended.';
COMMENT ON COLUMN reembed.bridge_validation.run_by IS 'Role that ran it.';
COMMENT ON COLUMN reembed.bridge_validation.query_source IS 'Source of the queries, as in validation.';
COMMENT ON COLUMN reembed.bridge_validation.seed IS 'Seed of samples and intervals.';
COMMENT ON COLUMN reembed.bridge_validation.k IS 'Length of the result lists.';
COMMENT ON COLUMN reembed.bridge_validation.candidates IS 'Candidates that the bridge took from the old index.';
COMMENT ON COLUMN reembed.bridge_validation.queries IS 'Queries searched for.';
COMMENT ON COLUMN reembed.bridge_validation.judged_queries IS 'Those of them with judgements.';
COMMENT ON COLUMN reembed.bridge_validation.lexical_share IS 'Mean share of the words of a query that are in the text of its row, 0 to 1; null unless the queries were made of rows.';
COMMENT ON COLUMN reembed.bridge_validation.rows IS 'Rows with a text at that time.';
COMMENT ON COLUMN reembed.bridge_validation.embedded_rows IS 'Those of them with a new vector.';
COMMENT ON COLUMN reembed.bridge_validation.rows_lacking_old_vector IS 'Rows with a text and no old vector: the old index cannot recall them.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_old IS 'nDCG@k of the old model over all rows; null when it was not asked.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_old_low IS 'Lower end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_old_high IS 'Upper end.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_bridge IS 'nDCG@k of the bridge over all rows; null without judged queries.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_bridge_low IS 'Lower end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_bridge_high IS 'Upper end.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_new IS 'nDCG@k of the new model over the rows that have its vector, by the judgements on these rows; null while no judged row has one.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_new_low IS 'Lower end of its 95 % confidence interval.';
COMMENT ON COLUMN reembed.bridge_validation.ndcg_new_high IS 'Upper end.';
COMMENT ON COLUMN reembed.bridge_validation.difference IS 'Mean of the bridge minus the old model by query; null when that was not asked.';
COMMENT ON COLUMN reembed.bridge_validation.difference_low IS 'Lower end of its 95 % confidence interval, by a paired bootstrap.';
COMMENT ON COLUMN reembed.bridge_validation.difference_high IS 'Upper end.';

CREATE TABLE reembed.bridge_validation_query (
  validation bigint NOT NULL REFERENCES reembed.bridge_validation ON DELETE CASCADE,
  ordinal integer NOT NULL,
  query_hash bytea NOT NULL,
  grade text NOT NULL,
  ndcg_old double precision,
  ndcg_bridge double precision NOT NULL,
  ndcg_new double precision,
  PRIMARY KEY (validation, ordinal),
  CONSTRAINT grade_is_known CHECK (grade IN ('people', 'rows'))
);
COMMENT ON TABLE reembed.bridge_validation_query IS 'The judged queries of a validation of the bridge.';
COMMENT ON COLUMN reembed.bridge_validation_query.validation IS 'The run.';
COMMENT ON COLUMN reembed.bridge_validation_query.ordinal IS 'Position in the run, from 1.';
COMMENT ON COLUMN reembed.bridge_validation_query.query_hash IS 'SHA-256 of its text, by which the same query is recognised in other runs.';
COMMENT ON COLUMN reembed.bridge_validation_query.grade IS 'Who judged it: people, or rows (it was made of a row, which it must find).';
COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_old IS 'nDCG@k of the old model; null when it was not asked.';
COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_bridge IS 'nDCG@k of the bridge.';
COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_new IS 'nDCG@k of the new model over the rows that have its vector; null where no judged row has one.';

CREATE TABLE reembed.bridge_known_item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  key jsonb NOT NULL,
  found boolean NOT NULL
);
CREATE INDEX bridge_known_item_newest ON reembed.bridge_known_item (target, id DESC);
COMMENT ON TABLE reembed.bridge_known_item IS 'Rows whose own text the watch searched for through the bridge, and whether the search found the row. Kept for a day.';
COMMENT ON COLUMN reembed.bridge_known_item.id IS 'Number of the search.';
COMMENT ON COLUMN reembed.bridge_known_item.target IS 'Target that was searched.';
COMMENT ON COLUMN reembed.bridge_known_item.at IS 'When it was searched for.';
COMMENT ON COLUMN reembed.bridge_known_item.key IS 'Primary key of the row, as an object of column and value.';
COMMENT ON COLUMN reembed.bridge_known_item.found IS 'Whether the row was among the nearest ten to its own text.';

CREATE TABLE reembed.wanted_row (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  key jsonb NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX wanted_row_by_target ON reembed.wanted_row (target);
CREATE SEQUENCE reembed.wanted_report_count;
COMMENT ON SEQUENCE reembed.wanted_report_count IS 'Counts reports of wanted rows by the minute; see is_within_rate().';
COMMENT ON TABLE reembed.wanted_row IS 'Rows without a new vector that searches over a bridge found, one row a report; written by report_wanted(). Workers embed the most wanted first.';
COMMENT ON COLUMN reembed.wanted_row.id IS 'Order of the reports.';
COMMENT ON COLUMN reembed.wanted_row.target IS 'Table and column.';
COMMENT ON COLUMN reembed.wanted_row.key IS 'Key of the row.';
COMMENT ON COLUMN reembed.wanted_row.reported_at IS 'When it was reported.';

CREATE TABLE reembed.acceptance (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign text NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  by text NOT NULL DEFAULT session_user,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  evidence jsonb NOT NULL,
  CONSTRAINT acceptance_has_a_reason CHECK (btrim(reason) <> '')
);
CREATE INDEX acceptance_by_campaign ON reembed.acceptance (campaign, code);
COMMENT ON TABLE reembed.acceptance IS 'Harms that a person allowed by name. An acceptance is void when there is more to accept than its evidence names.';
COMMENT ON COLUMN reembed.acceptance.id IS 'Number of the acceptance.';
COMMENT ON COLUMN reembed.acceptance.campaign IS 'Campaign it holds for; not a foreign key, because an expand file records acceptances before it creates the campaign.';
COMMENT ON COLUMN reembed.acceptance.code IS 'What is accepted, as the inventory and the gates name it.';
COMMENT ON COLUMN reembed.acceptance.reason IS 'Why, in the words of the person.';
COMMENT ON COLUMN reembed.acceptance.by IS 'Role of the session that accepted it.';
COMMENT ON COLUMN reembed.acceptance.at IS 'When it was accepted.';
COMMENT ON COLUMN reembed.acceptance.evidence IS 'What was found when it was accepted: names and numbers of rows.';

CREATE TABLE reembed.planned_index (
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
  position integer NOT NULL,
  old_name name,
  name name,
  final_name name,
  is_main boolean NOT NULL DEFAULT false,
  method text,
  leaf regclass,
  pattern integer,
  definition text,
  old_definition text,
  form text NOT NULL DEFAULT 'plain',
  dimensions integer,
  scans bigint,
  sampled_at timestamptz,
  scanned_at timestamptz,
  was_reset boolean NOT NULL DEFAULT false,
  PRIMARY KEY (campaign, position),
  CONSTRAINT one_index_per_leaf_and_pattern UNIQUE (campaign, leaf, pattern),
  CONSTRAINT planned_indexes_are_old_or_new CHECK (old_name IS NOT NULL OR name IS NOT NULL OR old_definition IS NOT NULL),
  CONSTRAINT leaves_follow_a_pattern CHECK ((leaf IS NULL) = (pattern IS NULL)),
  CONSTRAINT new_indexes_have_a_final_name CHECK ((name IS NULL) = (final_name IS NULL)),
  CONSTRAINT form_is_known CHECK (form IN ('plain', 'binary', 'subvector')),
  CONSTRAINT subvector_indexes_have_dimensions CHECK ((form = 'subvector') = (dimensions IS NOT NULL))
);
CREATE UNIQUE INDEX one_successor_per_old_index ON reembed.planned_index (campaign, coalesce(leaf, 0), old_name);
CREATE UNIQUE INDEX one_main_index_per_campaign ON reembed.planned_index (campaign) WHERE is_main;
COMMENT ON TABLE reembed.planned_index IS 'Indexes on the new vectors of a campaign, each with the old index that it succeeds, and how often the old ones have been scanned since the switch.';
COMMENT ON COLUMN reembed.planned_index.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.planned_index.position IS 'Order in which they are built.';
COMMENT ON COLUMN reembed.planned_index.old_name IS 'Index on the old vectors; null when there was none.';
COMMENT ON COLUMN reembed.planned_index.name IS 'Index on the new vectors until contract; null when the old index has no successor.';
COMMENT ON COLUMN reembed.planned_index.final_name IS 'Its name from contract on.';
COMMENT ON COLUMN reembed.planned_index.is_main IS 'Whether it serves searches over all rows: validations measure its recall.';
COMMENT ON COLUMN reembed.planned_index.method IS 'Access method of the index on the new vectors; null for an old index without a successor, and for the index of a leaf, which has that of its pattern.';
COMMENT ON COLUMN reembed.planned_index.leaf IS 'The leaf of a partitioned table; null in a pattern, and for other tables.';
COMMENT ON COLUMN reembed.planned_index.pattern IS 'Position of the pattern of this index.';
COMMENT ON COLUMN reembed.planned_index.definition IS 'Pattern of an index on each leaf of a partitioned table: the statement that builds it, with {name}, {leaf} and {column}.';
COMMENT ON COLUMN reembed.planned_index.old_definition IS 'The same of the old index.';
COMMENT ON COLUMN reembed.planned_index.form IS 'What it holds of a vector: the vector itself (plain), the sign of each component (binary), or its first dimensions (subvector).';
COMMENT ON COLUMN reembed.planned_index.dimensions IS 'How many of the first dimensions a subvector index holds.';
COMMENT ON COLUMN reembed.planned_index.scans IS 'Scans of the old index that the server had counted at the last sample.';
COMMENT ON COLUMN reembed.planned_index.sampled_at IS 'When they were last sampled: at the switch, by the watch, and by the gate to contract.';
COMMENT ON COLUMN reembed.planned_index.scanned_at IS 'When a sample since the switch last differed from the one before; null when none did.';
COMMENT ON COLUMN reembed.planned_index.was_reset IS 'Whether that sample was lower than the one before, because statistics were reset; earlier scans are then unknown.';

CREATE TABLE reembed.column_statement (
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
  queryid bigint NOT NULL,
  total_ms double precision NOT NULL,
  called_at timestamptz,
  statement text NOT NULL,
  PRIMARY KEY (campaign, queryid),
  CONSTRAINT statements_are_bounded CHECK (length(statement) <= 200)
);
COMMENT ON TABLE reembed.column_statement IS 'Statements of pg_stat_statements that name the table and its old vector column, and when they were last seen to run since the switch.';
COMMENT ON COLUMN reembed.column_statement.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.column_statement.queryid IS 'Number of the statement in pg_stat_statements.';
COMMENT ON COLUMN reembed.column_statement.total_ms IS 'Time that the server had measured for all of its calls at the last sample.';
COMMENT ON COLUMN reembed.column_statement.called_at IS 'When a sample since the switch last differed from the one before; null when none did.';
COMMENT ON COLUMN reembed.column_statement.statement IS 'Start of its text without constants and control characters.';

CREATE TABLE reembed.provider_batch (
  id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
  campaign text NOT NULL,
  model text NOT NULL,
  provider text,
  state text NOT NULL DEFAULT 'submitting',
  tries integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  encoding text,
  input_file_id text,
  provider_batch_id text,
  provider_state text,
  requests integer NOT NULL DEFAULT 0,
  requests_done integer NOT NULL DEFAULT 0,
  rows integer NOT NULL DEFAULT 0,
  stored_rows integer NOT NULL DEFAULT 0,
  is_partial boolean NOT NULL DEFAULT false,
  tokens_allowed bigint,
  tokens_expected bigint,
  tokens_enqueued bigint,
  tokens bigint NOT NULL DEFAULT 0,
  error_code text,
  error text,
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  submitted_at timestamptz,
  next_check_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  holds_until timestamptz,
  finished_at timestamptz,
  CONSTRAINT provider_batch_encoding_is_known CHECK (encoding IN ('float', 'base64')),
  CONSTRAINT provider_batch_state_is_known CHECK (state IN ('submitting', 'submitted', 'abandoned', 'settled')),
  CONSTRAINT settled_provider_batches_are_finished CHECK (state <> 'settled' OR finished_at IS NOT NULL),
  CONSTRAINT submitted_provider_batches_have_an_id CHECK (state <> 'submitted' OR provider_batch_id IS NOT NULL)
);
CREATE INDEX provider_batch_open ON reembed.provider_batch (next_check_at) WHERE state <> 'settled';
CREATE INDEX provider_batch_newest ON reembed.provider_batch (campaign, created_at DESC);
COMMENT ON TABLE reembed.provider_batch IS 'Batches of requests for the batch API of a provider, recorded before they are sent. Settled ones stay until the ledger of their campaign is emptied.';
COMMENT ON COLUMN reembed.provider_batch.id IS 'Generated before anything is sent; the provider keeps it in the metadata of the batch, as reembed.';
COMMENT ON COLUMN reembed.provider_batch.campaign IS 'Campaign of its rows.';
COMMENT ON COLUMN reembed.provider_batch.model IS 'Model that embeds the rows.';
COMMENT ON COLUMN reembed.provider_batch.provider IS 'The provider that has it, as in reembed.model.';
COMMENT ON COLUMN reembed.provider_batch.state IS 'submitting: recorded, not known to be at the provider; submitted: at the provider; settled: its results are stored and the rest is returned; abandoned: to be cancelled at the provider, none of its results are stored.';
COMMENT ON COLUMN reembed.provider_batch.tries IS 'How often a worker started to submit it. After the first time the provider may already have a batch with the same requests; it is searched for and cancelled.';
COMMENT ON COLUMN reembed.provider_batch.attempt IS 'How often its requests were assembled.';
COMMENT ON COLUMN reembed.provider_batch.encoding IS 'Requested encoding of the vectors: float or base64.';
COMMENT ON COLUMN reembed.provider_batch.input_file_id IS 'Id of the input file at the provider; null until it is uploaded.';
COMMENT ON COLUMN reembed.provider_batch.provider_batch_id IS 'Id of the batch at the provider.';
COMMENT ON COLUMN reembed.provider_batch.provider_state IS 'Last state reported by the provider: validating, in_progress, finalizing, completed, failed, expired, cancelling or cancelled.';
COMMENT ON COLUMN reembed.provider_batch.requests IS 'Requests in it.';
COMMENT ON COLUMN reembed.provider_batch.requests_done IS 'Requests that the provider had completed at the last check.';
COMMENT ON COLUMN reembed.provider_batch.rows IS 'Rows in it.';
COMMENT ON COLUMN reembed.provider_batch.stored_rows IS 'Rows that got their vector from it.';
COMMENT ON COLUMN reembed.provider_batch.is_partial IS 'Whether its only batch of the ledger was too large for it, so that the remaining rows are still to be sent.';
COMMENT ON COLUMN reembed.provider_batch.tokens_allowed IS 'Maximum tokens to put into it, because the provider would not accept more; null: no such limit is known.';
COMMENT ON COLUMN reembed.provider_batch.tokens_expected IS 'Estimated tokens in it.';
COMMENT ON COLUMN reembed.provider_batch.tokens_enqueued IS 'Estimated tokens that were enqueued at the provider, including it, when it was refused for their number.';
COMMENT ON COLUMN reembed.provider_batch.tokens IS 'Tokens the provider counted.';
COMMENT ON COLUMN reembed.provider_batch.error_code IS 'Error code of the batch as a whole.';
COMMENT ON COLUMN reembed.provider_batch.error IS 'The last error; never contains the text of a row.';
COMMENT ON COLUMN reembed.provider_batch.failing_since IS 'Since when the provider has not answered requests about it; null while it answers.';
COMMENT ON COLUMN reembed.provider_batch.created_at IS 'When its rows were reserved.';
COMMENT ON COLUMN reembed.provider_batch.submitted_at IS 'When the provider accepted it.';
COMMENT ON COLUMN reembed.provider_batch.next_check_at IS 'When a worker checks it next. Set it to now() for an immediate check.';
COMMENT ON COLUMN reembed.provider_batch.holds_until IS 'Its campaign submits no other batch before this time, because this one failed as a whole. Set it to null to retry at once.';
COMMENT ON COLUMN reembed.provider_batch.finished_at IS 'When it was settled.';

CREATE TABLE reembed.batch (
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
  id bigint NOT NULL,
  leaf regclass NOT NULL,
  first_place tid NOT NULL,
  end_place tid NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  rows integer NOT NULL,
  embedded_rows integer NOT NULL DEFAULT 0,
  other_rows integer NOT NULL DEFAULT 0,
  answered_rows integer NOT NULL DEFAULT 0,
  tokens bigint NOT NULL DEFAULT 0,
  requests integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  error text,
  started_at timestamptz,
  failed_at timestamptz,
  finished_at timestamptz,
  provider_batch uuid REFERENCES reembed.provider_batch ON DELETE SET NULL,
  came_back boolean NOT NULL DEFAULT false,
  batch_api_tokens bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign, id),
  CONSTRAINT batch_state_is_known CHECK (state IN ('pending', 'done')),
  CONSTRAINT places_are_in_order CHECK (first_place < end_place),
  CONSTRAINT done_batches_are_finished CHECK (state <> 'done' OR finished_at IS NOT NULL)
);
CREATE INDEX batch_pending ON reembed.batch (campaign, id) WHERE state = 'pending';
CREATE INDEX batch_at_provider ON reembed.batch (provider_batch) WHERE provider_batch IS NOT NULL;
CREATE INDEX batch_came_back ON reembed.batch (campaign, id) WHERE (state = 'pending') AND came_back;
COMMENT ON TABLE reembed.batch IS 'The ledger: ranges of the table and their outcome. Progress and ETA are computed from it, never from the table itself.';
COMMENT ON COLUMN reembed.batch.campaign IS 'Campaign of the batch.';
COMMENT ON COLUMN reembed.batch.id IS 'Position in heap order, from 1.';
COMMENT ON COLUMN reembed.batch.leaf IS 'The table that holds its rows: the table of the target, or one of its partitions.';
COMMENT ON COLUMN reembed.batch.first_place IS 'Position (ctid) of its first row in the leaf.';
COMMENT ON COLUMN reembed.batch.end_place IS 'Position after its last row.';
COMMENT ON COLUMN reembed.batch.state IS 'pending or done. The queue shows which worker processes it.';
COMMENT ON COLUMN reembed.batch.rows IS 'Rows with a text when the batch was planned.';
COMMENT ON COLUMN reembed.batch.embedded_rows IS 'Rows that got their new vector from this batch.';
COMMENT ON COLUMN reembed.batch.other_rows IS 'Planned rows that this batch did not embed: deleted, changed, moved, or recorded in failed_row.';
COMMENT ON COLUMN reembed.batch.answered_rows IS 'Rows of a pending batch whose vector a worker has received but not stored yet, as of its last report.';
COMMENT ON COLUMN reembed.batch.tokens IS 'Tokens the provider counted.';
COMMENT ON COLUMN reembed.batch.requests IS 'Requests made.';
COMMENT ON COLUMN reembed.batch.attempts IS 'How often it was started.';
COMMENT ON COLUMN reembed.batch.error IS 'Error that stopped the last attempt.';
COMMENT ON COLUMN reembed.batch.started_at IS 'When the last attempt started.';
COMMENT ON COLUMN reembed.batch.failed_at IS 'When an attempt last failed with a permanent error; null once an attempt succeeded.';
COMMENT ON COLUMN reembed.batch.finished_at IS 'When it was done and its vectors were committed.';
COMMENT ON COLUMN reembed.batch.provider_batch IS 'Provider batch that has its rows, or that embeds a text they wait for; other workers skip the batch meanwhile.';
COMMENT ON COLUMN reembed.batch.came_back IS 'Whether the batch API did not return all of its vectors, or was abandoned: the rest is embedded by ordinary requests.';
COMMENT ON COLUMN reembed.batch.batch_api_tokens IS 'The part of its tokens that the batch API counted.';

CREATE TABLE reembed.provider_batch_row (
  provider_batch uuid NOT NULL REFERENCES reembed.provider_batch ON DELETE CASCADE,
  request integer NOT NULL,
  position integer NOT NULL,
  input integer NOT NULL,
  inputs integer NOT NULL,
  batch bigint NOT NULL,
  key jsonb NOT NULL,
  text_hash bigint NOT NULL,
  text_digest uuid,
  wave integer NOT NULL,
  PRIMARY KEY (provider_batch, request, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
COMMENT ON TABLE reembed.provider_batch_row IS 'Rows sent in the batches that are at a provider. A row is deleted in the transaction that stores its vector, or when its batch is settled.';
COMMENT ON COLUMN reembed.provider_batch_row.provider_batch IS 'Batch it was sent in.';
COMMENT ON COLUMN reembed.provider_batch_row.request IS 'Request of the batch, from 1.';
COMMENT ON COLUMN reembed.provider_batch_row.position IS 'Position among the rows of the request, in the order to write them, from 0.';
COMMENT ON COLUMN reembed.provider_batch_row.input IS 'Number of its text in the request, from 0; rows with the same text share one.';
COMMENT ON COLUMN reembed.provider_batch_row.inputs IS 'Texts in the request.';
COMMENT ON COLUMN reembed.provider_batch_row.batch IS 'Its batch in the ledger.';
COMMENT ON COLUMN reembed.provider_batch_row.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.provider_batch_row.text_hash IS 'reembed.text_hash() of the text that was sent: the vector is stored only if the row still has it.';
COMMENT ON COLUMN reembed.provider_batch_row.text_digest IS 'reembed.text_digest() of the text, where rows of other batches have the same text.';
COMMENT ON COLUMN reembed.provider_batch_row.wave IS 'Rows of one wave are in different pages of the table.';

CREATE TABLE reembed.failed_row (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  key jsonb NOT NULL,
  model text NOT NULL REFERENCES reembed.model,
  class text NOT NULL,
  message text NOT NULL,
  words text,
  attempts integer NOT NULL DEFAULT 1,
  failed_at timestamptz NOT NULL DEFAULT now(),
  key_digest uuid NOT NULL GENERATED ALWAYS AS (md5(key::text)::uuid) STORED,
  -- Not the primary key: from PostgreSQL 18 on, a publication FOR ALL TABLES refuses to delete by a key with a generated column.
  CONSTRAINT one_entry_per_row_and_model UNIQUE (target, model, key_digest),
  CONSTRAINT words_are_bounded CHECK (length(words) <= 1000)
);
CREATE INDEX failed_row_by_key ON reembed.failed_row USING hash (key);
COMMENT ON TABLE reembed.failed_row IS 'Rows that cannot be embedded or stored, with the reason. A row leaves this table when its vector is stored.';
COMMENT ON COLUMN reembed.failed_row.id IS 'Number of the entry.';
COMMENT ON COLUMN reembed.failed_row.target IS 'Target of the row.';
COMMENT ON COLUMN reembed.failed_row.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.failed_row.model IS 'Model that it cannot be embedded with.';
COMMENT ON COLUMN reembed.failed_row.class IS 'Code of the error.';
COMMENT ON COLUMN reembed.failed_row.message IS 'Description by pg-reembed: codes and numbers, never the text of the row.';
COMMENT ON COLUMN reembed.failed_row.words IS 'Message of the provider or PostgreSQL, which may quote the text of the row; shown by npm run status -- --with-text, granted to no role.';
COMMENT ON COLUMN reembed.failed_row.attempts IS 'How often it failed.';
COMMENT ON COLUMN reembed.failed_row.failed_at IS 'When it last failed.';
COMMENT ON COLUMN reembed.failed_row.key_digest IS 'Digest of the key, because the key may be too long for an index.';

CREATE TABLE reembed.words (
  subject text PRIMARY KEY,
  words text NOT NULL,
  said_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT last_words_are_bounded CHECK (length(words) <= 1000)
);
COMMENT ON TABLE reembed.words IS 'Last error message of a provider or PostgreSQL when work failed as a whole. It may quote the text of a row: shown by npm run status -- --with-text, granted to no role.';
COMMENT ON COLUMN reembed.words.subject IS 'Kind of work.';
COMMENT ON COLUMN reembed.words.words IS 'The message.';
COMMENT ON COLUMN reembed.words.said_at IS 'When the error occurred.';

CREATE TABLE reembed.repeated_text (
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
  text_digest uuid NOT NULL,
  text_hash bigint NOT NULL,
  batch bigint NOT NULL,
  PRIMARY KEY (campaign, text_digest)
);
COMMENT ON TABLE reembed.repeated_text IS 'Texts that occur in several batches, as planned: one batch embeds them, the others take the vector from here. Emptied when the backfill is over.';
COMMENT ON COLUMN reembed.repeated_text.campaign IS 'Campaign that embeds the text.';
COMMENT ON COLUMN reembed.repeated_text.text_digest IS 'reembed.text_digest() of the text.';
COMMENT ON COLUMN reembed.repeated_text.text_hash IS 'reembed.text_hash() of the text.';
COMMENT ON COLUMN reembed.repeated_text.batch IS 'The batch that embeds it.';
-- The extension may be in any schema.
DO $$
BEGIN
  EXECUTE format('ALTER TABLE reembed.repeated_text ADD COLUMN vector %I.vector',
                 (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'));
END $$;
COMMENT ON COLUMN reembed.repeated_text.vector IS 'Its vector; null until that batch has stored it.';

CREATE TABLE reembed.cached_vector (
  space uuid NOT NULL,
  text_digest uuid NOT NULL,
  cached_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (space, text_digest)
);
COMMENT ON TABLE reembed.cached_vector IS 'Vectors that npm run compare paid for; workers take them before they ask the provider. Erased by npm run purge.';
COMMENT ON COLUMN reembed.cached_vector.space IS 'Digest of all that decides a vector besides the text: model, requested dimensions, prefix, parameters.';
COMMENT ON COLUMN reembed.cached_vector.text_digest IS 'reembed.text_digest() of the text, without the prefix.';
COMMENT ON COLUMN reembed.cached_vector.cached_at IS 'When it was stored.';
DO $$
BEGIN
  EXECUTE format('ALTER TABLE reembed.cached_vector ADD COLUMN vector %I.vector NOT NULL',
                 (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'));
END $$;
COMMENT ON COLUMN reembed.cached_vector.vector IS 'Its vector.';

CREATE TABLE reembed.provider_quota (
  model text PRIMARY KEY REFERENCES reembed.model ON DELETE CASCADE,
  requests double precision NOT NULL,
  tokens double precision NOT NULL,
  refilled_at timestamptz NOT NULL DEFAULT now(),
  held_until timestamptz,
  hold_reason text
);
COMMENT ON TABLE reembed.provider_quota IS 'Remaining requests and tokens for a model''s provider in this minute, over all workers.';
COMMENT ON COLUMN reembed.provider_quota.model IS 'The model.';
COMMENT ON COLUMN reembed.provider_quota.requests IS 'Requests left.';
COMMENT ON COLUMN reembed.provider_quota.tokens IS 'Tokens left; negative after a request larger than expected.';
COMMENT ON COLUMN reembed.provider_quota.refilled_at IS 'When both were last refilled.';
COMMENT ON COLUMN reembed.provider_quota.held_until IS 'No request before this time, because the provider asked to wait.';
COMMENT ON COLUMN reembed.provider_quota.hold_reason IS 'Status and code of the reason; never the provider''s message.';

CREATE TABLE reembed.provider_minute (
  minute timestamptz NOT NULL,
  model text NOT NULL REFERENCES reembed.model ON DELETE CASCADE,
  answered bigint NOT NULL,
  overloaded bigint NOT NULL,
  failed bigint NOT NULL,
  seconds double precision NOT NULL,
  slowest_seconds double precision NOT NULL,
  PRIMARY KEY (minute, model)
);
COMMENT ON TABLE reembed.provider_minute IS 'Requests of all workers to a model''s provider in one minute. Kept for seven days.';
COMMENT ON COLUMN reembed.provider_minute.minute IS 'Beginning of the minute.';
COMMENT ON COLUMN reembed.provider_minute.model IS 'The model.';
COMMENT ON COLUMN reembed.provider_minute.answered IS 'Requests that were answered with vectors.';
COMMENT ON COLUMN reembed.provider_minute.overloaded IS 'Requests that were answered with 429.';
COMMENT ON COLUMN reembed.provider_minute.failed IS 'Requests that brought no vectors for another reason.';
COMMENT ON COLUMN reembed.provider_minute.seconds IS 'Sum of the times until vectors arrived.';
COMMENT ON COLUMN reembed.provider_minute.slowest_seconds IS 'Longest of these times.';

CREATE TABLE reembed.spending (
  campaign text PRIMARY KEY REFERENCES reembed.campaign ON DELETE CASCADE,
  tokens bigint NOT NULL,
  usd numeric NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE reembed.spending IS 'What a campaign with a spend cap has sent to its providers, with the requests under way; no row before the first request under a cap.';
COMMENT ON COLUMN reembed.spending.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.spending.tokens IS 'Tokens that the providers counted, and the expected tokens of requests under way or without an answer.';
COMMENT ON COLUMN reembed.spending.usd IS 'Price of these tokens in US dollars; tokens of the batch API at its lower price.';

CREATE TABLE reembed.worker (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  target text,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  batch_api boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE reembed.worker IS 'Worker processes; one not seen for 30 seconds counts as gone.';
COMMENT ON COLUMN reembed.worker.id IS 'Generated at every start.';
COMMENT ON COLUMN reembed.worker.host IS 'Host name.';
COMMENT ON COLUMN reembed.worker.pid IS 'Process id on that host.';
COMMENT ON COLUMN reembed.worker.target IS 'The only target that it serves; null: it serves all.';
COMMENT ON COLUMN reembed.worker.started_at IS 'When it started.';
COMMENT ON COLUMN reembed.worker.seen_at IS 'When it last reported.';
COMMENT ON COLUMN reembed.worker.batch_api IS 'Whether it sends the backfill to the batch API. While it is alive, other workers leave new batches to it.';

CREATE TABLE reembed.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL DEFAULT session_user,
  target text,
  campaign text,
  kind text NOT NULL,
  from_value text,
  to_value text,
  reason text,
  alert bigint
);
COMMENT ON TABLE reembed.event IS 'Audit: every change of state, append-only.';
COMMENT ON COLUMN reembed.event.id IS 'Number of the event.';
COMMENT ON COLUMN reembed.event.at IS 'When it happened.';
COMMENT ON COLUMN reembed.event.actor IS 'Role that caused it.';
COMMENT ON COLUMN reembed.event.target IS 'Target it concerns.';
COMMENT ON COLUMN reembed.event.campaign IS 'Campaign it concerns.';
COMMENT ON COLUMN reembed.event.kind IS 'What changed: phase, the name of a setting, acceptance, or retry.';
COMMENT ON COLUMN reembed.event.from_value IS 'Value before.';
COMMENT ON COLUMN reembed.event.to_value IS 'Value after.';
COMMENT ON COLUMN reembed.event.reason IS 'Reason, where one was given.';
COMMENT ON COLUMN reembed.event.alert IS 'Alert that caused it.';

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
COMMENT ON TABLE reembed.throttle IS 'Throttle signals of the workers'' last check, once a second while they write; reembed.health shows those of the last ten seconds.';
COMMENT ON COLUMN reembed.throttle.target IS 'The target.';
COMMENT ON COLUMN reembed.throttle.signal IS 'Kind of signal.';
COMMENT ON COLUMN reembed.throttle.effect IS 'Its effect on the backfill: stops, slows, or none.';
COMMENT ON COLUMN reembed.throttle.reason IS 'What was seen.';
COMMENT ON COLUMN reembed.throttle.since IS 'When it was first seen.';
COMMENT ON COLUMN reembed.throttle.seen_at IS 'When it was last seen.';

CREATE TABLE reembed.read_probe (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  milliseconds double precision NOT NULL,
  is_resting boolean NOT NULL
);
CREATE INDEX read_probe_newest ON reembed.read_probe (target, at DESC);
COMMENT ON TABLE reembed.read_probe IS 'Durations of searches like those of the live view that workers made as probes. Kept for an hour.';
COMMENT ON COLUMN reembed.read_probe.id IS 'Number of the search.';
COMMENT ON COLUMN reembed.read_probe.target IS 'The target.';
COMMENT ON COLUMN reembed.read_probe.at IS 'When the search was made.';
COMMENT ON COLUMN reembed.read_probe.milliseconds IS 'How long it took on the server.';
COMMENT ON COLUMN reembed.read_probe.is_resting IS 'Whether it was made while no worker wrote, by agreement; these are the baseline.';

CREATE TABLE reembed.validation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign text NOT NULL REFERENCES reembed.campaign ON DELETE CASCADE,
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
  verdict text NOT NULL,
  reasons text[] NOT NULL DEFAULT '{}',
  doubts text[] NOT NULL DEFAULT '{}',
  seed integer,
  known_items boolean NOT NULL DEFAULT false,
  just_changed_rows bigint NOT NULL,
  searches_use_index boolean,
  planner_chooses_index boolean,
  index_setting text,
  audit_problem text,
  audit_rows bigint,
  old_audit_rows bigint,
  old_audit_problem text,
  old_audit_cause text,
  warnings text[] NOT NULL DEFAULT '{}',
  index_file oid,
  lexical_share double precision,
  compared_rows bigint,
  group_by text,
  judge_model text,
  graded_pairs integer,
  ungraded_pairs integer,
  judge_problem text,
  CONSTRAINT verdict_follows_from_reasons_and_doubts
    CHECK (verdict = CASE WHEN cardinality(reasons) > 0 THEN 'fail' WHEN cardinality(doubts) > 0 THEN 'unsure' ELSE 'pass' END),
  CONSTRAINT lexical_share_is_a_share CHECK (lexical_share BETWEEN 0 AND 1)
);
CREATE INDEX validation_newest ON reembed.validation (campaign, finished_at DESC);
COMMENT ON TABLE reembed.validation IS 'Comparisons of the old and the new model on sample queries. The switch requires a verdict of pass, or of unsure that a person accepted.';
COMMENT ON COLUMN reembed.validation.id IS 'Number of the run.';
COMMENT ON COLUMN reembed.validation.campaign IS 'Campaign that was validated.';
COMMENT ON COLUMN reembed.validation.started_at IS 'When the run started.';
COMMENT ON COLUMN reembed.validation.finished_at IS 'When the run ended.';
COMMENT ON COLUMN reembed.validation.run_by IS 'Role that ran it.';
COMMENT ON COLUMN reembed.validation.query_source IS 'Source of the queries: rows, generated, log, a file or a table.';
COMMENT ON COLUMN reembed.validation.queries IS 'Queries compared.';
COMMENT ON COLUMN reembed.validation.judged_queries IS 'Queries with judgements.';
COMMENT ON COLUMN reembed.validation.k IS 'Length of the result lists.';
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
COMMENT ON COLUMN reembed.validation.verdict IS 'Verdict at the end of the run: pass, fail or unsure. The gate to the switch evaluates the figures again: see verdict().';
COMMENT ON COLUMN reembed.validation.reasons IS 'Why it fails; empty otherwise.';
COMMENT ON COLUMN reembed.validation.seed IS 'Seed of samples and intervals; with the same rows it reproduces the run.';
COMMENT ON COLUMN reembed.validation.known_items IS 'Whether the relevant row of each query is the one it was generated from.';
COMMENT ON COLUMN reembed.validation.just_changed_rows IS 'Missing rows that the application had changed in the last 30 seconds.';
COMMENT ON COLUMN reembed.validation.searches_use_index IS 'Whether the new index can serve a search ordered by distance; null without an index.';
COMMENT ON COLUMN reembed.validation.planner_chooses_index IS 'Whether the planner chooses the new index without being forced; on a small table it may not.';
COMMENT ON COLUMN reembed.validation.index_setting IS 'Search setting of the index during the run.';
COMMENT ON COLUMN reembed.validation.audit_problem IS 'Why no new vector was compared with a fresh one; null when that was done or not requested.';
COMMENT ON COLUMN reembed.validation.audit_rows IS 'Rows whose new vector could be audited; null when no audit was requested.';
COMMENT ON COLUMN reembed.validation.old_audit_rows IS 'Rows whose old vector could be audited; null when no audit was requested.';
COMMENT ON COLUMN reembed.validation.old_audit_problem IS 'Why no old vector was compared with a fresh one; null when that was done or not requested.';
COMMENT ON COLUMN reembed.validation.old_audit_cause IS 'What the old vectors are of, found by trying, or that nothing which was tried explains them; null when most agree.';
COMMENT ON COLUMN reembed.validation.doubts IS 'Why it is unsure: what the evidence does not decide, and how to decide it.';
COMMENT ON COLUMN reembed.validation.warnings IS 'Findings that do not change the verdict.';
COMMENT ON COLUMN reembed.validation.index_file IS 'File of the searched index, by which runs of one index are recognised: its recall is judged over all of them.';
COMMENT ON COLUMN reembed.validation.compared_rows IS 'Rows with a vector of both models, if the backfill had not ended and only these were compared; else null.';
COMMENT ON COLUMN reembed.validation.group_by IS 'Column whose values group the results: each group counts once, by its nearest row. Null: every row is a result of its own.';
COMMENT ON COLUMN reembed.validation.lexical_share IS 'Mean share of the words of a query that are in the text of its row, without words that are common in the table, 0 to 1; null unless the queries were made of rows.';
COMMENT ON COLUMN reembed.validation.judge_model IS 'Chat model that graded results; null where none did.';
COMMENT ON COLUMN reembed.validation.graded_pairs IS 'Pairs of a query and the text of a row that have a grade of the chat model.';
COMMENT ON COLUMN reembed.validation.ungraded_pairs IS 'Pairs that the chat model was asked about without a readable answer.';
COMMENT ON COLUMN reembed.validation.judge_problem IS 'The last reason that a pair has no grade; null where all have one.';

CREATE TABLE reembed.validation_query (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  ordinal integer NOT NULL,
  query text NOT NULL,
  overlap double precision NOT NULL,
  index_recall double precision,
  ndcg_before double precision,
  ndcg_after double precision,
  query_length integer,
  slices jsonb NOT NULL DEFAULT '{}',
  jaccard double precision,
  rank_biased_overlap double precision,
  kendall_tau double precision,
  reciprocal_rank_before double precision,
  reciprocal_rank_after double precision,
  recall_before double precision,
  recall_after double precision,
  search_ms_before double precision,
  search_ms_after double precision,
  results_before text[],
  results_after text[],
  scores_before double precision[],
  scores_after double precision[],
  relevant_results text[],
  grade text,
  query_hash bytea,
  lexical_share double precision,
  index_recall_before double precision,
  PRIMARY KEY (validation, ordinal),
  CONSTRAINT grade_is_known CHECK (grade IN ('people', 'model', 'rows')),
  CONSTRAINT graded_queries_have_figures CHECK ((grade IS NULL) = (ndcg_after IS NULL))
);
COMMENT ON TABLE reembed.validation_query IS 'The individual queries of a validation.';
COMMENT ON COLUMN reembed.validation_query.validation IS 'Validation run of the query.';
COMMENT ON COLUMN reembed.validation_query.ordinal IS 'Position in the run, from 1.';
COMMENT ON COLUMN reembed.validation_query.query IS 'Id or text of the query, or the key of the row it was drawn from.';
COMMENT ON COLUMN reembed.validation_query.overlap IS 'Share of the k nearest rows that both models return.';
COMMENT ON COLUMN reembed.validation_query.index_recall IS 'Share of the exact k nearest rows that the new index returns; null without one.';
COMMENT ON COLUMN reembed.validation_query.ndcg_before IS 'nDCG@k of the old model.';
COMMENT ON COLUMN reembed.validation_query.ndcg_after IS 'nDCG@k of the new model.';
COMMENT ON COLUMN reembed.validation_query.query_length IS 'Characters of the query, or of the row it was drawn from.';
COMMENT ON COLUMN reembed.validation_query.slices IS 'Values of the columns that the run was sliced by.';
COMMENT ON COLUMN reembed.validation_query.jaccard IS 'Rows that both models return, as a share of those that either returns.';
COMMENT ON COLUMN reembed.validation_query.rank_biased_overlap IS 'Similarity of the two rankings, weighted towards the first ranks, 0 to 1.';
COMMENT ON COLUMN reembed.validation_query.kendall_tau IS 'Rank correlation of the two rankings over all rows in either, -1 to 1.';
COMMENT ON COLUMN reembed.validation_query.reciprocal_rank_before IS 'One divided by the rank of the first relevant row, old model.';
COMMENT ON COLUMN reembed.validation_query.reciprocal_rank_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.recall_before IS 'Share of the relevant rows among the k nearest, old model.';
COMMENT ON COLUMN reembed.validation_query.recall_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.search_ms_before IS 'Milliseconds that a warm search of the old model took on the server; null where it was not measured.';
COMMENT ON COLUMN reembed.validation_query.search_ms_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.results_before IS 'Keys of the k nearest rows, nearest first, old model; in a run with group_by the values of that column.';
COMMENT ON COLUMN reembed.validation_query.results_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.scores_before IS 'Scores of these rows, old model: cosine similarity or inner product; for distance l2 the negative distance.';
COMMENT ON COLUMN reembed.validation_query.scores_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.validation_query.relevant_results IS 'Keys of the rows in either list that are judged relevant; null for a query without judgements.';
COMMENT ON COLUMN reembed.validation_query.grade IS 'Who judged it: people, model (a chat model) or rows (it was made of a row, which it must find); null: nobody.';
COMMENT ON COLUMN reembed.validation_query.query_hash IS 'SHA-256 of its text, or of the key of its row, by which the same query is recognised in other runs.';
COMMENT ON COLUMN reembed.validation_query.index_recall_before IS 'Share of the exact k nearest rows that the old index returns; null without a usable one.';
COMMENT ON COLUMN reembed.validation_query.lexical_share IS 'Share of the words of the query that are in the text of the row it was made of, without common words; null for other queries.';

CREATE TABLE reembed.judge_grade (
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  query_hash bytea NOT NULL,
  text_hash bytea NOT NULL,
  judge_model text NOT NULL,
  prompt_version integer NOT NULL,
  grade smallint NOT NULL,
  graded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (target, query_hash, text_hash, judge_model, prompt_version),
  CONSTRAINT grade_is_in_range CHECK (grade BETWEEN 0 AND 3)
);
COMMENT ON TABLE reembed.judge_grade IS 'Grades that a chat model gave, so that none is asked and paid for twice. Holds no text.';
COMMENT ON COLUMN reembed.judge_grade.target IS 'Target of the row.';
COMMENT ON COLUMN reembed.judge_grade.query_hash IS 'SHA-256 of the text of the query.';
COMMENT ON COLUMN reembed.judge_grade.text_hash IS 'SHA-256 of the first 4,000 characters of the text of the row, as the chat model received them.';
COMMENT ON COLUMN reembed.judge_grade.judge_model IS 'The chat model.';
COMMENT ON COLUMN reembed.judge_grade.prompt_version IS 'Version of the question; another question gives other grades.';
COMMENT ON COLUMN reembed.judge_grade.grade IS '0: nothing to do with the query; 1: related; 2: has some answer; 3: is the exact answer.';
COMMENT ON COLUMN reembed.judge_grade.graded_at IS 'When the grade was given.';

CREATE TABLE reembed.validation_metric (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  metric text NOT NULL,
  slice text NOT NULL DEFAULT '',
  slice_value text NOT NULL DEFAULT '',
  queries integer NOT NULL,
  before double precision,
  after double precision,
  value double precision NOT NULL,
  low double precision,
  high double precision,
  p_value double precision,
  wins integer,
  losses integer,
  ties integer,
  PRIMARY KEY (validation, metric, slice, slice_value),
  CONSTRAINT interval_is_in_order CHECK (low <= high)
);
COMMENT ON TABLE reembed.validation_metric IS 'The figures of a validation over all its queries and over slices of them.';
COMMENT ON COLUMN reembed.validation_metric.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_metric.metric IS 'overlap, jaccard, rank_biased_overlap, kendall_tau, index_recall; of each model: ndcg, mrr, recall, judged_share, condensed_ndcg, search_p50_ms, search_p95_ms.';
COMMENT ON COLUMN reembed.validation_metric.slice IS 'Column by whose values the queries were divided, or length; empty: all queries.';
COMMENT ON COLUMN reembed.validation_metric.slice_value IS 'Value of the column in the slice.';
COMMENT ON COLUMN reembed.validation_metric.queries IS 'Number of queries in the mean.';
COMMENT ON COLUMN reembed.validation_metric.before IS 'Old model; null for a metric that compares the two.';
COMMENT ON COLUMN reembed.validation_metric.after IS 'New model.';
COMMENT ON COLUMN reembed.validation_metric.value IS 'The mean; for a metric of each model, after minus before; for index_recall that of the new index.';
COMMENT ON COLUMN reembed.validation_metric.low IS 'Lower end of the 95 % confidence interval of the value, by a paired bootstrap over the queries.';
COMMENT ON COLUMN reembed.validation_metric.high IS 'Upper end.';
COMMENT ON COLUMN reembed.validation_metric.p_value IS 'Two-sided p-value of a paired randomisation test over the queries; null for a metric that compares the two models.';
COMMENT ON COLUMN reembed.validation_metric.wins IS 'Queries whose figure is better with the new model.';
COMMENT ON COLUMN reembed.validation_metric.losses IS 'Queries whose figure is worse.';
COMMENT ON COLUMN reembed.validation_metric.ties IS 'Queries whose figure is the same.';

CREATE TABLE reembed.validation_filter (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  filter text NOT NULL,
  iterative_scan text NOT NULL,
  queries integer NOT NULL,
  wanted_rows double precision NOT NULL,
  returned_rows double precision NOT NULL,
  short_queries integer NOT NULL,
  index_recall double precision NOT NULL,
  returned_share double precision,
  returned_share_sd double precision,
  index_recall_sd double precision,
  PRIMARY KEY (validation, filter, iterative_scan)
);
COMMENT ON TABLE reembed.validation_filter IS 'Results of searches of the new index with a filter.';
COMMENT ON COLUMN reembed.validation_filter.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_filter.filter IS 'The condition as it was given. Only for display; it is never executed again.';
COMMENT ON COLUMN reembed.validation_filter.iterative_scan IS 'hnsw.iterative_scan or ivfflat.iterative_scan during the searches: off, strict_order or relaxed_order.';
COMMENT ON COLUMN reembed.validation_filter.queries IS 'Number of queries.';
COMMENT ON COLUMN reembed.validation_filter.wanted_rows IS 'Mean number of rows to find: k, or all that pass the filter where there are fewer.';
COMMENT ON COLUMN reembed.validation_filter.returned_rows IS 'Mean number of rows returned.';
COMMENT ON COLUMN reembed.validation_filter.short_queries IS 'Queries that returned fewer rows than there are to find.';
COMMENT ON COLUMN reembed.validation_filter.index_recall IS 'Mean share of the exact nearest rows passing the filter that the index returned.';
COMMENT ON COLUMN reembed.validation_filter.returned_share IS 'Mean share of the wanted rows that were returned, over the queries that want some; null if none does.';
COMMENT ON COLUMN reembed.validation_filter.returned_share_sd IS 'Standard deviation of that share over the queries; null for a single one.';
COMMENT ON COLUMN reembed.validation_filter.index_recall_sd IS 'Standard deviation of index_recall over the queries; null for a single one.';

CREATE TABLE reembed.validation_integrity (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  model text NOT NULL,
  rows bigint NOT NULL,
  zero_rows bigint NOT NULL,
  not_finite_rows bigint NOT NULL,
  wrong_dimensions_rows bigint NOT NULL,
  unit_length_rows bigint NOT NULL,
  odd_norm_rows bigint NOT NULL,
  norm_min double precision,
  norm_median double precision,
  norm_max double precision,
  shared_vector_rows bigint NOT NULL,
  checksum_at timestamptz,
  unchanged_rows bigint,
  set_aside_rows bigint,
  changed_rows bigint,
  PRIMARY KEY (validation, role),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new'))
);
COMMENT ON TABLE reembed.validation_integrity IS 'Integrity figures of the stored vectors of each model.';
COMMENT ON COLUMN reembed.validation_integrity.validation IS 'The run.';
COMMENT ON COLUMN reembed.validation_integrity.role IS 'new or old.';
COMMENT ON COLUMN reembed.validation_integrity.model IS 'The model.';
COMMENT ON COLUMN reembed.validation_integrity.rows IS 'Rows with a vector.';
COMMENT ON COLUMN reembed.validation_integrity.zero_rows IS 'Vectors of zeros only: a search by cosine distance cannot find them.';
COMMENT ON COLUMN reembed.validation_integrity.not_finite_rows IS 'Vectors that contain NaN or infinity.';
COMMENT ON COLUMN reembed.validation_integrity.wrong_dimensions_rows IS 'Vectors whose number of dimensions differs from that of the model.';
COMMENT ON COLUMN reembed.validation_integrity.unit_length_rows IS 'Vectors whose length is 1 within 0.01.';
COMMENT ON COLUMN reembed.validation_integrity.odd_norm_rows IS 'Vectors whose length is more than three interquartile ranges outside the middle half, and by more than a hundredth of the median.';
COMMENT ON COLUMN reembed.validation_integrity.norm_min IS 'Shortest vector.';
COMMENT ON COLUMN reembed.validation_integrity.norm_median IS 'Median length.';
COMMENT ON COLUMN reembed.validation_integrity.norm_max IS 'Longest vector.';
COMMENT ON COLUMN reembed.validation_integrity.shared_vector_rows IS 'Rows whose vector is bit-identical to that of a row with another text.';
COMMENT ON COLUMN reembed.validation_integrity.checksum_at IS 'When the checksum was taken that the vectors are compared with; null where there is none.';
COMMENT ON COLUMN reembed.validation_integrity.unchanged_rows IS 'Rows whose group has the same texts and bit-identical vectors as then.';
COMMENT ON COLUMN reembed.validation_integrity.set_aside_rows IS 'Rows whose group proves nothing, because a row of it was added, deleted, got another text or gained a vector.';
COMMENT ON COLUMN reembed.validation_integrity.changed_rows IS 'Rows whose group has the same texts as then, but other vectors.';

CREATE TABLE reembed.truth_audit (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  ordinal integer NOT NULL,
  key jsonb NOT NULL,
  similarity double precision,
  PRIMARY KEY (validation, role, ordinal),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new'))
);
COMMENT ON TABLE reembed.truth_audit IS 'Rows drawn at random whose text was embedded again, to test whether the stored vectors are those of the model.';
COMMENT ON COLUMN reembed.truth_audit.validation IS 'The run.';
COMMENT ON COLUMN reembed.truth_audit.role IS 'Model of the vectors: new or old.';
COMMENT ON COLUMN reembed.truth_audit.ordinal IS 'Position in the sample, from 1.';
COMMENT ON COLUMN reembed.truth_audit.key IS 'Primary key of the row, as an object of column and value.';
COMMENT ON COLUMN reembed.truth_audit.similarity IS 'Cosine similarity of the stored and the fresh vector; for the distances l2 and inner_product a similarity that includes the lengths. Null: the row disagreed in an earlier run, and is gone or waits for a vector.';

CREATE TABLE reembed.score_distribution (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  role text NOT NULL,
  rows text NOT NULL,
  percentile integer NOT NULL,
  score double precision NOT NULL,
  PRIMARY KEY (validation, role, rows, percentile),
  CONSTRAINT role_is_known CHECK (role IN ('old', 'new')),
  CONSTRAINT rows_are_known CHECK (rows IN ('nearest', 'random'))
);
COMMENT ON TABLE reembed.score_distribution IS 'Distribution of the scores of each model: applications filter by a minimum score, and it differs between models.';
COMMENT ON COLUMN reembed.score_distribution.validation IS 'The run.';
COMMENT ON COLUMN reembed.score_distribution.role IS 'Model of the scores: new or old.';
COMMENT ON COLUMN reembed.score_distribution.rows IS 'nearest: the k nearest rows of each query; random: rows drawn at random.';
COMMENT ON COLUMN reembed.score_distribution.percentile IS '0, 10, ... 100.';
COMMENT ON COLUMN reembed.score_distribution.score IS 'Score below which that percentage of the rows lies: cosine similarity or inner product; for distance l2 the negative distance.';

CREATE TABLE reembed.score_cutoff (
  validation bigint NOT NULL REFERENCES reembed.validation ON DELETE CASCADE,
  ordinal integer NOT NULL,
  basis text NOT NULL,
  old_cutoff double precision,
  new_cutoff double precision,
  new_cutoff_low double precision,
  new_cutoff_high double precision,
  share_before double precision NOT NULL,
  share_after double precision,
  precision_before double precision,
  precision_after double precision,
  recall_before double precision,
  recall_after double precision,
  f1_before double precision,
  f1_after double precision,
  PRIMARY KEY (validation, ordinal),
  CONSTRAINT basis_is_known CHECK (basis IN ('same_share', 'best_f1'))
);
COMMENT ON TABLE reembed.score_cutoff IS 'Score cut-offs of the old model, and the equivalent ones of the new model.';
COMMENT ON COLUMN reembed.score_cutoff.validation IS 'The run.';
COMMENT ON COLUMN reembed.score_cutoff.ordinal IS 'Position in the run, from 1.';
COMMENT ON COLUMN reembed.score_cutoff.basis IS 'same_share: the new cut-off keeps the same share of the k nearest rows as the given one; best_f1: each cut-off is the best of its model by the judgements.';
COMMENT ON COLUMN reembed.score_cutoff.old_cutoff IS 'Cut-off in the old model: rows with at least this score are kept.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff IS 'Cut-off in the new model; null where no row reaches the old one.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff_low IS 'Lower end of the 95 % confidence interval of the new cut-off, by a bootstrap over the queries.';
COMMENT ON COLUMN reembed.score_cutoff.new_cutoff_high IS 'Upper end.';
COMMENT ON COLUMN reembed.score_cutoff.share_before IS 'Share of the k nearest rows that the old cut-off keeps.';
COMMENT ON COLUMN reembed.score_cutoff.share_after IS 'Share of the k nearest rows that the new cut-off keeps.';
COMMENT ON COLUMN reembed.score_cutoff.precision_before IS 'Share of the kept rows that are relevant, old model; null without judgements.';
COMMENT ON COLUMN reembed.score_cutoff.precision_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.score_cutoff.recall_before IS 'Share of the relevant rows that are kept, old model.';
COMMENT ON COLUMN reembed.score_cutoff.recall_after IS 'The same, new model.';
COMMENT ON COLUMN reembed.score_cutoff.f1_before IS 'Harmonic mean of precision and recall, old model.';
COMMENT ON COLUMN reembed.score_cutoff.f1_after IS 'The same, new model.';

CREATE TABLE reembed.old_vector_checksum (
  campaign text PRIMARY KEY REFERENCES reembed.campaign ON DELETE CASCADE,
  taken_at timestamptz NOT NULL DEFAULT now(),
  phase text NOT NULL,
  groups bigint NOT NULL,
  rows bigint NOT NULL
);
COMMENT ON TABLE reembed.old_vector_checksum IS 'Checksums of the old vectors, taken once in a campaign, to prove later that they are unchanged.';
COMMENT ON COLUMN reembed.old_vector_checksum.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.old_vector_checksum.taken_at IS 'When the table was read.';
COMMENT ON COLUMN reembed.old_vector_checksum.phase IS 'Phase of the campaign at that time.';
COMMENT ON COLUMN reembed.old_vector_checksum.groups IS 'Number of groups of rows, by the hash of their key; about eight rows each.';
COMMENT ON COLUMN reembed.old_vector_checksum.rows IS 'Rows with a text.';

CREATE TABLE reembed.old_vector_group (
  campaign text NOT NULL REFERENCES reembed.old_vector_checksum ON DELETE CASCADE,
  number bigint NOT NULL,
  rows bigint NOT NULL,
  lacking_rows bigint NOT NULL,
  texts bigint NOT NULL,
  vectors bigint NOT NULL,
  PRIMARY KEY (campaign, number)
);
COMMENT ON TABLE reembed.old_vector_group IS 'The checksums, one for each group of rows.';
COMMENT ON COLUMN reembed.old_vector_group.campaign IS 'The campaign.';
COMMENT ON COLUMN reembed.old_vector_group.number IS 'The group.';
COMMENT ON COLUMN reembed.old_vector_group.rows IS 'Rows of the group with a text.';
COMMENT ON COLUMN reembed.old_vector_group.lacking_rows IS 'Those rows of the group that have no old vector.';
COMMENT ON COLUMN reembed.old_vector_group.texts IS 'Hashes of key and text of its rows, combined by xor.';
COMMENT ON COLUMN reembed.old_vector_group.vectors IS 'Hashes of key, text and vector of its rows, combined by xor.';

CREATE TABLE reembed.query_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  text text NOT NULL,
  model text NOT NULL,
  caller_key text
);
CREATE INDEX query_log_newest ON reembed.query_log (target, id DESC);
COMMENT ON TABLE reembed.query_log IS 'A sample of the application''s newest queries, as passed to reembed.log_query().';
COMMENT ON COLUMN reembed.query_log.id IS 'Position in the order of all queries.';
COMMENT ON COLUMN reembed.query_log.target IS 'Target that was searched.';
COMMENT ON COLUMN reembed.query_log.at IS 'When the query was logged.';
COMMENT ON COLUMN reembed.query_log.text IS 'Text of the query, at most 8000 characters.';
COMMENT ON COLUMN reembed.query_log.model IS 'The live model at that time.';
COMMENT ON COLUMN reembed.query_log.caller_key IS 'Key of the caller, where the application passes it, at most 200 characters.';

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
  CONSTRAINT overlap_is_a_share CHECK (overlap BETWEEN 0 AND 1),
  CONSTRAINT shadow_reads_have_an_overlap_or_an_error CHECK ((overlap IS NULL) = (error IS NOT NULL))
);
CREATE INDEX shadow_read_newest ON reembed.shadow_read (target, id DESC);
COMMENT ON TABLE reembed.shadow_read IS 'Searches that were repeated with the other model after the answer was returned, and canary searches that failed with the new model.';
COMMENT ON COLUMN reembed.shadow_read.id IS 'Number of the shadow read.';
COMMENT ON COLUMN reembed.shadow_read.target IS 'Target that was searched.';
COMMENT ON COLUMN reembed.shadow_read.at IS 'When it was recorded.';
COMMENT ON COLUMN reembed.shadow_read.served_model IS 'Model that gave the answer.';
COMMENT ON COLUMN reembed.shadow_read.shadow_model IS 'The other model.';
COMMENT ON COLUMN reembed.shadow_read.is_canary IS 'Whether the reader belonged to the canary.';
COMMENT ON COLUMN reembed.shadow_read.k IS 'Length of the longer of the two result lists.';
COMMENT ON COLUMN reembed.shadow_read.overlap IS 'Share of that length that both lists have in common, 0 to 1.';
COMMENT ON COLUMN reembed.shadow_read.served_ms IS 'Milliseconds of the search for the answer, without embedding.';
COMMENT ON COLUMN reembed.shadow_read.shadow_ms IS 'Milliseconds of the other search.';
COMMENT ON COLUMN reembed.shadow_read.served_embedding_ms IS 'Milliseconds to embed the query for the answer.';
COMMENT ON COLUMN reembed.shadow_read.shadow_embedding_ms IS 'Milliseconds to embed it with the other model.';
COMMENT ON COLUMN reembed.shadow_read.key_hash IS 'The 32-bit hash of the reader''s key that the canary uses; null without a key.';
COMMENT ON COLUMN reembed.shadow_read.query IS 'Text of the query; only where shadow_keeps_text is on.';
COMMENT ON COLUMN reembed.shadow_read.error IS 'Error code of the failed model; null when it answered.';

CREATE SEQUENCE reembed.shadow_read_count;
COMMENT ON SEQUENCE reembed.shadow_read_count IS 'Counts the shadow reads of a minute; see reembed.is_within_rate().';
CREATE SEQUENCE reembed.query_log_count;
COMMENT ON SEQUENCE reembed.query_log_count IS 'Counts the logged queries of a minute; see reembed.is_within_rate().';

CREATE TABLE reembed.known_item (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  model text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  key jsonb NOT NULL,
  found boolean,
  ms double precision,
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
COMMENT ON COLUMN reembed.known_item.found IS 'Whether the row was among the nearest to its own text; null when the provider returned no vector.';
COMMENT ON COLUMN reembed.known_item.ms IS 'Milliseconds of the search, without embedding.';
COMMENT ON COLUMN reembed.known_item.error IS 'Code of the provider''s error.';

CREATE TABLE reembed.alert (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  campaign text,
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
  post_tried_at timestamptz,
  CONSTRAINT closed_alerts_have_a_reason CHECK ((closed_at IS NULL) = (closed_because IS NULL)),
  CONSTRAINT severity_is_known CHECK (severity IN ('notice', 'warning', 'critical'))
);
CREATE UNIQUE INDEX one_open_alert_per_target_and_kind ON reembed.alert (target, kind) WHERE closed_at IS NULL;
CREATE INDEX alert_newest ON reembed.alert (target, opened_at DESC);
COMMENT ON TABLE reembed.alert IS 'Problems that the watch found. An alert closes when its cause is gone. While an alert above severity notice is open, contract and a larger canary are refused.';
COMMENT ON COLUMN reembed.alert.id IS 'Number of the alert.';
COMMENT ON COLUMN reembed.alert.target IS 'Target it concerns.';
COMMENT ON COLUMN reembed.alert.campaign IS 'Campaign during which it was opened.';
COMMENT ON COLUMN reembed.alert.kind IS 'Kind of problem, such as overlap, known_items, latency, backlog; docs/reading.md lists them.';
COMMENT ON COLUMN reembed.alert.severity IS 'critical: readers get bad answers, or would; warning: investigate; notice: based on shadow reads alone, without consequences.';
COMMENT ON COLUMN reembed.alert.model IS 'Model that causes it; null when no model does.';
COMMENT ON COLUMN reembed.alert.message IS 'One sentence with the figures.';
COMMENT ON COLUMN reembed.alert.details IS 'The figures.';
COMMENT ON COLUMN reembed.alert.opened_at IS 'When it was opened.';
COMMENT ON COLUMN reembed.alert.seen_at IS 'When the cause was last seen.';
COMMENT ON COLUMN reembed.alert.closed_at IS 'When it was closed; null while it is open.';
COMMENT ON COLUMN reembed.alert.closed_because IS 'Why it was closed.';
COMMENT ON COLUMN reembed.alert.opening_posted_at IS 'When the webhook accepted its opening.';
COMMENT ON COLUMN reembed.alert.closing_posted_at IS 'When the webhook accepted its closing.';
COMMENT ON COLUMN reembed.alert.post_tried_at IS 'When the last attempt to post it was made, accepted or not.';

CREATE TABLE reembed.written_vector (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL REFERENCES reembed.target ON DELETE CASCADE,
  key jsonb NOT NULL,
  text_hash bigint NOT NULL,
  written_at timestamptz NOT NULL,
  found text,
  audited_at timestamptz,
  CONSTRAINT found_is_known CHECK (found IN ('new', 'old', 'other')),
  CONSTRAINT audited_vectors_have_an_outcome CHECK ((found IS NULL) = (audited_at IS NULL))
);
CREATE INDEX written_vector_newest ON reembed.written_vector (target, id);
COMMENT ON TABLE reembed.written_vector IS 'The newest rows of each target, a few hundred, into which the application itself wrote a vector since the switch, and since contract.';
COMMENT ON COLUMN reembed.written_vector.id IS 'Number of the entry.';
COMMENT ON COLUMN reembed.written_vector.target IS 'Target of the row.';
COMMENT ON COLUMN reembed.written_vector.key IS 'Primary key, as an object of column and value.';
COMMENT ON COLUMN reembed.written_vector.text_hash IS 'reembed.text_hash() of the text that the vector was written with.';
COMMENT ON COLUMN reembed.written_vector.written_at IS 'When the application wrote it.';
COMMENT ON COLUMN reembed.written_vector.found IS 'The model that its vector agrees with: new, old, or other for neither; null until it is audited.';
COMMENT ON COLUMN reembed.written_vector.audited_at IS 'When its text was embedded again and compared.';

CREATE TABLE reembed.watch_memory (
  target text PRIMARY KEY REFERENCES reembed.target ON DELETE CASCADE,
  checked_at timestamptz,
  suspected jsonb NOT NULL DEFAULT '{}',
  scanned_at timestamptz,
  coverage jsonb NOT NULL DEFAULT '{}',
  statistics jsonb
);
COMMENT ON TABLE reembed.watch_memory IS 'State of the watch for a target between checks.';
COMMENT ON COLUMN reembed.watch_memory.target IS 'The target.';
COMMENT ON COLUMN reembed.watch_memory.checked_at IS 'When the last check ran.';
COMMENT ON COLUMN reembed.watch_memory.suspected IS 'Problems that have not persisted for alert_after yet, with their start times.';
COMMENT ON COLUMN reembed.watch_memory.scanned_at IS 'When the whole table was last scanned for rows without a vector.';
COMMENT ON COLUMN reembed.watch_memory.coverage IS 'Result of that scan, by model.';
COMMENT ON COLUMN reembed.watch_memory.statistics IS 'Scan counts of the index and the table of the live model at the last check.';
`);
};

/** @param {import('node-pg-migrate').MigrationBuilder} pgm */
export const down = (pgm) => {
  pgm.sql(`
SET LOCAL lock_timeout = '500ms';

DO $$
BEGIN
  IF EXISTS (SELECT FROM reembed.campaign) THEN
    RAISE EXCEPTION 'campaigns are still recorded in reembed.campaign'
      USING ERRCODE = 'RE001', HINT = 'Take each campaign down first: npm run migrate down';
  END IF;
END $$;

DROP SEQUENCE reembed.shadow_read_count, reembed.query_log_count, reembed.wanted_report_count;
DROP TABLE reembed.provider_minute, reembed.wanted_row, reembed.written_vector, reembed.column_statement, reembed.schema_view, reembed.model_schema, reembed.search_function, reembed.acceptance, reembed.bridge_known_item, reembed.bridge_validation_query, reembed.bridge_validation, reembed.bridge, reembed.watch_memory, reembed.alert, reembed.known_item, reembed.shadow_read, reembed.query_log, reembed.old_vector_group, reembed.old_vector_checksum, reembed.score_cutoff, reembed.score_distribution, reembed.truth_audit, reembed.validation_integrity, reembed.validation_filter, reembed.validation_metric, reembed.judge_grade, reembed.validation_query, reembed.validation, reembed.read_probe, reembed.throttle, reembed.event, reembed.worker, reembed.spending, reembed.provider_quota, reembed.cached_vector, reembed.repeated_text, reembed.failed_row, reembed.words, reembed.provider_batch_row, reembed.batch, reembed.provider_batch, reembed.planned_index, reembed.campaign, reembed.serving, reembed.setting, reembed.leaf, reembed.target, reembed.model, reembed.element_type, reembed.template, reembed.installation;
DROP TYPE reembed.joined_table;
ALTER TABLE reembed.schema_migration DROP COLUMN sha256, DROP COLUMN forgotten_at;
`);
};

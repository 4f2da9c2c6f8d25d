-- What migrate up installs, without bodies of functions: PostgreSQL 17, pg-boss 12.35.0 (schema 43). Written by npm run schema.

CREATE SCHEMA reembed;

COMMENT ON SCHEMA reembed IS 'pg-reembed: moves a live table from one embedding model to another. SELECT * FROM reembed.progress shows the progress of each campaign.';

CREATE SCHEMA reembed_queue;

COMMENT ON SCHEMA reembed_queue IS 'Queue of pg-reembed, managed by pg-boss. Jobs may expire: only the ledger reembed.batch and the change logs are authoritative.';

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

CREATE TYPE reembed_queue.job_state AS ENUM (
    'created',
    'retry',
    'active',
    'completed',
    'cancelled',
    'failed'
);

CREATE FUNCTION reembed.abandon_archive(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.abandon_archive(p_name text) IS 'Drops the archive of a contract that was started and not finished.';

CREATE FUNCTION reembed.abandon_provider_batches(p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.abandon_provider_batches(p_name text) IS 'Abandons the provider batches of a campaign: workers cancel them at the provider, store none of their results, and embed their rows by ordinary requests. Returns the number of provider batches abandoned.';

CREATE FUNCTION reembed.accept(p_campaign text, p_code text, p_reason text, p_evidence jsonb DEFAULT NULL::jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.accept(p_campaign text, p_code text, p_reason text, p_evidence jsonb) IS 'Records that a person allows a harm, the verdict unsure, or a bridge that cannot be measured, by its code and with a reason; returns the evidence it is bound to.';

CREATE FUNCTION reembed.acceptance_gate(p_name text, p_phase text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.acceptance_gate(p_name text, p_phase text) IS 'Harms of a phase that are not accepted, or that have grown since they were accepted.';

CREATE FUNCTION reembed.active_model(p_target text DEFAULT NULL::text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.active_model(p_target text) IS 'The model that the live view of a target reads now: embed queries with this model.';

CREATE FUNCTION reembed.admit_owners(p_target text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.admit_owners(p_target text) IS 'Grants the owners of the compiled functions of a target what these need on its change logs.';

CREATE FUNCTION reembed.admits_owner(p_target text, p_log text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.admits_owner(p_target text, p_log text) IS 'What a function of a capture trigger does before it writes to a log on which its owner has no right.';

CREATE FUNCTION reembed.adopt_leaves(p_target text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.adopt_leaves(p_target text) IS 'Gives partitions that were created or attached in mid-campaign what the others have, and forgets those that were detached or dropped; returns whether it has to be called again.';

CREATE FUNCTION reembed.alert_gate(p_name text, p_phase text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.alert_gate(p_name text, p_phase text) IS 'Open alerts that block contract, a larger canary, or, when they concern the new model, the switch.';

CREATE FUNCTION reembed.alerts_to_post(p_limit integer, p_target text DEFAULT NULL::text) RETURNS TABLE(id bigint, state text, target text, campaign text, kind text, severity text, model text, message text, details jsonb, opened_at timestamp with time zone, closed_at timestamp with time zone, closed_because text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.alerts_to_post(p_limit integer, p_target text) IS 'Alerts that are open or were closed recently and that no webhook has accepted yet; those with the oldest attempt first. Of one target, or of all.';

CREATE FUNCTION reembed.all_vector_indexes(p_relation regclass, p_column name) RETURNS SETOF oid
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.all_vector_indexes(p_relation regclass, p_column name) IS 'Indexes with the vector column as their only key, on a table and on its leaves.';

CREATE FUNCTION reembed.answer_alerts(p_target text DEFAULT NULL::text) RETURNS TABLE(action text, reason text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.answer_alerts(p_target text) IS 'Moves readers back from a new model with open alerts: the canary at once, all readers where auto_revert is on. Returns what it did.';

CREATE FUNCTION reembed.application_column(p_target text) RETURNS name
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.application_column(p_target text) IS 'The column into which an application that knows nothing of a campaign writes its vectors; null when its vectors are in a side table.';

CREATE FUNCTION reembed.application_path(p_relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.application_path(p_relation regclass) IS 'The search_path of new sessions of a table''s owner in this database.';

CREATE FUNCTION reembed.apply_bridge() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.apply_bridge() IS 'Makes the function that searches over a bridge in the transaction that stores its map, and drops it with the map.';

CREATE FUNCTION reembed.apply_setting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.apply_setting() IS 'Applies a changed setting in the same transaction: views, triggers, audit, notification.';

CREATE FUNCTION reembed.archive_name(p_name text) RETURNS name
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.archive_name(p_name text) IS 'Name of the table in schema reembed that keeps the old vectors of a campaign after contract.';

CREATE TABLE reembed.campaign (
    name text NOT NULL,
    target text NOT NULL,
    from_model text NOT NULL,
    to_model text NOT NULL,
    from_attnum smallint NOT NULL,
    from_version_attnum smallint,
    to_attnum smallint NOT NULL,
    to_version_attnum smallint,
    phase text NOT NULL,
    phase_entered_at timestamp with time zone DEFAULT now() NOT NULL,
    phase_entered_by text DEFAULT SESSION_USER NOT NULL,
    tokens_per_character numeric DEFAULT 0.25 NOT NULL,
    previous_source jsonb,
    planned_at timestamp with time zone,
    table_rows bigint,
    rows_with_text bigint,
    swept_at timestamp with time zone,
    needs_old_sweep boolean DEFAULT false NOT NULL,
    live_rows bigint DEFAULT 0 NOT NULL,
    live_tokens bigint DEFAULT 0 NOT NULL,
    switched_at timestamp with time zone,
    table_scans bigint,
    old_column jsonb,
    archive name,
    purged_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    to_relation regclass,
    from_relation regclass,
    group_name text,
    moving text,
    moving_block bigint DEFAULT 0 NOT NULL,
    CONSTRAINT models_differ CHECK ((from_model <> to_model)),
    CONSTRAINT moving_is_known CHECK ((moving = ANY (ARRAY['into_column'::text, 'out_of_column'::text, 'from_archive'::text]))),
    CONSTRAINT phase_is_known CHECK ((phase = ANY (ARRAY['expand'::text, 'backfill'::text, 'index'::text, 'switch'::text, 'contract'::text])))
);

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

COMMENT ON COLUMN reembed.campaign.from_relation IS 'Side table of the old vectors, created by an earlier campaign; null when there is none.';

COMMENT ON COLUMN reembed.campaign.group_name IS 'Table group that the campaign belongs to; null for a campaign with files of its own.';

COMMENT ON COLUMN reembed.campaign.moving IS 'Of a part of a table, what contract and its way back are moving: into_column (the new vectors from the side table into the column), out_of_column (back into the side table), from_archive (the old vectors into the column); null when nothing is being moved.';

COMMENT ON COLUMN reembed.campaign.moving_block IS 'Block of the table from which the next rows are moved.';

CREATE TABLE reembed.target (
    name text NOT NULL,
    relation regclass NOT NULL,
    column_name name NOT NULL,
    key_attnums smallint[] NOT NULL,
    key_names text[] NOT NULL,
    text_attnums smallint[] NOT NULL,
    text_names text[] NOT NULL,
    text_sql text NOT NULL,
    is_expression boolean NOT NULL,
    joined_tables reembed.joined_table[] DEFAULT '{}'::reembed.joined_table[] NOT NULL,
    live_view name NOT NULL,
    live_model_column name NOT NULL,
    view_columns jsonb DEFAULT '[]'::jsonb NOT NULL,
    suffix name NOT NULL,
    application_path text NOT NULL,
    unhooked jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    part text DEFAULT ''::text NOT NULL,
    part_sql text,
    part_attnums smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    part_names text[] DEFAULT '{}'::text[] NOT NULL,
    part_may_fail text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT key_is_not_empty CHECK ((cardinality(key_attnums) > 0)),
    CONSTRAINT keys_have_names CHECK ((cardinality(key_attnums) = cardinality(key_names))),
    CONSTRAINT part_has_a_clause CHECK (((part <> ''::text) = (part_sql IS NOT NULL))),
    CONSTRAINT texts_have_names CHECK ((cardinality(text_attnums) = cardinality(text_names)))
);

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

CREATE FUNCTION reembed.archive_names(p_name text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.archive_names(p_name text) IS 'Values of the template placeholders that concern the archive of a campaign.';

CREATE FUNCTION reembed.archive_portion(p_name text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.archive_portion(p_name text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) IS 'Copies the old vectors of a range of blocks of a leaf to the archive; returns where to continue, nulls at the end. Without p_leaf: returns where to start.';

CREATE FUNCTION reembed.archive_side_table(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.archive_side_table(p_name text) IS 'Turns the side table of the old vectors into the archive of a campaign.';

CREATE TABLE reembed.planned_index (
    campaign text NOT NULL,
    "position" integer NOT NULL,
    old_name name,
    name name,
    final_name name,
    is_main boolean DEFAULT false NOT NULL,
    method text,
    leaf regclass,
    pattern integer,
    definition text,
    old_definition text,
    form text DEFAULT 'plain'::text NOT NULL,
    dimensions integer,
    scans bigint,
    sampled_at timestamp with time zone,
    scanned_at timestamp with time zone,
    was_reset boolean DEFAULT false NOT NULL,
    CONSTRAINT form_is_known CHECK ((form = ANY (ARRAY['plain'::text, 'binary'::text, 'subvector'::text]))),
    CONSTRAINT leaves_follow_a_pattern CHECK (((leaf IS NULL) = (pattern IS NULL))),
    CONSTRAINT new_indexes_have_a_final_name CHECK (((name IS NULL) = (final_name IS NULL))),
    CONSTRAINT planned_indexes_are_old_or_new CHECK (((old_name IS NOT NULL) OR (name IS NOT NULL) OR (old_definition IS NOT NULL))),
    CONSTRAINT subvector_indexes_have_dimensions CHECK (((form = 'subvector'::text) = (dimensions IS NOT NULL)))
);

COMMENT ON TABLE reembed.planned_index IS 'Indexes on the new vectors of a campaign, each with the old index that it succeeds, and how often the old ones have been scanned since the switch.';

COMMENT ON COLUMN reembed.planned_index.campaign IS 'The campaign.';

COMMENT ON COLUMN reembed.planned_index."position" IS 'Order in which they are built.';

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

CREATE FUNCTION reembed.asks_for_candidates(p_campaign text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.asks_for_candidates(p_campaign text) IS 'Whether searches of the new vectors ask for a number of candidates: the index holds less than the vectors, or each partition has one.';

CREATE FUNCTION reembed.attach_indexes(p_relation regclass, p_name name, p_definition text, p_indexes regclass[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.attach_indexes(p_relation regclass, p_name name, p_definition text, p_indexes regclass[]) IS 'Makes an index of a partitioned table out of the indexes of its partitions.';

CREATE FUNCTION reembed.attnum(p_relation regclass, p_column name) RETURNS smallint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.attnum(p_relation regclass, p_column name) IS 'Number of a column of a table.';

CREATE FUNCTION reembed.audit_evidence(p_validation bigint) RETURNS TABLE(role text, rows bigint, disagreeing bigint, lowest double precision, runs bigint, outcome text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.audit_evidence(p_validation bigint) IS 'Audited rows of each model, pooled over the runs that count for a validation, and whether they decide that at most max_audit_share of all stored vectors disagree: pass, fail or unsure.';

CREATE FUNCTION reembed.audit_outcome(p_disagreeing bigint, p_rows bigint, p_is_complete boolean, p_share double precision) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.audit_outcome(p_disagreeing bigint, p_rows bigint, p_is_complete boolean, p_share double precision) IS 'Whether the share of disagreeing vectors in a column is at most p_share: pass or fail where the exact binomial test of the audited rows rejects the opposite at 5 %, or every row was audited; otherwise unsure.';

CREATE FUNCTION reembed.batch_api_is_served(p_target text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.batch_api_is_served(p_target text) IS 'Whether a live worker sends the backfill of the target to the batch API; the other workers then leave new batches to it.';

CREATE TABLE reembed.provider_batch (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    campaign text NOT NULL,
    model text NOT NULL,
    provider text,
    state text DEFAULT 'submitting'::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    encoding text,
    input_file_id text,
    provider_batch_id text,
    provider_state text,
    requests integer DEFAULT 0 NOT NULL,
    requests_done integer DEFAULT 0 NOT NULL,
    rows integer DEFAULT 0 NOT NULL,
    stored_rows integer DEFAULT 0 NOT NULL,
    is_partial boolean DEFAULT false NOT NULL,
    tokens_allowed bigint,
    tokens_expected bigint,
    tokens_enqueued bigint,
    tokens bigint DEFAULT 0 NOT NULL,
    error_code text,
    error text,
    failing_since timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    submitted_at timestamp with time zone,
    next_check_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    holds_until timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT provider_batch_encoding_is_known CHECK ((encoding = ANY (ARRAY['float'::text, 'base64'::text]))),
    CONSTRAINT provider_batch_state_is_known CHECK ((state = ANY (ARRAY['submitting'::text, 'submitted'::text, 'abandoned'::text, 'settled'::text]))),
    CONSTRAINT settled_provider_batches_are_finished CHECK (((state <> 'settled'::text) OR (finished_at IS NOT NULL))),
    CONSTRAINT submitted_provider_batches_have_an_id CHECK (((state <> 'submitted'::text) OR (provider_batch_id IS NOT NULL)))
);

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

CREATE FUNCTION reembed.batch_api_token_limit(p_model text) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.batch_api_token_limit(p_model text) IS 'Token limit for all batches of a model at the batch API together, derived from its refusals of the last day; null while none is known.';

CREATE FUNCTION reembed.begin_archive(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning'
    SET default_tablespace TO '';

COMMENT ON FUNCTION reembed.begin_archive(p_name text) IS 'Creates the empty archive of the old vectors in the tablespace of the table, and the trigger that logs which rows change from now on.';

CREATE FUNCTION reembed.begin_moving(p_name text, p_moving text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET default_tablespace TO '';

COMMENT ON FUNCTION reembed.begin_moving(p_name text, p_moving text) IS 'Creates the log of the rows whose vector is to be moved, and the triggers that log what changes meanwhile.';

CREATE FUNCTION reembed.begin_restore_part(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.begin_restore_part(p_name text) IS 'Rollback of the contract of a part: the live view reads the side table again, and the archived vectors are to be moved into the column.';

CREATE FUNCTION reembed.begin_side_table(p_name text, p_side regclass, p_column name, p_version_column name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.begin_side_table(p_name text, p_side regclass, p_column name, p_version_column name) IS 'Begins the rollback of the contract of a part: the new vectors are to be in a side table again, which is still empty.';

CREATE FUNCTION reembed.begin_submission(p_provider_batch uuid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.begin_submission(p_provider_batch uuid) IS 'Starts to assemble the requests of a provider batch. Returns the number of the attempt; null when the requests are already at the provider or no longer wanted.';

CREATE TABLE reembed.event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text DEFAULT SESSION_USER NOT NULL,
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

CREATE FUNCTION reembed.begun_index_build(p_name text) RETURNS SETOF reembed.event
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.begun_index_build(p_name text) IS 'The start event of a campaign''s index build while there is no end event; no row otherwise.';

CREATE FUNCTION reembed.binomial_at_most(p_hits bigint, p_trials bigint, p_share double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.binomial_at_most(p_hits bigint, p_trials bigint, p_share double precision) IS 'Probability of at most so many hits in so many trials, each of which hits with a probability of p_share: the distribution function of the binomial distribution.';

CREATE FUNCTION reembed.blocks(p_relation regclass) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.blocks(p_relation regclass) IS 'Present number of blocks of a table.';

CREATE FUNCTION reembed.bounded(p_value double precision, p_most double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bounded(p_value double precision, p_most double precision) IS 'Limits a number to the range from 0 to p_most; NaN becomes p_most, null stays null.';

CREATE FUNCTION reembed.bridge_acceptance(p_campaign text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_acceptance(p_campaign text) IS 'What an acceptance of bridge-unmeasured is bound to; null where there is nothing to accept, because the old model can be called or the bridge passed.';

CREATE FUNCTION reembed.bridge_evidence(p_campaign text) RETURNS TABLE(rank integer, queries bigint, looks bigint, before double precision, after double precision, margin double precision, outcome text, low double precision, high double precision, more_queries bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_evidence(p_campaign text) IS 'What the judged queries of each rank say about the bridge against the old model, by the present margin; see bridge_queries() and judge_difference().';

CREATE FUNCTION reembed.bridge_function(p_campaign text) RETURNS SETOF regprocedure
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_function(p_campaign text) IS 'The function that searches over the bridge of a campaign.';

CREATE FUNCTION reembed.bridge_gate(p_campaign text) RETURNS TABLE(code text, reason text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_gate(p_campaign text) IS 'What keeps the bridge of a campaign from serving searches; no rows when it may: it is not worse than the old model by more than the margin, or the old model is gone and a person accepted the bridge by name.';

CREATE FUNCTION reembed.bridge_map(p_target text DEFAULT NULL::text) RETURNS TABLE(target text, campaign text, query_map bytea, old_dimensions integer, new_dimensions integer, mapped_slope double precision, mapped_intercept double precision, old_slope double precision, old_intercept double precision, fitted_at timestamp with time zone, is_open boolean, reason text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_map(p_target text) IS 'The map that turns a query of the new model into one that the old vectors can be searched with, all that is needed to embed the query, and why the bridge may not serve, if it may not. No row without a map, and for roles that may not read the live view.';

CREATE FUNCTION reembed.bridge_names(p_campaign text, p_parameters jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_names(p_campaign text, p_parameters jsonb) IS 'Values of the placeholders of the search over the bridge of a campaign. p_parameters: how the search names its parameters, that is old_space_vector, new_vector, k and candidates.';

CREATE FUNCTION reembed.bridge_queries(p_campaign text) RETURNS TABLE(rank integer, before double precision, after double precision, look bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_queries(p_campaign text) IS 'Judged queries of all validations of a campaign''s present map that asked the old model too, each once with its newest result: nDCG of the old model and of the bridge. rank and look as in pooled_queries().';

CREATE FUNCTION reembed.bridge_settings(p_rows text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_settings(p_rows text) IS 'A condition that sets how many rows the scan of an index examines, and lets it go on while a filter leaves too few. p_rows: SQL of the number.';

CREATE FUNCTION reembed.bridge_statement(p_target text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bridge_statement(p_target text) IS 'The search over the bridge of a target as a statement to which an application adds its filter: with {columns} and {filter} over the alias d, and {old_space_vector}, {new_vector}, {k}, {candidates}, which are to be replaced outside of quotes only. Null where there is no bridge, and for roles that may not read the live view.';

CREATE FUNCTION reembed.bring_back_column(p_name text, p_to_column name, p_to_version_column name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.bring_back_column(p_name text, p_to_column name, p_to_version_column name) IS 'Renames the new column back and adds the old one again, empty.';

CREATE FUNCTION reembed.bytes_sql(p_relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bytes_sql(p_relation regclass) IS 'SQL of the size of a table, with all its leaves, without indexes and TOAST.';

CREATE FUNCTION reembed.bytes_text(p_bytes numeric) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.bytes_text(p_bytes numeric) IS 'Formats a number of bytes for people.';

CREATE FUNCTION reembed.cache_vectors(p_space uuid, p_digests uuid[], p_vectors text[]) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.cache_vectors(p_space uuid, p_digests uuid[], p_vectors text[]) IS 'Keeps vectors that were paid for, by the digests of their texts; returns how many are new.';

CREATE FUNCTION reembed.capture_triggers(p_target text) RETURNS TABLE(relation regclass, name name)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.capture_triggers(p_target text) IS 'The capture triggers that a target must have in its present phase, and their tables.';

CREATE FUNCTION reembed.carry_properties(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.carry_properties(p_name text) IS 'Gives the new column and its indexes comment, statistics target and storage of the old ones, and the indexes their final names.';

CREATE FUNCTION reembed.cautious_interval(p_n bigint, p_mean double precision, p_sd double precision, p_lowest double precision, p_highest double precision, p_z double precision, OUT mean double precision, OUT error double precision, OUT low double precision, OUT high double precision) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.cautious_interval(p_n bigint, p_mean double precision, p_sd double precision, p_lowest double precision, p_highest double precision, p_z double precision, OUT mean double precision, OUT error double precision, OUT low double precision, OUT high double precision) IS 'Interval of a mean over p_n queries with standard deviation p_sd, by Student''s t after one query at p_lowest and one at p_highest were added. p_z: half its length in standard errors of the normal distribution.';

CREATE FUNCTION reembed.change_lane(p_seq bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION reembed.change_lane(p_seq bigint) IS 'Which catch-up job of a target, 0 to 3, serves a change.';

CREATE FUNCTION reembed.check_bridge(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_bridge(p_target text) IS 'Check of the watch: whether the share of known items that the bridge finds fell while the backfill advanced.';

CREATE FUNCTION reembed.check_coverage(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_coverage(p_target text) IS 'Check of the watch: the last scan of the whole table for rows without a vector.';

CREATE FUNCTION reembed.check_index(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_index(p_target text) IS 'Check of the watch: whether the new index is usable, and whether the live view reads what the settings say.';

CREATE FUNCTION reembed.check_index_use(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_index_use(p_target text) IS 'Check of the watch: whether searches since the last check used the index of the model that is read.';

CREATE FUNCTION reembed.check_known_items(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_known_items(p_target text) IS 'Check of the watch: the rows that were searched for by their own text.';

CREATE FUNCTION reembed.check_not_null(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.check_not_null(p_name text) IS 'First step to NOT NULL: adds a constraint that is not validated yet, unless a row lacks a vector.';

CREATE FUNCTION reembed.check_row_security(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_row_security(p_target text) IS 'Check of the watch: row level security on a table whose vectors are in a side table.';

CREATE FUNCTION reembed.check_setting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_setting() IS 'Rejects invalid settings before they are stored.';

CREATE FUNCTION reembed.check_shadow(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_shadow(p_target text) IS 'Check of the watch: overlap, latency and errors of the new model in the newest shadow reads.';

CREATE FUNCTION reembed.check_throttle_signals(p_target text) RETURNS TABLE(signal text, effect text, reason text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_throttle_signals(p_target text) IS 'Checks the throttle signals, stores them for reembed.health, and returns them.';

CREATE FUNCTION reembed.check_verdict(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_verdict(p_target text) IS 'Check of the watch: whether the new model is live on a verdict of unsure that a person accepted.';

CREATE FUNCTION reembed.check_work(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_work(p_target text) IS 'Check of the watch: changes that wait, failed rows, a pause, reopened batches.';

CREATE FUNCTION reembed.check_written_vectors(p_target text) RETURNS TABLE(kind text, severity text, model text, is_bad boolean, message text, details jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.check_written_vectors(p_target text) IS 'Check of the watch: whether vectors that the application wrote since the switch, or since contract, are of another model than the new one.';

CREATE FUNCTION reembed.claim_provider_batch(p_most_inputs integer, p_most_open integer, p_target text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.claim_provider_batch(p_most_inputs integer, p_most_open integer, p_target text) IS 'Reserves batches of the ledger with about p_most_inputs rows for one batch of the batch API and records the intent. Of one target, or of any. Null when there is nothing to send now or p_most_open batches are already open.';

CREATE FUNCTION reembed.close_alert(p_target text, p_kind text, p_reason text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.close_alert(p_target text, p_kind text, p_reason text) IS 'Closes an open alert with a reason, audits it and notifies; false when none is open. The watch opens it again while the cause persists.';

CREATE FUNCTION reembed.column_name(p_relation regclass, p_attnum smallint) RETURNS name
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.column_name(p_relation regclass, p_attnum smallint) IS 'Present name of a column; null when it has been dropped.';

CREATE FUNCTION reembed.compare_old_checksum(p_name text, OUT checksum_at timestamp with time zone, OUT unchanged_rows bigint, OUT set_aside_rows bigint, OUT changed_rows bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.compare_old_checksum(p_name text, OUT checksum_at timestamp with time zone, OUT unchanged_rows bigint, OUT set_aside_rows bigint, OUT changed_rows bigint) IS 'Compares the old vectors of a campaign with their checksums. Counts rows in unchanged groups, in groups that prove nothing because rows were added, deleted or got another text, and in groups whose vectors changed under the same texts. Nulls without checksums.';

CREATE FUNCTION reembed.compile_target(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.compile_target(p_target text) IS 'Creates the objects of a target from the templates: how a row is read, written and captured.';

CREATE FUNCTION reembed.compiled_for_workers() RETURNS TABLE(name name)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.compiled_for_workers() IS 'The compiled functions of a target that a worker calls.';

CREATE FUNCTION reembed.compiled_functions(p_target text) RETURNS SETOF pg_proc
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.compiled_functions(p_target text) IS 'The functions that are compiled for a target.';

CREATE FUNCTION reembed.compiled_grants(p_target text) RETURNS TABLE(function_name name, grantee oid)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.compiled_grants(p_target text) IS 'Grants on the compiled functions of a target to roles other than their owner.';

CREATE FUNCTION reembed.contract_gate(p_name text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "IntervalStyle" TO 'postgres';

COMMENT ON FUNCTION reembed.contract_gate(p_name text) IS 'Conditions that prevent contract; none when the soak time is over and nothing uses the old vectors.';

CREATE FUNCTION reembed.copy_column_grants(p_relation regclass, p_from name, p_to name) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.copy_column_grants(p_relation regclass, p_from name, p_to name) IS 'Copies the column privileges of one column to another.';

CREATE PROCEDURE reembed.copy_to_archive(IN p_name text)
    LANGUAGE plpgsql;

COMMENT ON PROCEDURE reembed.copy_to_archive(IN p_name text) IS 'Copies the old vectors to the archive, with the hash of their text; can be interrupted and run again.';

CREATE FUNCTION reembed.correct_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric DEFAULT 1) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.correct_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric) IS 'Adds the difference between the tokens that the provider counted and those that were reserved.';

CREATE FUNCTION reembed.count_text(p_count numeric) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.count_text(p_count numeric) IS 'Formats a count for people, with thousands separators.';

CREATE FUNCTION reembed.counted(p_count numeric, p_one text, p_many text DEFAULT NULL::text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.counted(p_count numeric, p_one text, p_many text) IS 'A count with its noun, or with noun and verb: 1 row lacks, 2 rows lack. Without p_many, an s makes the plural.';

CREATE FUNCTION reembed.coverage(p_target text, p_model text, OUT total bigint, OUT missing bigint, OUT just_changed bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.coverage(p_target text, p_model text, OUT total bigint, OUT missing bigint, OUT just_changed bigint) IS 'Rows with a text, how many of them lack a vector of the model, and how many of those the application changed in the last 30 seconds. Reads the whole table.';

CREATE FUNCTION reembed.coverage_of(p_target text, OUT total bigint, OUT missing_new bigint, OUT just_changed_new bigint, OUT missing_old bigint, OUT just_changed_old bigint, OUT not_found_by_old bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.coverage_of(p_target text, OUT total bigint, OUT missing_new bigint, OUT just_changed_new bigint, OUT missing_old bigint, OUT just_changed_old bigint, OUT not_found_by_old bigint) IS 'Rows of a target with a text, and how many of them lack which vectors. Reads the whole table.';

CREATE FUNCTION reembed.definite_failures() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.definite_failures() IS 'Classes of failed_row that state their cause, so that many of them do not mean an outage.';

CREATE FUNCTION reembed.dependents(p_name text) RETURNS TABLE(description text, is_view boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.dependents(p_name text) IS 'Objects of the user that depend on the old column, or on the table of the old vectors, and so prevent its removal; is_view: whether the object is a view, materialized or not.';

CREATE FUNCTION reembed.describe_column(p_relation regclass, p_column name) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.describe_column(p_relation regclass, p_column name) IS 'What is needed to recreate a column as it was; its indexes are built again by the migration file.';

CREATE FUNCTION reembed.differs_sql(p_relation regclass, p_attnums smallint[], p_old text, p_new text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.differs_sql(p_relation regclass, p_attnums smallint[], p_old text, p_new text) IS 'SQL that compares columns of a table between two rows; p_old and p_new are the prefixes of the column names, such as OLD. or (o).';

CREATE FUNCTION reembed.discarded_by_down(p_name text, OUT vectors bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.discarded_by_down(p_name text, OUT vectors bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[]) IS 'What the down of phase expand removes: vectors of the new model with what they cost, and the live view with those who are known to read it; no view if an earlier campaign needs it.';

CREATE FUNCTION reembed.dollar_quote(p_body text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.dollar_quote(p_body text) IS 'Quotes the body of a function between dollar tags that it does not contain.';

CREATE FUNCTION reembed.draw_bridge_items(p_target text) RETURNS TABLE(key text, content text, query_map bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.draw_bridge_items(p_target text) IS 'Some random rows with both vectors, to be searched for by their own text through the bridge, with its map; none while no bridge serves.';

CREATE FUNCTION reembed.draw_known_items(p_target text) RETURNS TABLE(key text, content text, text_hash bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.draw_known_items(p_target text) IS 'Some random rows with both vectors, to be searched for by their own text; none while the new model is not read.';

CREATE FUNCTION reembed.draw_written(p_target text, p_rows integer) RETURNS TABLE(id bigint, content text, vector text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.draw_written(p_target text, p_rows integer) IS 'The newest rows with vectors that the application wrote and that have not been audited, each with its text and vector.';

CREATE FUNCTION reembed.drop_bridge(p_campaign text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_bridge(p_campaign text) IS 'Drops the function that searches over the bridge of a campaign.';

CREATE FUNCTION reembed.drop_compiled(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.drop_compiled(p_target text) IS 'Drops what compile_target() created for a target, except its change log.';

CREATE FUNCTION reembed.drop_empty_model_schemas() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.drop_empty_model_schemas() IS 'Drops the schemas of views in which nothing is left.';

CREATE FUNCTION reembed.drop_join_logs(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_join_logs(p_target text) IS 'Drops the change logs of the joined tables of a target.';

CREATE FUNCTION reembed.drop_nearest(p_target text, p_view name DEFAULT NULL::name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_nearest(p_target text, p_view name) IS 'Drops the function that searches through a view of a target, or those of all its views.';

CREATE FUNCTION reembed.drop_not_null_check(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_not_null_check(p_name text) IS 'Drops the constraint that check_not_null() added.';

CREATE FUNCTION reembed.drop_queues(p_target text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.drop_queues(p_target text) IS 'Drops the queues of a target with their jobs.';

CREATE FUNCTION reembed.drop_schema_view(p_view regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_schema_view(p_view regclass) IS 'Drops one view with a table''s own name; fails when something depends on it.';

CREATE FUNCTION reembed.drop_schema_views(p_relation regclass, p_source regclass, p_attnum smallint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_schema_views(p_relation regclass, p_source regclass, p_attnum smallint) IS 'Drops the views with a table''s own name that read a column which is dropped next; replace_schema_views() creates those that are still wanted.';

CREATE FUNCTION reembed.drop_search_function(p_function regprocedure) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.drop_search_function(p_function regprocedure) IS 'Drops a function that an application searches with; renames it where objects of the user depend on it.';

CREATE FUNCTION reembed.drop_view(p_target text, p_view name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.drop_view(p_target text, p_view name) IS 'Drops one view of a target; fails when something depends on it.';

CREATE FUNCTION reembed.each_key(p_target text, p_template text, p_separator text DEFAULT ', '::text, p_side_table regclass DEFAULT NULL::regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.each_key(p_target text, p_template text, p_separator text, p_side_table regclass) IS 'Renders a template once for each key column of a target; see key_names().';

CREATE FUNCTION reembed.early_index_gate(p_campaign text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.early_index_gate(p_campaign text) IS 'Why the index on the new vectors of a campaign may not be built during the backfill; no row when it may.';

CREATE FUNCTION reembed.end_archive(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.end_archive(p_name text) IS 'Drops the triggers and the table that logged changes while vectors were being archived or moved.';

CREATE FUNCTION reembed.end_joins(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.end_joins(p_target text) IS 'Reads the change logs of the joined tables of a target to their end, and drops them and their triggers.';

CREATE FUNCTION reembed.end_moving(p_name text, p_moves_rest boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.end_moving(p_name text, p_moves_rest boolean) IS 'Ends the moving of vectors of a part; p_moves_rest: moves those of the rows that are still in the log. The caller compiles the target.';

CREATE FUNCTION reembed.end_restore(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.end_restore(p_name text) IS 'Drops the archive when all of its vectors are restored.';

CREATE FUNCTION reembed.enqueue(p_queue text, p_singleton_key text, p_data jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.enqueue(p_queue text, p_singleton_key text, p_data jsonb) IS 'Adds a job to a queue unless a job with the same key is already waiting or active.';

CREATE FUNCTION reembed.enqueue_work() RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.enqueue_work() IS 'Enqueues a job for every open batch, every target with changes and every provider batch that is due for a check. Returns the targets that have jobs waiting.';

CREATE FUNCTION reembed.enter_contract(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.enter_contract(p_name text) IS 'Enters phase contract: from here on only the new model is maintained.';

CREATE FUNCTION reembed.enter_part_contract(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.enter_part_contract(p_name text) IS 'Enters phase contract of a part: the old vectors are archived, and from here on their column takes the new ones, which searches still find in the side table.';

CREATE FUNCTION reembed.enter_phase(p_name text, p_phase text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.enter_phase(p_name text, p_phase text) IS 'Records that a campaign entered its next phase.';

CREATE FUNCTION reembed.erase(p_target text, p_key jsonb, p_text text DEFAULT NULL::text) RETURNS TABLE(place text, rows bigint, remark text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.erase(p_target text, p_key jsonb, p_text text) IS 'Erases the data of one row that is kept outside the user''s table: key as in failed_row, p_text where the row is deleted or had another text. Returns how many rows of which table.';

CREATE FUNCTION reembed.erase_queries(p_target text, p_key jsonb, p_shown text, p_texts text[]) RETURNS TABLE(place text, rows bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.erase_queries(p_target text, p_key jsonb, p_shown text, p_texts text[]) IS 'Deletes a row and its texts from the logs of queries and from validations; see erase().';

CREATE FUNCTION reembed.evidence_runs(p_validation bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.evidence_runs(p_validation bigint) IS 'Runs that count for the verdict on a validation: itself, and those before it since the backfill.';

CREATE FUNCTION reembed.exchange_columns(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.exchange_columns(p_name text) IS 'Drops the old column and renames the new one to its name.';

CREATE FUNCTION reembed.expand_joins(p_target text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.expand_joins(p_target text) IS 'Logs the rows that depend on changed rows of joined tables, one portion; returns how many changes of joined tables it read, 0 when none waits.';

CREATE FUNCTION reembed.expression_columns(p_relation regclass, p_expression text, p_joins jsonb DEFAULT '[]'::jsonb) RETURNS TABLE(relation oid, attnums smallint[])
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.expression_columns(p_relation regclass, p_expression text, p_joins jsonb) IS 'Numbers of the columns that an expression reads, of the table whose rows are named t and of the tables that are joined to it.';

CREATE FUNCTION reembed.expression_faults(p_view regclass, p_tables integer) RETURNS TABLE(code text, object text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.expression_faults(p_view regclass, p_tables integer) IS 'What a view of a text expression over p_tables tables does wrong: volatile functions, other tables that it reads, functions whose body cannot be seen.';

CREATE FUNCTION reembed.fail_provider_batch(p_provider_batch uuid, p_code text, p_message text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.fail_provider_batch(p_provider_batch uuid, p_code text, p_message text) IS 'Records that the provider failed a batch as a whole, and until when its campaign may not submit another one.';

CREATE TABLE reembed.failed_row (
    id bigint NOT NULL,
    target text NOT NULL,
    key jsonb NOT NULL,
    model text NOT NULL,
    class text NOT NULL,
    message text NOT NULL,
    words text,
    attempts integer DEFAULT 1 NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL,
    key_digest uuid GENERATED ALWAYS AS ((md5((key)::text))::uuid) STORED NOT NULL,
    CONSTRAINT words_are_bounded CHECK ((length(words) <= 1000))
);

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

CREATE FUNCTION reembed.failed_keys(p_target text, p_model text) RETURNS jsonb[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.failed_keys(p_target text, p_model text) IS 'Keys of the rows of a target that cannot be embedded with a model.';

CREATE FUNCTION reembed.find_target(p_target text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.find_target(p_target text) IS 'Full name of a target from a short one, also when its table has been dropped; raises RE003 when none or several match.';

CREATE FUNCTION reembed.finish_archive(p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.finish_archive(p_name text) IS 'Applies to the archive the rows that changed while it was being copied, under the lock that also drops the column; returns how many rows changed.';

CREATE FUNCTION reembed.finish_index_build(p_name text, p_index name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.finish_index_build(p_name text, p_index name) IS 'Reports how long the build of an index took and what was predicted, and records both.';

CREATE FUNCTION reembed.finish_part_contract(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.finish_part_contract(p_name text) IS 'Ends the contract of a part: the live view reads the column, and the side table is dropped.';

CREATE FUNCTION reembed.finish_restore(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.finish_restore(p_name text) IS 'Finishes the rollback of contract: raises RE001 while an old index is INVALID, restores comments and statistics targets of the indexes.';

CREATE FUNCTION reembed.fit_change_log(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.fit_change_log(p_target text) IS 'Changes the columns of a target''s change logs to the present types of the columns that they stand for.';

CREATE FUNCTION reembed.fitting_rows(p_rows integer, p_started_at timestamp with time zone) RETURNS integer
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.fitting_rows(p_rows integer, p_started_at timestamp with time zone) IS 'How many rows to write in about a tenth of a second, from the time the last ones took. A write of the application may wait that long for a row.';

CREATE FUNCTION reembed.follow_owner(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.follow_owner(p_target text) IS 'Gives the side tables and views of a target to the new owner of its table.';

CREATE FUNCTION reembed.foreign_vectors(p_name text, OUT vectors bigint, OUT of_old_model bigint, OUT last_at timestamp with time zone, OUT last_key jsonb) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.foreign_vectors(p_name text, OUT vectors bigint, OUT of_old_model bigint, OUT last_at timestamp with time zone, OUT last_key jsonb) IS 'How many of the newest vectors that the application wrote since the switch, within the soak time, are not of the new model, and when and where the last one was written.';

CREATE FUNCTION reembed.forget(p_target text, p_discards_vectors boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.forget(p_target text, p_discards_vectors boolean) IS 'Gives up a target in any phase and removes everything of pg-reembed: from its table if that is still there, otherwise what is left. p_discards_vectors: although paid vectors, an archive or a live view that is read are lost. Its migration files are ignored from then on.';

CREATE FUNCTION reembed.forget_batches(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.forget_batches(p_name text) IS 'Cancels the jobs of a campaign, abandons its provider batches and empties its ledger; vectors stay in the table.';

CREATE FUNCTION reembed.forget_campaign(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.forget_campaign(p_name text) IS 'Leaves phase expand: drops views, triggers and rows of a campaign; the migration file drops the columns.';

CREATE FUNCTION reembed.forget_target(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.forget_target(p_target text) IS 'Deletes everything that is kept of a target without a campaign.';

CREATE FUNCTION reembed.give_relation(p_relation regclass, p_like regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.give_relation(p_relation regclass, p_like regclass) IS 'Transfers a table to the owner of another one.';

CREATE FUNCTION reembed.give_to_owner(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.give_to_owner(p_target text) IS 'Transfers the compiled objects of a target to the owner of its table; the change log and the functions that delete from it stay with the installer.';

CREATE FUNCTION reembed.give_view(p_view regclass, p_owner name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.give_view(p_view regclass, p_owner name) IS 'Transfers a view to the owner of its table, who cannot create in the schema of the view.';

CREATE FUNCTION reembed.grant_compiled(p_target text, p_functions name[], p_grantees oid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.grant_compiled(p_target text, p_functions name[], p_grantees oid[]) IS 'Restores the former grants on the compiled functions of a target and grants workers the functions that they need.';

CREATE FUNCTION reembed.grant_on_column(p_relation regclass, p_column name, p_grants aclitem[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.grant_on_column(p_relation regclass, p_column name, p_grants aclitem[]) IS 'Grants the privileges of an access list on a column.';

CREATE FUNCTION reembed.grant_worker(p_role name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.grant_worker(p_role name) IS 'Grants a role what a worker needs: it can embed, but neither read nor change the user''s tables, nor validate, nor switch.';

CREATE FUNCTION reembed.grantee_name(p_grantee oid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.grantee_name(p_grantee oid) IS 'A role of an access list as a GRANT names it; null when the role has been dropped.';

CREATE FUNCTION reembed.grow_canary(p_target text DEFAULT NULL::text) RETURNS TABLE(action text, reason text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET "IntervalStyle" TO 'postgres';

COMMENT ON FUNCTION reembed.grow_canary(p_target text) IS 'Raises the canary to its next step when it was healthy for canary_step_time, or records why the gate refused; then it waits ten minutes. Returns what it did.';

CREATE FUNCTION reembed.guard_side_tables(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.guard_side_tables(p_target text) IS 'Restricts a side table to the rows that its table shows while the table has row level security; lifts the restriction when it has none any more.';

CREATE FUNCTION reembed.harms(p_campaign text, p_phase text) RETURNS TABLE(code text, condition text, evidence jsonb)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.harms(p_campaign text, p_phase text) IS 'Harms of a phase that a person has to accept by name, with their evidence, whether or not they are accepted already.';

CREATE FUNCTION reembed.has_equal_dimensions(p_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.has_equal_dimensions(p_name text) IS 'Whether both models of a campaign have the same dimensions, so that PostgreSQL cannot tell their vectors apart.';

CREATE FUNCTION reembed.has_text(p_text text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION reembed.has_text(p_text text) IS 'Whether a text can be embedded: providers reject null and blank texts, so such rows need no vector.';

CREATE FUNCTION reembed.hold_provider(p_model text, p_seconds double precision, p_reason text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.hold_provider(p_model text, p_seconds double precision, p_reason text) IS 'Blocks all calls of all workers to the model''s provider for some seconds.';

CREATE FUNCTION reembed.index_build_bytes(p_method text, p_rows bigint, p_dimensions integer, p_vector_bytes bigint, p_m integer, p_lists integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_build_bytes(p_method text, p_rows bigint, p_dimensions integer, p_vector_bytes bigint, p_m integer, p_lists integer) IS 'Memory that the build of a vector index needs, in bytes: the HNSW graph, or the k-means of IVFFlat.';

CREATE FUNCTION reembed.index_build_settings(p_method text, p_version text, p_build_bytes bigint, p_vector_bytes bigint, p_memory bigint, p_shared_buffers bigint, p_memory_limit bigint, p_workers integer, p_worker_slots integer, p_workers_wanted integer, OUT memory bigint, OUT memory_limit bigint, OUT fits boolean, OUT workers integer, OUT is_unsafe boolean) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_build_settings(p_method text, p_version text, p_build_bytes bigint, p_vector_bytes bigint, p_memory bigint, p_shared_buffers bigint, p_memory_limit bigint, p_workers integer, p_worker_slots integer, p_workers_wanted integer, OUT memory bigint, OUT memory_limit bigint, OUT fits boolean, OUT workers integer, OUT is_unsafe boolean) IS 'Memory and parallel workers for the build of a vector index, from its size and the settings of the server. Bytes; limit and wanted workers are null where they are not set.';

CREATE FUNCTION reembed.index_form(p_target text, p_model text, OUT form text, OUT dimensions integer) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_form(p_target text, p_model text, OUT form text, OUT dimensions integer) IS 'How the index that serves searches of a model holds its vectors: plain, as bits or by their first dimensions, and how many dimensions it holds.';

CREATE FUNCTION reembed.index_gate(p_name text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_gate(p_name text) IS 'Conditions that prevent the index build; none when every row has its new vector.';

CREATE FUNCTION reembed.index_is_valid(p_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_is_valid(p_name text) IS 'Whether the indexes on the new vectors exist and are usable; true when the campaign has none.';

CREATE FUNCTION reembed.index_key(p_form text, p_vector text, p_type text, p_dimensions integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_key(p_form text, p_vector text, p_type text, p_dimensions integer) IS 'SQL of what an index of a form holds of a vector.';

CREATE FUNCTION reembed.index_pattern(p_index oid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.index_pattern(p_index oid) IS 'The statement that builds an index, with {name} and {leaf} in place of its name and its table: equal for the same index on each leaf.';

CREATE TABLE reembed.element_type (
    name text NOT NULL,
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

CREATE FUNCTION reembed.indexed_bytes(p_form text, p_element_type text, p_dimensions integer) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.indexed_bytes(p_form text, p_element_type text, p_dimensions integer) IS 'Bytes of a vector in an index of a form, without its header.';

CREATE FUNCTION reembed.is_accepted(p_campaign text, p_code text, p_evidence jsonb) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_accepted(p_campaign text, p_code text, p_evidence jsonb) IS 'Whether a harm is accepted: a number of the evidence may have fallen since, and a list may have lost members; more of either makes the acceptance void.';

CREATE FUNCTION reembed.is_captured(p_target text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_captured(p_target text) IS 'Whether triggers log the changes of a target: always during a campaign; afterwards where workers embed changed rows.';

CREATE FUNCTION reembed.is_large(p_leaf regclass) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_large(p_leaf regclass) IS 'Whether a leaf has so many rows that searching it without an index takes long, and building one blocks writes for long.';

CREATE TABLE reembed.model_schema (
    name name NOT NULL
);

COMMENT ON TABLE reembed.model_schema IS 'Schemas that make_model_schema() created. A comment would tell too, but pg_dump may leave comments out.';

COMMENT ON COLUMN reembed.model_schema.name IS 'The schema.';

CREATE FUNCTION reembed.is_model_schema(p_schema name) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_model_schema(p_schema name) IS 'Whether a schema was created by make_model_schema().';

CREATE FUNCTION reembed.is_partitioned(p_relation regclass) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_partitioned(p_relation regclass) IS 'Whether a table is partitioned; null when it does not exist.';

CREATE FUNCTION reembed.is_slower(p_new_ms double precision, p_old_ms double precision, p_max_ratio numeric) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_slower(p_new_ms double precision, p_old_ms double precision, p_max_ratio numeric) IS 'Whether searches with the new model take longer than setting.max_latency_ratio allows, and by more than 10 ms.';

CREATE FUNCTION reembed.is_within_rate(p_counter regclass) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.is_within_rate(p_counter regclass) IS 'Whether readers may record one more row in this minute: 6,000 over all targets. Counts the call.';

CREATE FUNCTION reembed.join_columns(p_target text) RETURNS TABLE(n integer, place bigint, relation regclass, attnum smallint, column_name text, registered text, of_position integer, of_column text, of_registered text, operator text, type text, collation_sql text)
    LANGUAGE sql STABLE ROWS 9
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.join_columns(p_target text) IS 'The pairs of columns that the joins of a target''s text compare: present and registered names, operator and type.';

CREATE FUNCTION reembed.join_damage(p_target text) RETURNS TABLE(code text, damage text, remedy text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 5
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.join_damage(p_target text) IS 'What is broken of the tables that a target''s text is joined from.';

CREATE FUNCTION reembed.join_dependents(p_target text, p_n integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.join_dependents(p_target text, p_n integer) IS 'The FROM clause of the rows whose text depends on a joined table.';

CREATE FUNCTION reembed.join_facts(p_relation regclass, p_joins jsonb) RETURNS TABLE(n integer, relation oid, name text, of_position integer, key_attnums smallint[], of_attnums smallint[], operators text[], join_sql text, index_statement text, refusal text, reason text, remedy text)
    LANGUAGE sql STABLE ROWS 9
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.join_facts(p_relation regclass, p_joins jsonb) IS 'The tables that a text is joined from: their columns and operators, the statement for an index that is missing, and the reason why a join is refused.';

CREATE FUNCTION reembed.join_names(p_target text) RETURNS TABLE(n integer, names jsonb)
    LANGUAGE sql STABLE ROWS 9
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.join_names(p_target text) IS 'Placeholders for each table that the text of a target is joined from: its change log, the compared values, the conditions of its triggers, and how rows that depend on it are found.';

CREATE FUNCTION reembed.judge_audit(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_audit(p_validation bigint) IS 'Part of judge_validation(): whether the stored vectors are those that the models return now.';

CREATE FUNCTION reembed.judge_bridge(p_campaign text) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_bridge(p_campaign text) IS 'Verdict on the bridge of a campaign by the stored evidence and the present thresholds: fail or unsure with the reason; no row when it passes.';

CREATE FUNCTION reembed.judge_difference(p_n bigint, p_mean double precision, p_sd double precision, p_margin double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_difference(p_n bigint, p_mean double precision, p_sd double precision, p_margin double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) IS 'Verdict on p_n paired differences (new minus old) against a margin: pass, fail or unsure; the bounds it uses; and how many more queries would decide, null when no sensible number does.';

CREATE FUNCTION reembed.judge_filters(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_filters(p_validation bigint) IS 'Part of judge_validation(): whether searches with a filter return enough rows, and the nearest ones, by the newest run with filters.';

CREATE FUNCTION reembed.judge_grades(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_grades(p_validation bigint) IS 'Part of judge_validation(): whether the chat model graded enough of the results.';

CREATE FUNCTION reembed.judge_index(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_index(p_validation bigint) IS 'Part of judge_validation(): whether the new index serves searches, and its recall against min_index_recall.';

CREATE FUNCTION reembed.judge_latency(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_latency(p_validation bigint) IS 'Part of judge_validation(): whether searches of the new model take longer than max_latency_ratio allows.';

CREATE FUNCTION reembed.judge_overlap(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_overlap(p_validation bigint) IS 'Part of judge_validation(): overlap against min_overlap, where that is set.';

CREATE FUNCTION reembed.judge_quality(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_quality(p_validation bigint) IS 'Part of judge_validation(): whether judged queries show a loss of nDCG beyond max_ndcg_loss.';

CREATE FUNCTION reembed.judge_share(p_n bigint, p_mean double precision, p_sd double precision, p_threshold double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_share(p_n bigint, p_mean double precision, p_sd double precision, p_threshold double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) IS 'Verdict on the mean of p_n shares between 0 and 1 against the smallest that is allowed: pass, fail or unsure; the 95 % interval it uses; and how many more queries would decide.';

CREATE FUNCTION reembed.judge_slices(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_slices(p_validation bigint) IS 'Part of judge_validation(): slices of at least 20 judged queries that lose beyond doubt. Better evidence on the same slice overrules worse.';

CREATE FUNCTION reembed.judge_validation(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_validation(p_validation bigint) IS 'What a validation comes to by the present thresholds: outcome is fail, unsure or warning. See verdict().';

CREATE FUNCTION reembed.judge_vectors(p_validation bigint) RETURNS TABLE(outcome text, code text, reason text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_vectors(p_validation bigint) IS 'Part of judge_validation(): coverage and integrity of the stored vectors.';

CREATE FUNCTION reembed.judge_written(p_target text, p_ids bigint[], p_found text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.judge_written(p_target text, p_ids bigint[], p_found text[]) IS 'Records which model audited vectors agree with. After contract, rows whose vector is not the model''s are logged to be embedded again, with those that are not audited; returns how many.';

CREATE FUNCTION reembed.key_hash(p_new_model text, p_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION reembed.key_hash(p_new_model text, p_key text) IS 'Hash of a reader''s key for a new model, from 0 to 2^32 - 1: the reader belongs to a canary of p percent when the hash is less than p / 100 * 2^32.';

CREATE FUNCTION reembed.key_is_after(p_target text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.key_is_after(p_target text) IS 'A condition that the key of row r comes after the key that row w keeps, in the order of the primary key.';

CREATE FUNCTION reembed.key_names(p_target text, p_side_table regclass DEFAULT NULL::regclass) RETURNS TABLE(n bigint, names jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.key_names(p_target text, p_side_table regclass) IS 'Placeholders for each key column of a target: {n} its position, {column} its name, {side} its name in a side table, whose first columns are the key, {label} its name in keys, {type}, {collation}, {operator} and {greater} of the primary key, {open} and {close} around a value that is converted to JSON.';

CREATE FUNCTION reembed.key_settings(p_target text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.key_settings(p_target text) IS 'Settings that make the text form of a key independent of the session.';

CREATE FUNCTION reembed.key_text(p_value anyelement) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    SET "IntervalStyle" TO 'iso_8601'
    SET bytea_output TO 'hex'
    SET extra_float_digits TO '1';

COMMENT ON FUNCTION reembed.key_text(p_value anyelement) IS 'The text form of a key column, whatever the settings of the session are.';

CREATE FUNCTION reembed.know_leaves(p_target text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.know_leaves(p_target text) IS 'Records the present leaves of a target as known and read.';

CREATE FUNCTION reembed.known_item_ms(p_target text, p_model text) RETURNS double precision
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.known_item_ms(p_target text, p_model text) IS 'Median time of the newest searches for known items with a model, in milliseconds; null while there are too few.';

CREATE FUNCTION reembed.known_item_share(p_target text, p_model text) RETURNS double precision
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.known_item_share(p_target text, p_model text) IS 'Share of the newest known items that were found with a model, 0 to 1; null while there are too few.';

CREATE FUNCTION reembed.lacking(p_target text, p_keys jsonb[]) RETURNS SETOF jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.lacking(p_target text, p_keys jsonb[]) IS 'Those of the keys whose rows exist, have a text and lack a new vector, without those that cannot be embedded.';

CREATE FUNCTION reembed.largest_write_share(p_max_read_slowdown numeric) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.largest_write_share(p_max_read_slowdown numeric) IS 'The largest share of the time that a backfill, or contract of a part, may spend on writing: more would make searches slower than max_read_slowdown allows, even on a server with a single processor.';

CREATE FUNCTION reembed.late_rows(p_target text) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.late_rows(p_target text) IS 'Rows that changed more than ten seconds ago and still wait for their new vector.';

CREATE FUNCTION reembed.leaf_index_name(p_leaf regclass, p_relation regclass, p_name name) RETURNS name
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.leaf_index_name(p_leaf regclass, p_relation regclass, p_name name) IS 'Name of an index on a leaf, from the name that an index on the whole table would have.';

CREATE FUNCTION reembed.leaf_indexes(p_name text) RETURNS TABLE(leaf regclass, pattern integer, is_recorded boolean, old_name name, name name, final_name name, present_name name, is_main boolean, is_valid boolean, statement text, drop_statement text, restored_name name, old_statement text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.leaf_indexes(p_name text) IS 'The indexes on the new vectors that each leaf of a partitioned table has or needs, the old index that each succeeds, and the statements that build and drop them; no row for other tables.';

CREATE FUNCTION reembed.leave_contract(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.leave_contract(p_name text) IS 'Leaves phase contract once the old column exists again, still empty.';

CREATE FUNCTION reembed.leave_part_contract(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.leave_part_contract(p_name text) IS 'Leaves phase contract of a part, when its column has the old vectors again.';

CREATE FUNCTION reembed.leave_phase(p_name text, p_phase text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.leave_phase(p_name text, p_phase text) IS 'Records that a campaign returned to its previous phase.';

CREATE FUNCTION reembed.leaves(p_relation regclass) RETURNS TABLE(leaf regclass)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.leaves(p_relation regclass) IS 'The tables that hold the rows of a table: its partitions, at any level, that are not partitioned themselves; of an ordinary table, itself.';

CREATE FUNCTION reembed.lock_sent_rows(p_provider_batch uuid, p_request integer, p_positions integer[]) RETURNS integer[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.lock_sent_rows(p_provider_batch uuid, p_request integer, p_positions integer[]) IS 'Keeps other workers from storing vectors of a provider batch until the end of the transaction; returns which rows of a request still lack theirs.';

CREATE FUNCTION reembed.lock_target(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.lock_target(p_target text) IS 'Locks the views of a target, then its table and its side tables, before a change of columns.';

CREATE FUNCTION reembed.lock_writes(p_relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.lock_writes(p_relation regclass) IS 'Blocks all writes to a table until this transaction ends.';

CREATE FUNCTION reembed.log_keys(p_target text, p_keys jsonb[], p_new boolean, p_old boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.log_keys(p_target text, p_keys jsonb[], p_new boolean, p_old boolean) IS 'Adds rows of a target to the change log, by their keys, because they need a vector; returns how many.';

CREATE FUNCTION reembed.log_missing(p_name text, p_role text, p_leaf regclass, p_first_block bigint, p_end_block bigint, p_limit integer DEFAULT 1000, OUT missing bigint, OUT logged bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.log_missing(p_name text, p_role text, p_leaf regclass, p_first_block bigint, p_end_block bigint, p_limit integer, OUT missing bigint, OUT logged bigint) IS 'Scans a range of blocks of a leaf for rows without a vector of one role that have no change on record; for the old role only where it is maintained. Logs up to p_limit of them. Returns how many there are and how many it logged.';

CREATE FUNCTION reembed.log_query(p_target text, p_text text, p_caller_key text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.log_query(p_target text, p_text text, p_caller_key text) IS 'Keeps a share of the application''s queries, set by setting.query_log_percent, for npm run validate -- --queries-from log; returns whether this one was kept.';

CREATE FUNCTION reembed.log_wanted(p_target text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.log_wanted(p_target text) IS 'Adds the most wanted rows of a target to the change log while few changes wait there; returns how many. Forgets them when no backfill can serve them.';

CREATE FUNCTION reembed.lost_by_forget(p_target text, OUT target text, OUT table_is_there boolean, OUT vectors bigint, OUT archived bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[], OUT removed text[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.lost_by_forget(p_target text, OUT target text, OUT table_is_there boolean, OUT vectors bigint, OUT archived bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[], OUT removed text[]) IS 'What forget() removes for good: vectors with what they cost, archived vectors, and the live view with those who are known to read it.';

CREATE FUNCTION reembed.main_index(p_name text) RETURNS name
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.main_index(p_name text) IS 'The index on the new vectors that serves searches over all rows; null when there is none.';

CREATE FUNCTION reembed.make_model_schema(p_schema name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.make_model_schema(p_schema name) IS 'Creates a schema for views with the names of tables, in which only the installer can create.';

CREATE FUNCTION reembed.make_queues(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.make_queues(p_target text) IS 'Creates the queues of a target, each with its suffix: batch_…, catch_up_…, provider_batch_… and watch_…, which has a job every minute.';

CREATE FUNCTION reembed.mark_alert_posted(p_id bigint, p_state text, p_is_taken boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.mark_alert_posted(p_id bigint, p_state text, p_is_taken boolean) IS 'Records that the opening or closing of an alert was posted, and whether the webhook accepted it.';

CREATE FUNCTION reembed.may_read(p_target text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.may_read(p_target text) IS 'Whether the session user may search the live view of a target.';

CREATE FUNCTION reembed.measure_vectors(p_target text, p_role text) RETURNS TABLE(rows bigint, zero_rows bigint, not_finite_rows bigint, wrong_dimensions_rows bigint, unit_length_rows bigint, odd_norm_rows bigint, norm_min double precision, norm_median double precision, norm_max double precision, shared_vector_rows bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.measure_vectors(p_target text, p_role text) IS 'Measures the vectors of one role of a target: zeros, NaN, wrong dimensions, odd lengths, and rows of different texts that share one vector. Reads the whole table.';

CREATE FUNCTION reembed.missing_indexes(p_name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.missing_indexes(p_name text) IS 'Indexes on the new vectors that do not exist or are INVALID, by their names before contract; null when there are none.';

CREATE FUNCTION reembed.model_schema_name(p_schema text, p_model text) RETURNS name
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.model_schema_name(p_schema text, p_model text) IS 'Name of the schema with the views that show one model''s vectors under the names of the tables of a schema; without a model, of the schema that follows the live model.';

CREATE FUNCTION reembed.model_view_name(p_target text, p_model text) RETURNS name
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.model_view_name(p_target text, p_model text) IS 'Name of the view that always shows one model''s vectors, whichever model is live.';

CREATE FUNCTION reembed.more_queries(p_n bigint, p_sd double precision, p_distance double precision, p_z double precision, p_added double precision) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.more_queries(p_n bigint, p_sd double precision, p_distance double precision, p_z double precision, p_added double precision) IS 'How many queries more than p_n would tell a mean from a threshold at p_distance in four of five cases, if mean and standard deviation stay as they are, rounded up to two digits; null above 20,000.';

CREATE FUNCTION reembed.move_is_stopped(p_name text, p_moving text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.move_is_stopped(p_name text, p_moving text) IS 'Whether a signal of overload stops the moving of vectors, as it stops a backfill.';

CREATE FUNCTION reembed.move_names(p_name text, p_names jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.move_names(p_name text, p_names jsonb) IS 'The placeholders of a target, and those of the templates that move the vectors of a part.';

CREATE FUNCTION reembed.move_portion(p_name text, p_moving text, p_rows integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.move_portion(p_name text, p_moving text, p_rows integer) IS 'One step of moving the vectors of a part, if they are being moved in this way; returns whether only few rows are left.';

CREATE FUNCTION reembed.move_rest(p_name text, p_first_at timestamp with time zone, p_started_at timestamp with time zone) RETURNS double precision
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.move_rest(p_name text, p_first_at timestamp with time zone, p_started_at timestamp with time zone) IS 'How many seconds to rest after a portion that was begun at a time, the first one at p_first_at.';

CREATE FUNCTION reembed.move_some(p_name text, p_rows integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.move_some(p_name text, p_rows integer) IS 'Moves the vectors of about p_rows logged rows of a part; returns how many entries of the log were served.';

CREATE PROCEDURE reembed.move_vectors(IN p_name text, IN p_moving text)
    LANGUAGE plpgsql;

COMMENT ON PROCEDURE reembed.move_vectors(IN p_name text, IN p_moving text) IS 'Moves the vectors of a part in one of the ways of campaign.moving, if its campaign has come to that, in short transactions; can be interrupted and run again.';

CREATE FUNCTION reembed.names_columns(p_target text, p_row text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.names_columns(p_target text, p_row text) IS 'A condition on OLD or NEW that is always true and names every column that a trigger of the target depends on.';

CREATE FUNCTION reembed.native_subscribers() RETURNS SETOF text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.native_subscribers() IS 'Replication slots of subscriptions: PostgreSQL servers that stop at the first row with a column, or of a table, that they lack.';

CREATE FUNCTION reembed.nearest_function(p_target text, p_view name DEFAULT NULL::name) RETURNS SETOF regprocedure
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.nearest_function(p_target text, p_view name) IS 'The function that searches through a view of a target, or those of all its views.';

CREATE TABLE reembed.batch (
    campaign text NOT NULL,
    id bigint NOT NULL,
    leaf regclass NOT NULL,
    first_place tid NOT NULL,
    end_place tid NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    rows integer NOT NULL,
    embedded_rows integer DEFAULT 0 NOT NULL,
    other_rows integer DEFAULT 0 NOT NULL,
    answered_rows integer DEFAULT 0 NOT NULL,
    tokens bigint DEFAULT 0 NOT NULL,
    requests integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    error text,
    started_at timestamp with time zone,
    failed_at timestamp with time zone,
    finished_at timestamp with time zone,
    provider_batch uuid,
    came_back boolean DEFAULT false NOT NULL,
    batch_api_tokens bigint DEFAULT 0 NOT NULL,
    CONSTRAINT batch_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text]))),
    CONSTRAINT done_batches_are_finished CHECK (((state <> 'done'::text) OR (finished_at IS NOT NULL))),
    CONSTRAINT places_are_in_order CHECK ((first_place < end_place))
);

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

CREATE FUNCTION reembed.needs_sweep(p_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.needs_sweep(p_name text) IS 'Whether every batch is done and the table has not been swept since.';

CREATE FUNCTION reembed.next_place(p_relation regclass, p_leaf regclass, p_block bigint, OUT leaf regclass, OUT block bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.next_place(p_relation regclass, p_leaf regclass, p_block bigint, OUT leaf regclass, OUT block bigint) IS 'Where a scan of a table in portions continues: at a block of the leaf, or at the start of the next leaf; nulls at the end. Without p_leaf: where it starts.';

CREATE FUNCTION reembed.normal_quantile(p_share double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.normal_quantile(p_share double precision) IS 'Quantile of the standard normal distribution for a share between 0 and 1, both excluded.';

CREATE FUNCTION reembed.not_null_column(p_name text) RETURNS TABLE(relation regclass, column_name name, constraint_name name, is_checked boolean, is_validated boolean, is_set boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.not_null_column(p_name text) IS 'The column that is to become NOT NULL (the new one after contract, the old one after its rollback), and which steps are done; no row when the old column was nullable.';

CREATE FUNCTION reembed.objects_digest() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    SET "IntervalStyle" TO 'postgres'
    SET quote_all_identifiers TO 'off';

COMMENT ON FUNCTION reembed.objects_digest() IS 'Changes when a function, view, trigger or template of pg-reembed is changed; what is compiled for a target does not count.';

CREATE FUNCTION reembed.old_part_indexes(p_name text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.old_part_indexes(p_name text) IS 'The indexes of the old vectors of a part that contract drops and its rollback builds again, each with the statement that builds it.';

CREATE FUNCTION reembed.old_snapshot(p_age interval DEFAULT '00:00:10'::interval) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.old_snapshot(p_age interval) IS 'The transaction that prevents cleanup of row versions older than p_age; null when there is none.';

CREATE FUNCTION reembed.old_table_pattern(p_name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.old_table_pattern(p_name text) IS 'Regular expression that finds the table of the old vectors in a statement: with its schema when another table has the same name.';

CREATE FUNCTION reembed.old_vector_groups(p_name text, p_groups bigint) RETURNS TABLE(number bigint, rows bigint, lacking_rows bigint, texts bigint, vectors bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.old_vector_groups(p_name text, p_groups bigint) IS 'Present checksums of the old vectors of a campaign; rows are divided into p_groups (a power of two) by the hash of their key. Reads the whole table.';

CREATE FUNCTION reembed.open_alert(p_target text, p_kind text, p_severity text, p_model text, p_message text, p_details jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.open_alert(p_target text, p_kind text, p_severity text, p_model text, p_message text, p_details jsonb) IS 'Opens an alert, audits it and notifies.';

CREATE FUNCTION reembed.open_conditions(p_name text, p_phase text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.open_conditions(p_name text, p_phase text) IS 'What prevents a campaign from entering a phase, with the command that resolves it; no rows when the gate is open.';

CREATE FUNCTION reembed.own_vectors(p_target text) RETURNS TABLE(relation regclass, column_name name, version_column name, storage text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.own_vectors(p_target text) IS 'Columns and side tables of vectors that pg-reembed added for a target and that are still there, unless contract has given them to the application.';

CREATE FUNCTION reembed.parallel_speedup(p_workers integer) RETURNS double precision
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET parallel_setup_cost TO '0'
    SET parallel_tuple_cost TO '0'
    SET min_parallel_table_scan_size TO '0'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off';

COMMENT ON FUNCTION reembed.parallel_speedup(p_workers integer) IS 'The speedup by parallel workers, measured in about half a second.';

CREATE FUNCTION reembed.parking_room(p_target text) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.parking_room(p_target text) IS 'How many more rows of a target may be recorded in failed_row now: 20, or 1 % of its rows if that is more, besides those accepted by name, in ten minutes or since it was last resumed.';

CREATE FUNCTION reembed.part_condition(p_target text, p_row text DEFAULT NULL::text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.part_condition(p_target text, p_row text) IS 'SQL of whether a row belongs to the part of a target; null when the target is the whole table. p_row: the row, such as s or (r); null for that of the table with alias t alone.';

CREATE FUNCTION reembed.part_faults(p_view regclass) RETURNS TABLE(code text, object text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.part_faults(p_view regclass) IS 'What a view with the clause of a part does wrong: its truth could change without a change of the row, or it runs code that may be replaced. With code clause-may-fail, a function that may fail on a row, as far as PostgreSQL knows.';

CREATE FUNCTION reembed.part_gate(p_name text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.part_gate(p_name text) IS 'Conditions that prevent the contract of a part beside those of every contract.';

CREATE FUNCTION reembed.part_index_statement(p_name text, p_position integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.part_index_statement(p_name text, p_position integer) IS 'The statement that builds the index of a part on the column of the table, like that of its side table.';

CREATE FUNCTION reembed.part_indexes(p_name text) RETURNS TABLE(index regclass, name name, schema name, kind text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.part_indexes(p_name text) IS 'The indexes on the old column of a part, and which rows each of them holds, as far as PostgreSQL proves it.';

CREATE FUNCTION reembed.parts_are_disjoint(p_relation regclass, p_one text, p_other text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET constraint_exclusion TO 'on';

COMMENT ON FUNCTION reembed.parts_are_disjoint(p_relation regclass, p_one text, p_other text) IS 'Whether PostgreSQL proves that no row satisfies both clauses.';

CREATE FUNCTION reembed.path_users(p_schema name) RETURNS TABLE(who text, statement text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.path_users(p_schema name) IS 'Roles and databases whose stored search_path names a schema, each with the beginning of the statement that changes it.';

CREATE FUNCTION reembed.pause(p_target text DEFAULT NULL::text, p_reason text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.pause(p_target text, p_reason text) IS 'Pauses a target: workers finish the current batch and wait.';

CREATE FUNCTION reembed.pause_at_cap(p_campaign text, p_tokens bigint) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.pause_at_cap(p_campaign text, p_tokens bigint) IS 'Pauses the target of a campaign whose spend cap leaves no room for a request of p_tokens; returns the reason.';

CREATE FUNCTION reembed.place(p_block bigint) RETURNS tid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.place(p_block bigint) IS 'The position (ctid) before the first row of a block.';

CREATE FUNCTION reembed.plan_batches(p_name text, p_batch_rows integer DEFAULT 500) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.plan_batches(p_name text, p_batch_rows integer) IS 'Divides the rows without a new vector into batches of about p_batch_rows and records the texts that occur in several batches; returns the number of batches.';

CREATE FUNCTION reembed.plan_index(p_campaign text, p_old_name name, p_name name, p_final_name name, p_is_main boolean, p_form text DEFAULT 'plain'::text, p_dimensions integer DEFAULT NULL::integer, p_definition text DEFAULT NULL::text, p_old_index text DEFAULT NULL::text, p_method text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.plan_index(p_campaign text, p_old_name name, p_name name, p_final_name name, p_is_main boolean, p_form text, p_dimensions integer, p_definition text, p_old_index text, p_method text) IS 'Records an index on the new vectors and the old index that it succeeds, or an old index without a successor. p_definition, p_old_index: for the leaves of a partitioned table, the statement that builds the index, and an old index that is like those of the leaves.';

CREATE FUNCTION reembed.plan_leaf_indexes(p_name text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.plan_leaf_indexes(p_name text) IS 'Records the indexes of leaves that are new, and forgets those of leaves that were detached or dropped.';

CREATE FUNCTION reembed.plan_part_indexes(p_name text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.plan_part_indexes(p_name text) IS 'Records the indexes of the old vectors of a part, which contract replaces, so that their scans are counted.';

CREATE FUNCTION reembed.pooled_queries(p_validation bigint) RETURNS TABLE(rank integer, grade text, before double precision, after double precision, slices jsonb, look bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.pooled_queries(p_validation bigint) IS 'Judged queries of all runs that count for a validation, each once with its newest result. rank: 1 judged by people, 2 by a chat model, 3 made of rows, 4 made of rows in their own words. look: ordinal of the run that first had the query, among those that added some.';

CREATE FUNCTION reembed.predict_index_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_vector_bytes integer, p_rows bigint, p_workers integer) RETURNS double precision
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.predict_index_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_vector_bytes integer, p_rows bigint, p_workers integer) IS 'Seconds that the build of an HNSW index will take while its graph fits in memory, from a sample built on this server; null where no sample can be built.';

CREATE FUNCTION reembed.prepare_index_build(p_name text, p_index name, p_method text, p_parameters text DEFAULT ''::text, p_element_type text DEFAULT NULL::text, p_is_again boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.prepare_index_build(p_name text, p_index name, p_method text, p_parameters text, p_element_type text, p_is_again boolean) IS 'Sets maintenance_work_mem and parallel workers of this session for the build of one index, predicts its duration, and reports both. p_is_again: for another index like this one, which is there.';

CREATE FUNCTION reembed.present_joins(p_target text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.present_joins(p_target text) IS 'The joins of a target''s text by the present names, as join_facts() takes them.';

CREATE FUNCTION reembed.present_names(p_name text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.present_names(p_name text) IS 'Present names, quoted: a campaign''s table, also as a literal, the relation and columns of its new vectors, and the schema of their index. Of a partitioned table, also the indexes of its leaves; of a part, those on the column of the table.';

CREATE FUNCTION reembed.prevents_wraparound(p_relation regclass) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.prevents_wraparound(p_relation regclass) IS 'Whether a vacuum of the table is an anti-wraparound one: the table is older than autovacuum_freeze_max_age.';

CREATE FUNCTION reembed.probe_read(p_target text, p_is_resting boolean) RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.probe_read(p_target text, p_is_resting boolean) IS 'Makes two searches like the live view and records how long the second took, in milliseconds; null when there is no vector to search for.';

CREATE FUNCTION reembed.publications_of(p_relation regclass) RETURNS TABLE(publication text, is_of_all_tables boolean, is_of_schema boolean, sends_new_columns boolean, sends_updates boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.publications_of(p_relation regclass) IS 'Publications that send the rows of a table, or of one of its partitions.';

CREATE FUNCTION reembed.purge(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.purge(p_name text) IS 'Drops the archive of the old vectors and the stored grades of chat models. The only step that cannot be rolled back.';

CREATE FUNCTION reembed.quality_evidence(p_validation bigint) RETURNS TABLE(rank integer, grade text, queries bigint, looks bigint, before double precision, after double precision, margin double precision, outcome text, low double precision, high double precision, more_queries bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.quality_evidence(p_validation bigint) IS 'What the judged queries of each rank say about the quality of the new model, by the present margin; see pooled_queries() and judge_difference().';

CREATE FUNCTION reembed.quality_margin(p_validation bigint, p_before double precision) RETURNS double precision
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.quality_margin(p_validation bigint, p_before double precision) IS 'Loss of nDCG that is tolerated when the old model reaches p_before: max_ndcg_loss of it, and at least 0.01.';

CREATE FUNCTION reembed.query_vector(p_served_model text, p_model text, p_vector public.vector) RETURNS public.vector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.query_vector(p_served_model text, p_model text, p_vector public.vector) IS 'Returns the vector if it is of the model that a view serves: ORDER BY embedding <=> reembed.query_vector(embedding_model, model, vector). Raises RE002 otherwise.';

CREATE FUNCTION reembed.quoted_path(p_path text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.quoted_path(p_path text) IS 'A search_path with every name quoted where necessary.';

CREATE FUNCTION reembed.quotes(p_query text, p_texts text[]) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.quotes(p_query text, p_texts text[]) IS 'Whether a query equals one of the texts, contains one, or is a part of at least 20 characters of one; case-insensitive.';

CREATE FUNCTION reembed.read_bridge(p_target text, p_known text) RETURNS TABLE(target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text, version text, query_map bytea, reason text, statement text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.read_bridge(p_target text, p_known text) IS 'What the client needs to search over the bridge of a target: how to embed a query, the map unless p_known is its version, and why it may not serve. No row where there is no bridge.';

CREATE TABLE reembed.read_probe (
    id bigint NOT NULL,
    target text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    milliseconds double precision NOT NULL,
    is_resting boolean NOT NULL
);

COMMENT ON TABLE reembed.read_probe IS 'Durations of searches like those of the live view that workers made as probes. Kept for an hour.';

COMMENT ON COLUMN reembed.read_probe.id IS 'Number of the search.';

COMMENT ON COLUMN reembed.read_probe.target IS 'The target.';

COMMENT ON COLUMN reembed.read_probe.at IS 'When the search was made.';

COMMENT ON COLUMN reembed.read_probe.milliseconds IS 'How long it took on the server.';

COMMENT ON COLUMN reembed.read_probe.is_resting IS 'Whether it was made while no worker wrote, by agreement; these are the baseline.';

CREATE FUNCTION reembed.read_probes(p_target text) RETURNS SETOF reembed.read_probe
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.read_probes(p_target text) IS 'The probes by which searches beside writes are compared with those while workers rest.';

CREATE FUNCTION reembed.reading(p_target text DEFAULT NULL::text) RETURNS TABLE(target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text, view text, is_live boolean, canary_percent double precision, shadow_percent double precision, shadow_per_second integer, shadow_timeout_ms double precision, shadow_keeps_text boolean, nearest text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.reading(p_target text) IS 'How a target is read now: each model with all that is needed to embed a query, the view and the function to search for it, and the percentages of canary and shadow reads.';

CREATE FUNCTION reembed.reads_for(p_target text DEFAULT NULL::text, p_key text DEFAULT NULL::text) RETURNS TABLE(target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text, view text, is_canary boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.reads_for(p_target text, p_key text) IS 'The model for a reader''s query and the view to search: the new model for keys of the canary, otherwise the live model. The same key always gets the same answer.';

CREATE FUNCTION reembed.record_bridge_item(p_target text, p_key text, p_mapped text, p_vector text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_bridge_item(p_target text, p_key text, p_mapped text, p_vector text) IS 'Searches for a row through the bridge by the vector of its own text and records whether it was among the nearest ten; null where there is no bridge.';

CREATE FUNCTION reembed.record_failed(p_target text, p_model text, p_refused jsonb, p_written text[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.record_failed(p_target text, p_model text, p_refused jsonb, p_written text[]) IS 'Records rows that could not be embedded or stored in failed_row, and deletes from it those that got their vector. Returns the keys of rows beyond the number that may be recorded in ten minutes; the target is then paused.';

CREATE FUNCTION reembed.record_known_item(p_target text, p_role text, p_key text, p_text_hash bigint, p_vector text, p_error text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_known_item(p_target text, p_role text, p_key text, p_text_hash bigint, p_vector text, p_error text) IS 'Searches for a row by the vector of its own text and records whether it was among the nearest, or the error that prevented a vector; null when there is no result.';

CREATE FUNCTION reembed.record_requests(p_requests jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_requests(p_requests jsonb) IS 'Adds the requests that a worker sent since the last call to those of this minute, and deletes those older than seven days.';

CREATE FUNCTION reembed.record_retry(p_target text, p_rows bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_retry(p_target text, p_rows bigint) IS 'Records in the audit that failed rows were returned to the workers, and how many.';

CREATE FUNCTION reembed.record_sent_rows(p_provider_batch uuid, p_attempt integer, p_batch bigint, p_requests integer[], p_positions integer[], p_input_places integer[], p_input_counts integer[], p_keys text[], p_text_hashes bigint[], p_text_digests uuid[], p_waves integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.record_sent_rows(p_provider_batch uuid, p_attempt integer, p_batch bigint, p_requests integer[], p_positions integer[], p_input_places integer[], p_input_counts integer[], p_keys text[], p_text_hashes bigint[], p_text_digests uuid[], p_waves integer[]) IS 'Records which rows of a batch of the ledger are sent in which requests of a provider batch.';

CREATE FUNCTION reembed.record_shadow_read(p_target text, p_served_model text, p_shadow_model text, p_is_canary boolean, p_k integer, p_overlap double precision, p_served_ms double precision, p_shadow_ms double precision, p_served_embedding_ms double precision, p_shadow_embedding_ms double precision, p_key_hash bigint, p_query text, p_error text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_shadow_read(p_target text, p_served_model text, p_shadow_model text, p_is_canary boolean, p_k integer, p_overlap double precision, p_served_ms double precision, p_shadow_ms double precision, p_served_embedding_ms double precision, p_shadow_embedding_ms double precision, p_key_hash bigint, p_query text, p_error text) IS 'Records one shadow read. Open to roles that may read the live view of the target; stores nothing while shadow_percent is 0, and at most 6,000 a minute.';

CREATE FUNCTION reembed.record_words(p_subject text, p_words text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.record_words(p_subject text, p_words text) IS 'Keeps the last error message of another program for a kind of work.';

CREATE FUNCTION reembed.record_written(p_target text, p_written jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.record_written(p_target text, p_written jsonb) IS 'Records rows into which the application wrote a vector of its own, once the new model is read; keeps the newest 300 of a target.';

CREATE FUNCTION reembed.recreation(p_class oid, p_object oid) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.recreation(p_class oid, p_object oid) IS 'Statements that create a view or a function again as it is, with owner, grants and comment; null for other objects, and for views with triggers, rules or defaults of their own.';

CREATE FUNCTION reembed.refresh_serving(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.refresh_serving(p_target text) IS 'Refreshes the stored answer of reads_for() for a target.';

CREATE FUNCTION reembed.refuse_write() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.refuse_write() IS 'Trigger of views that join a side table: names the table to write to.';

CREATE FUNCTION reembed.refuses_row(p_sqlstate text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.refuses_row(p_sqlstate text) IS 'Whether an error of a write says that a row is refused, by a constraint, by a trigger or because a value is out of range, so that the other rows can be written without it.';

CREATE FUNCTION reembed.register_model(p_name text, p_provider_model text, p_dimensions integer, p_element_type text, p_distance text, p_document_prefix text DEFAULT ''::text, p_query_prefix text DEFAULT ''::text, p_send_dimensions boolean DEFAULT false, p_token_limit integer DEFAULT NULL::integer, p_usd_per_million_tokens numeric DEFAULT NULL::numeric, p_provider text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.register_model(p_name text, p_provider_model text, p_dimensions integer, p_element_type text, p_distance text, p_document_prefix text, p_query_prefix text, p_send_dimensions boolean, p_token_limit integer, p_usd_per_million_tokens numeric, p_provider text) IS 'Registers a model; rejects a second definition under the same name.';

CREATE FUNCTION reembed.rehook(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.rehook(p_target text) IS 'Recreates triggers, views and functions of a target for the present table, and schedules a sweep for rows without a vector.';

CREATE FUNCTION reembed.relation_grants(p_relation regclass) RETURNS TABLE(privilege text, attnum smallint, column_name name, columns text, grantee oid, is_grantable boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.relation_grants(p_relation regclass) IS 'Privileges on a table or view and on its columns that roles other than its owner hold; attnum and column_name are null for the relation itself.';

CREATE FUNCTION reembed.release(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.release(p_target text) IS 'Drops every object of pg-reembed from a target after contract, including its views, and forgets it.';

CREATE FUNCTION reembed.release_batch(p_provider_batch uuid, p_batch bigint, p_waits_for uuid, p_has_rows boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.release_batch(p_provider_batch uuid, p_batch bigint, p_waits_for uuid, p_has_rows boolean) IS 'Ends the part of a provider batch in one batch of the ledger. The batch is done when no row of it is left to embed. It waits for another provider batch when that one embeds a text of its rows. Otherwise it returns to ordinary requests, or to the batch API where a part of it was not sent yet. Returns whether it is done.';

CREATE FUNCTION reembed.release_objects(p_target text, p_kind text DEFAULT 'release'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.release_objects(p_target text, p_kind text) IS 'Drops everything that is kept of a target and its campaigns, and records that their migration files are to be ignored. p_kind: release or forget, for the audit.';

CREATE FUNCTION reembed.remake_view(p_view regclass, p_definition text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning'
    SET check_function_bodies TO 'off';

COMMENT ON FUNCTION reembed.remake_view(p_view regclass, p_definition text) IS 'Replaces a view by a definition that may have other columns; keeps owner, grants, and the views and functions that depend on it.';

CREATE FUNCTION reembed.render(p_template text, p_names jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.render(p_template text, p_names jsonb) IS 'Replaces the {placeholders} of a template, and quotes what it has between two $body$.';

CREATE FUNCTION reembed.rendered(p_target text) RETURNS TABLE(name text, body text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.rendered(p_target text) IS 'The SQL that compile_target() runs for a target, template by template.';

CREATE FUNCTION reembed.repeated_texts(p_campaign text, p_batch bigint, p_digests uuid[]) RETURNS TABLE(text_digest uuid, vector public.vector, is_pending boolean, provider_batch uuid)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.repeated_texts(p_campaign text, p_batch bigint, p_digests uuid[]) IS 'The texts of a batch that an earlier batch embeds: their vector, once there is one, whether that batch is still pending, and its provider batch.';

CREATE FUNCTION reembed.replace_bridge(p_campaign text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.replace_bridge(p_campaign text) IS 'Creates or replaces the function that searches over the bridge of a campaign; drops it where there is no map.';

CREATE FUNCTION reembed.replace_change_view() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.replace_change_view() IS 'Recreates reembed.change, the view over the change logs of all targets.';

CREATE FUNCTION reembed.replace_nearest(p_target text, p_view name, p_model text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.replace_nearest(p_target text, p_view name, p_model text) IS 'Creates or replaces the function that searches through a view of a target, where an index holds less than the vectors, or each partition has one.';

CREATE FUNCTION reembed.replace_schema_view(p_relation regclass, p_schema name, p_model text, p_name name, p_definition text, p_present regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.replace_schema_view(p_relation regclass, p_schema name, p_model text, p_name name, p_definition text, p_present regclass) IS 'Creates or replaces one view with a table''s own name, and records its definition.';

CREATE FUNCTION reembed.replace_schema_views(p_relation regclass, p_all boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.replace_schema_views(p_relation regclass, p_all boolean) IS 'Creates, replaces and drops the views with a table''s own name, as its campaigns, its columns and the live models require now; p_all: replaces also those that are right, which locks them.';

CREATE FUNCTION reembed.replace_view(p_target text, p_view name, p_model text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.replace_view(p_target text, p_view name, p_model text) IS 'Creates or replaces one view of a target so that it reads one model; keeps grants, owner and options.';

CREATE FUNCTION reembed.replace_views(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.replace_views(p_target text) IS 'Updates the live view, the view of each model, and those with the table''s own name, to the settings and the phase.';

CREATE FUNCTION reembed.report_wanted(p_target text, p_keys jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.report_wanted(p_target text, p_keys jsonb) IS 'Reports rows without a new vector that searches found, by their keys, so that workers embed them first. Open to roles that may read the live view of the target; at most 1,000 keys a call, 6,000 calls a minute and 10,000 waiting reports of a target.';

CREATE FUNCTION reembed.require_archive(p_name text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_archive(p_name text) IS 'Raises RE001 when the old vectors were purged and rollback is impossible.';

CREATE FUNCTION reembed.require_gate(p_name text, p_phase text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_gate(p_name text, p_phase text) IS 'Raises RE001 while the gate to a phase is closed.';

CREATE FUNCTION reembed.require_joins(p_relation regclass, p_joins jsonb) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_joins(p_relation regclass, p_joins jsonb) IS 'Raises an error when a table cannot be joined for the text.';

CREATE FUNCTION reembed.require_owner(p_relation regclass) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_owner(p_relation regclass) IS 'Raises RE006 when the present role lacks the rights of a table''s owner.';

CREATE FUNCTION reembed.require_part(p_relation regclass, p_column name, p_part text, p_clause text) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_part(p_relation regclass, p_column name, p_part text, p_clause text) IS 'Raises RE004 for a clause whose truth could change without a change of the row, and for parts of one column that may share a row. Returns the functions of the clause that may fail on a row, as far as PostgreSQL knows.';

CREATE FUNCTION reembed.require_subscribers(p_campaign text, p_relation regclass, p_storage text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_subscribers(p_campaign text, p_relation regclass, p_storage text) IS 'Raises RE001 if a native subscriber would stop at what expand adds, and nobody has accepted that.';

CREATE FUNCTION reembed.require_unread(p_name text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.require_unread(p_name text) IS 'Raises RE001 while the live view reads the new model, whose vectors must not be removed then.';

CREATE FUNCTION reembed.reserve_provider_batch(p_provider_batch uuid, p_attempt integer, p_tokens bigint) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.reserve_provider_batch(p_provider_batch uuid, p_attempt integer, p_tokens bigint) IS 'Counts the expected tokens of a provider batch against the spend cap before it is uploaded; returns the reason where they exceed it.';

CREATE FUNCTION reembed.reserve_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric DEFAULT 1) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.reserve_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric) IS 'Counts the expected tokens of a request against the spend cap of a campaign before it is sent. Where they exceed it, pauses the target and returns the reason; null: it may be sent.';

CREATE FUNCTION reembed.resolve_target(p_target text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.resolve_target(p_target text) IS 'Full name of a target from a short one; raises RE003 when none or several match.';

CREATE FUNCTION reembed.rest_milliseconds(p_target text) RETURNS double precision
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.rest_milliseconds(p_target text) IS 'How long workers rest at a time, in milliseconds, so that searches can be timed without the backfill.';

CREATE PROCEDURE reembed.restore_old_vectors(IN p_name text)
    LANGUAGE plpgsql;

COMMENT ON PROCEDURE reembed.restore_old_vectors(IN p_name text) IS 'Restores archived vectors whose text is unchanged, in short transactions; can be interrupted and run again.';

CREATE FUNCTION reembed.restore_parent_indexes(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.restore_parent_indexes(p_name text) IS 'Makes the restored old indexes of the leaves of a partitioned table parts of one index again, as they were before contract.';

CREATE FUNCTION reembed.restore_portion(p_name text, p_rows integer, OUT moved bigint, OUT is_over boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.restore_portion(p_name text, p_rows integer, OUT moved bigint, OUT is_over boolean) IS 'Restores about p_rows archived vectors; returns how many left the archive and whether all are restored. Rows that the table refuses are recorded as failed, without their vector, up to 20 or one percent of them.';

CREATE FUNCTION reembed.restore_side_table(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.restore_side_table(p_name text) IS 'Moves the side table of the old vectors back from the archive.';

CREATE FUNCTION reembed.resume(p_target text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.resume(p_target text) IS 'Ends a pause.';

CREATE FUNCTION reembed.resume_old(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.resume_old(p_name text) IS 'Logs the rows whose old vector was given up while the old model was not maintained; sweep_portion() finds the rows without one.';

CREATE FUNCTION reembed.retry_failed(p_target text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.retry_failed(p_target text) IS 'Logs the rows in failed_row as changed, so that workers retry them; returns how many.';

CREATE FUNCTION reembed.return_properties(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.return_properties(p_name text) IS 'Gives the new column and its indexes the properties and names back that they had before contract.';

CREATE FUNCTION reembed.return_to_batch_api(p_provider_batch uuid, p_from_batch bigint DEFAULT 0) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.return_to_batch_api(p_provider_batch uuid, p_from_batch bigint) IS 'Removes batches of the ledger from a provider batch that did not send them, so that another one can.';

CREATE TABLE reembed.setting (
    target text NOT NULL,
    read_model text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    paused_by text,
    paused_reason text,
    requests_per_minute integer,
    tokens_per_minute integer,
    keep_old_current boolean DEFAULT true NOT NULL,
    old_model_gone boolean DEFAULT false NOT NULL,
    max_failed_rows integer DEFAULT 0 NOT NULL,
    min_overlap numeric,
    min_index_recall numeric DEFAULT 0.95 NOT NULL,
    candidates integer DEFAULT 200 NOT NULL,
    max_ndcg_loss numeric DEFAULT 0.05 NOT NULL,
    soak interval DEFAULT '7 days'::interval NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    max_replica_lag_bytes bigint DEFAULT 67108864,
    max_wal_backlog_bytes bigint DEFAULT '10737418240'::bigint,
    max_lock_waits integer DEFAULT 2,
    yields_to_vacuum boolean DEFAULT false NOT NULL,
    max_read_slowdown numeric DEFAULT 1.3,
    min_filtered_rows numeric DEFAULT 0.9 NOT NULL,
    max_latency_ratio numeric DEFAULT 3,
    max_audit_share numeric DEFAULT 0.01 NOT NULL,
    min_audit_similarity numeric DEFAULT 0.999 NOT NULL,
    max_shared_vectors numeric DEFAULT 0.05 NOT NULL,
    max_odd_norms numeric DEFAULT 0.05 NOT NULL,
    max_changed_old_rows bigint,
    query_log_percent numeric DEFAULT 0 NOT NULL,
    query_log_rows integer DEFAULT 10000 NOT NULL,
    canary_percent numeric DEFAULT 0 NOT NULL,
    canary_steps numeric[],
    canary_step_time interval DEFAULT '01:00:00'::interval NOT NULL,
    shadow_percent numeric DEFAULT 0 NOT NULL,
    shadow_per_second integer DEFAULT 5 NOT NULL,
    shadow_timeout interval DEFAULT '00:00:05'::interval NOT NULL,
    shadow_rows integer DEFAULT 10000 NOT NULL,
    shadow_keeps_text boolean DEFAULT false NOT NULL,
    shadow_sample integer DEFAULT 100 NOT NULL,
    min_shadow_overlap numeric,
    max_shadow_errors numeric DEFAULT 0.2,
    known_items integer DEFAULT 3 NOT NULL,
    min_known_items numeric DEFAULT 0.8 NOT NULL,
    max_outdated_seconds integer DEFAULT 300,
    watch_window interval DEFAULT '00:15:00'::interval NOT NULL,
    alert_after interval DEFAULT '00:01:00'::interval NOT NULL,
    auto_revert boolean DEFAULT false NOT NULL,
    maintained_by text DEFAULT 'workers'::text NOT NULL,
    max_text_bytes integer DEFAULT 1048576 NOT NULL,
    max_tokens bigint,
    max_usd numeric,
    CONSTRAINT a_gone_model_is_not_kept_current CHECK ((NOT (old_model_gone AND keep_old_current))),
    CONSTRAINT alert_after_is_not_negative CHECK ((alert_after >= '00:00:00'::interval)),
    CONSTRAINT canary_percent_is_a_percentage CHECK (((canary_percent >= (0)::numeric) AND (canary_percent <= (100)::numeric))),
    CONSTRAINT canary_step_time_is_not_negative CHECK ((canary_step_time >= '00:00:00'::interval)),
    CONSTRAINT canary_steps_are_percentages CHECK (((cardinality(canary_steps) > 0) AND ((0)::numeric < ALL (canary_steps)) AND ((100)::numeric >= ALL (canary_steps)))),
    CONSTRAINT candidates_are_between_10_and_1000 CHECK (((candidates >= 10) AND (candidates <= 1000))),
    CONSTRAINT known_items_is_not_negative CHECK ((known_items >= 0)),
    CONSTRAINT maintained_by_is_known CHECK ((maintained_by = ANY (ARRAY['workers'::text, 'application'::text]))),
    CONSTRAINT max_audit_share_is_a_share CHECK (((max_audit_share > (0)::numeric) AND (max_audit_share < (1)::numeric))),
    CONSTRAINT max_changed_old_rows_is_not_negative CHECK ((max_changed_old_rows >= 0)),
    CONSTRAINT max_failed_rows_is_not_negative CHECK ((max_failed_rows >= 0)),
    CONSTRAINT max_latency_ratio_is_positive CHECK ((max_latency_ratio > (0)::numeric)),
    CONSTRAINT max_lock_waits_is_not_negative CHECK ((max_lock_waits >= 0)),
    CONSTRAINT max_ndcg_loss_is_a_share CHECK (((max_ndcg_loss >= (0)::numeric) AND (max_ndcg_loss <= (1)::numeric))),
    CONSTRAINT max_odd_norms_is_a_share CHECK (((max_odd_norms >= (0)::numeric) AND (max_odd_norms <= (1)::numeric))),
    CONSTRAINT max_outdated_seconds_is_positive CHECK ((max_outdated_seconds > 0)),
    CONSTRAINT max_read_slowdown_is_more_than_one CHECK ((max_read_slowdown > (1)::numeric)),
    CONSTRAINT max_replica_lag_bytes_is_positive CHECK ((max_replica_lag_bytes > 0)),
    CONSTRAINT max_shadow_errors_is_a_share CHECK (((max_shadow_errors >= (0)::numeric) AND (max_shadow_errors <= (1)::numeric))),
    CONSTRAINT max_shared_vectors_is_a_share CHECK (((max_shared_vectors >= (0)::numeric) AND (max_shared_vectors <= (1)::numeric))),
    CONSTRAINT max_text_bytes_is_positive CHECK ((max_text_bytes > 0)),
    CONSTRAINT max_tokens_is_positive CHECK ((max_tokens > 0)),
    CONSTRAINT max_usd_is_positive CHECK ((max_usd > (0)::numeric)),
    CONSTRAINT max_wal_backlog_bytes_is_positive CHECK ((max_wal_backlog_bytes > 0)),
    CONSTRAINT min_audit_similarity_is_at_most_one CHECK (((min_audit_similarity >= ('-1'::integer)::numeric) AND (min_audit_similarity <= (1)::numeric))),
    CONSTRAINT min_filtered_rows_is_a_share CHECK (((min_filtered_rows >= (0)::numeric) AND (min_filtered_rows <= (1)::numeric))),
    CONSTRAINT min_index_recall_is_a_share CHECK (((min_index_recall >= (0)::numeric) AND (min_index_recall <= (1)::numeric))),
    CONSTRAINT min_known_items_is_a_share CHECK (((min_known_items >= (0)::numeric) AND (min_known_items <= (1)::numeric))),
    CONSTRAINT min_overlap_is_a_share CHECK (((min_overlap >= (0)::numeric) AND (min_overlap <= (1)::numeric))),
    CONSTRAINT min_shadow_overlap_is_a_share CHECK (((min_shadow_overlap >= (0)::numeric) AND (min_shadow_overlap <= (1)::numeric))),
    CONSTRAINT paused_by_is_known CHECK ((paused_by = ANY (ARRAY['person'::text, 'worker'::text, 'breaker'::text, 'spend_cap'::text]))),
    CONSTRAINT query_log_percent_is_a_percentage CHECK (((query_log_percent >= (0)::numeric) AND (query_log_percent <= (100)::numeric))),
    CONSTRAINT query_log_rows_is_positive CHECK ((query_log_rows > 0)),
    CONSTRAINT requests_per_minute_is_positive CHECK ((requests_per_minute > 0)),
    CONSTRAINT shadow_per_second_is_positive CHECK ((shadow_per_second > 0)),
    CONSTRAINT shadow_percent_is_a_percentage CHECK (((shadow_percent >= (0)::numeric) AND (shadow_percent <= (100)::numeric))),
    CONSTRAINT shadow_rows_is_not_negative CHECK ((shadow_rows >= 0)),
    CONSTRAINT shadow_sample_is_positive CHECK ((shadow_sample > 0)),
    CONSTRAINT shadow_timeout_is_positive CHECK ((shadow_timeout > '00:00:00'::interval)),
    CONSTRAINT soak_is_not_negative CHECK ((soak >= '00:00:00'::interval)),
    CONSTRAINT tokens_per_minute_is_positive CHECK ((tokens_per_minute > 0)),
    CONSTRAINT watch_window_is_positive CHECK ((watch_window > '00:00:00'::interval))
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

COMMENT ON COLUMN reembed.setting.min_index_recall IS 'Minimum mean recall of the new index against the exact scan, 0 to 1. The 95 % interval must be above it.';

COMMENT ON COLUMN reembed.setting.candidates IS 'Rows that a binary or subvector index returns to a search, to be ranked by the exact distance: default of the function reembed_live.nearest_…, and what validations and checks use. Where each partition has an index, the function shares them among the partitions.';

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

CREATE VIEW reembed.vector_column AS
 WITH current_campaign AS (
         SELECT DISTINCT ON (m.target) m.name,
            m.target,
            m.from_model,
            m.to_model,
            m.from_attnum,
            m.from_version_attnum,
            m.to_attnum,
            m.to_version_attnum,
            m.phase,
            m.phase_entered_at,
            m.phase_entered_by,
            m.tokens_per_character,
            m.previous_source,
            m.planned_at,
            m.table_rows,
            m.rows_with_text,
            m.swept_at,
            m.needs_old_sweep,
            m.live_rows,
            m.live_tokens,
            m.switched_at,
            m.table_scans,
            m.old_column,
            m.archive,
            m.purged_at,
            m.created_at,
            m.to_relation,
            m.from_relation,
            m.group_name,
            m.moving,
            m.moving_block
           FROM reembed.campaign m
          ORDER BY m.target, (m.phase <> 'contract'::text) DESC, m.created_at DESC
        ), kept AS (
         SELECT m.target,
            m.name AS campaign,
            'new'::text AS role,
            m.to_model AS model,
            true AS is_maintained,
            m.to_relation AS side_table,
            m.to_attnum AS attnum,
            m.to_version_attnum AS version_attnum
           FROM current_campaign m
        UNION ALL
         SELECT m.target,
            m.name,
            'old'::text,
            m.from_model,
            NULL::boolean,
            m.from_relation,
            m.from_attnum,
            m.from_version_attnum
           FROM current_campaign m
          WHERE (m.phase <> 'contract'::text)
        )
 SELECT k.target,
    k.campaign,
    k.role,
    k.model,
    a.attname AS column_name,
    w.attname AS version_column,
    (s.read_model = k.model) AS is_read,
    COALESCE(k.is_maintained, s.keep_old_current) AS is_maintained,
    COALESCE(k.side_table, t.relation) AS relation,
        CASE
            WHEN (k.side_table IS NULL) THEN 'column'::text
            ELSE 'side_table'::text
        END AS storage,
    k.attnum,
    k.version_attnum
   FROM ((((kept k
     JOIN reembed.target t ON ((t.name = k.target)))
     JOIN reembed.setting s ON ((s.target = k.target)))
     LEFT JOIN pg_attribute a ON (((a.attrelid = (COALESCE(k.side_table, t.relation))::oid) AND (a.attnum = k.attnum) AND (NOT a.attisdropped))))
     LEFT JOIN pg_attribute w ON (((w.attrelid = (COALESCE(k.side_table, t.relation))::oid) AND (w.attnum = k.version_attnum) AND (NOT w.attisdropped))));

COMMENT ON VIEW reembed.vector_column IS 'Where the vectors of each model of a target are, whether they are read, and whether workers maintain them.';

COMMENT ON COLUMN reembed.vector_column.target IS 'The target.';

COMMENT ON COLUMN reembed.vector_column.campaign IS 'The campaign that it belongs to.';

COMMENT ON COLUMN reembed.vector_column.role IS 'new or old.';

COMMENT ON COLUMN reembed.vector_column.model IS 'The model of the vectors.';

COMMENT ON COLUMN reembed.vector_column.column_name IS 'The column; null when it has been dropped.';

COMMENT ON COLUMN reembed.vector_column.version_column IS 'The column that names the model of each row; null where there is none.';

COMMENT ON COLUMN reembed.vector_column.is_read IS 'Whether the live view shows these vectors.';

COMMENT ON COLUMN reembed.vector_column.is_maintained IS 'Whether workers embed changed rows with this model.';

COMMENT ON COLUMN reembed.vector_column.relation IS 'The table of the column: the target''s own table or a side table.';

COMMENT ON COLUMN reembed.vector_column.storage IS 'column: in the target''s own table; side_table: in a separate table for vectors, with one row for each row of the target that has a vector.';

COMMENT ON COLUMN reembed.vector_column.attnum IS 'Number of the column in its table.';

COMMENT ON COLUMN reembed.vector_column.version_attnum IS 'Number of the column that names the model.';

CREATE FUNCTION reembed.role_names(v reembed.vector_column, p_role text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.role_names(v reembed.vector_column, p_role text) IS 'Values of the placeholders in templates that are rendered once for each role.';

CREATE FUNCTION reembed.row_condition(p_condition text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.row_condition(p_condition text) IS 'The definition of a compiled function that checks a condition of a row, or of a row before and after an update.';

CREATE FUNCTION reembed.row_value(p_relation regclass, p_attnum smallint) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.row_value(p_relation regclass, p_attnum smallint) IS 'The definition of a compiled function that returns one column of a row.';

CREATE FUNCTION reembed.rows_beyond(p_target text, p_model text, p_refused jsonb) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.rows_beyond(p_target text, p_model text, p_refused jsonb) IS 'Keys of those failed rows that are not recorded, because too many failed in a short time.';

CREATE FUNCTION reembed.rows_lacking_old_vector(p_name text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.rows_lacking_old_vector(p_name text) IS 'Rows with a text that a search would miss if the live view read the old model again. Reads the whole table.';

CREATE FUNCTION reembed.sample_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows integer, p_share double precision, OUT rows integer, OUT seconds double precision) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'warning';

COMMENT ON FUNCTION reembed.sample_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows integer, p_share double precision, OUT rows integer, OUT seconds double precision) IS 'Builds an HNSW index over a sample of the vectors in a temporary table and returns how long it took.';

CREATE FUNCTION reembed.sample_index_scans(p_name text, p_is_first boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.sample_index_scans(p_name text, p_is_first boolean) IS 'Records how often the indexes on the old vectors have been scanned, and when that number changed. p_is_first: begins anew, at the switch.';

CREATE FUNCTION reembed.sample_statements(p_name text, p_is_first boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.sample_statements(p_name text, p_is_first boolean) IS 'Records which statements name the table and its old vector column, and when they were last seen to have run. p_is_first: begins anew, at the switch.';

CREATE FUNCTION reembed.scan_coverage(p_target text, p_every interval DEFAULT '01:00:00'::interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET row_security TO 'off';

COMMENT ON FUNCTION reembed.scan_coverage(p_target text, p_every interval) IS 'Scans the whole table for rows without a vector of the models that are read, unless that was done less than p_every ago; returns whether it did.';

CREATE FUNCTION reembed.scan_statistics(p_target text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.scan_statistics(p_target text) IS 'How often the vector index and the table of the model that is read have been scanned; index_scans is null without such an index.';

CREATE FUNCTION reembed.scans_iteratively() RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.scans_iteratively() IS 'Whether this version of pgvector continues an index scan until enough rows pass a filter.';

CREATE FUNCTION reembed.search_function_name(p_kind text, p_view name) RETURNS name
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.search_function_name(p_kind text, p_view name) IS 'Name of the function that searches through a view (nearest), or over the bridge of a live view (bridge).';

CREATE FUNCTION reembed.seconds_text(p_seconds double precision) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.seconds_text(p_seconds double precision) IS 'Formats a number of seconds for people.';

CREATE FUNCTION reembed.served_model(p_target text DEFAULT NULL::text) RETURNS TABLE(target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.served_model(p_target text) IS 'All that is needed to embed a query with the model that the live view of a target reads.';

CREATE FUNCTION reembed.serves(p_target text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.serves(p_target text) IS 'True when the live model of a target is the one that the session declared in setting reembed.model, or none is declared; raises RE002 otherwise. For WHERE, in searches through schema reembed_live.';

CREATE FUNCTION reembed.set_column_properties(p_relation regclass, p_column name, p_wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.set_column_properties(p_relation regclass, p_column name, p_wanted jsonb) IS 'Gives a column storage, compression, statistics target, options and comment as describe_column() returned them.';

CREATE FUNCTION reembed.set_index_properties(p_index regclass, p_name name, p_wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.set_index_properties(p_index regclass, p_name name, p_wanted jsonb) IS 'Gives an index a name, and comment and statistics target as describe_column() returned them; null leaves these as they are.';

CREATE FUNCTION reembed.set_not_null(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.set_not_null(p_name text) IS 'Last step to NOT NULL: sets it without a scan, because the constraint is validated, and drops the constraint.';

CREATE FUNCTION reembed.set_provider(p_model text, p_provider text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.set_provider(p_model text, p_provider text) IS 'Names the provider of a model: one of reembed.config.ts, .js or .json, or null for that of the environment.';

CREATE FUNCTION reembed.settle_batch(p_campaign text, p_batch bigint, p_model text, p_written text[], p_digests uuid[], p_vectors public.vector[], p_refused jsonb, p_tokens bigint, p_requests integer, p_done boolean) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.settle_batch(p_campaign text, p_batch bigint, p_model text, p_written text[], p_digests uuid[], p_vectors public.vector[], p_refused jsonb, p_tokens bigint, p_requests integer, p_done boolean) IS 'Records the outcome of a part of a batch in the ledger; returns how many rows were written.';

CREATE FUNCTION reembed.settle_live(p_target text, p_campaign text, p_gone jsonb[], p_stored integer, p_tokens bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.settle_live(p_target text, p_campaign text, p_gone jsonb[], p_stored integer, p_tokens bigint) IS 'Counts vectors of changed rows and deletes failures of deleted rows; false when the campaign has changed.';

CREATE FUNCTION reembed.settle_provider_batch(p_provider_batch uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.settle_provider_batch(p_provider_batch uuid) IS 'Closes a provider batch when no batch of the ledger waits for it any more; returns false while one does.';

CREATE FUNCTION reembed.settle_sent_rows(p_provider_batch uuid, p_batch bigint, p_request integer, p_positions integer[], p_vectors public.vector[], p_written text[], p_refused jsonb, p_tokens bigint, p_requests integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.settle_sent_rows(p_provider_batch uuid, p_batch bigint, p_request integer, p_positions integer[], p_vectors public.vector[], p_written text[], p_refused jsonb, p_tokens bigint, p_requests integer) IS 'Deletes rows whose vectors were stored or refused by their table from the record of a provider batch, and counts them; returns how many were written.';

CREATE FUNCTION reembed.share_schema_views(p_relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.share_schema_views(p_relation regclass) IS 'Gives the views with a table''s own name the grants of the table, including those on columns.';

CREATE FUNCTION reembed.share_side_tables(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.share_side_tables(p_target text) IS 'Applies the read grants of the table, including those on columns, and its row level security to the side tables of a target.';

CREATE FUNCTION reembed.share_view_grants(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.share_view_grants(p_target text) IS 'Copies the SELECT grants of the live view of a target to the views of its models.';

CREATE FUNCTION reembed.shares_its_name(p_relation regclass) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.shares_its_name(p_relation regclass) IS 'Whether another schema has a table or view of the same name, so that a statement without a schema may mean that one.';

CREATE FUNCTION reembed.shift_changes(p_target text, p_forward boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.shift_changes(p_target text, p_forward boolean) IS 'Maps waiting changes to the present roles; p_forward: the new model becomes the old one.';

CREATE FUNCTION reembed.spend_on_judge(p_campaign text, p_tokens bigint, p_usd numeric, p_must_fit boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.spend_on_judge(p_campaign text, p_tokens bigint, p_usd numeric, p_must_fit boolean) IS 'Counts a request to the chat model of a validation, or the difference to what it cost, against the spend cap of a campaign; false: it does not fit.';

CREATE FUNCTION reembed.spending_left(p_campaign text, p_token_price numeric) RETURNS numeric
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.spending_left(p_campaign text, p_token_price numeric) IS 'Tokens of a price that a campaign may still spend under max_tokens and max_usd; null where neither limits it.';

CREATE FUNCTION reembed.start_campaign(p_name text, p_relation regclass, p_column name, p_key_columns name[], p_text_columns name[], p_text_sql text, p_live_view name, p_live_model_column name, p_from_model text, p_to_model text, p_to_column name, p_to_version_column name, p_tokens_per_character numeric, p_keep_old_current boolean, p_to_relation regclass DEFAULT NULL::regclass, p_application_path text DEFAULT NULL::text, p_max_tokens bigint DEFAULT NULL::bigint, p_max_usd numeric DEFAULT NULL::numeric, p_joins jsonb DEFAULT '[]'::jsonb, p_part text DEFAULT ''::text, p_where text DEFAULT NULL::text, p_old_model_gone boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.start_campaign(p_name text, p_relation regclass, p_column name, p_key_columns name[], p_text_columns name[], p_text_sql text, p_live_view name, p_live_model_column name, p_from_model text, p_to_model text, p_to_column name, p_to_version_column name, p_tokens_per_character numeric, p_keep_old_current boolean, p_to_relation regclass, p_application_path text, p_max_tokens bigint, p_max_usd numeric, p_joins jsonb, p_part text, p_where text, p_old_model_gone boolean) IS 'Enters phase expand: registers target and campaign, creates the triggers and the views.';

CREATE FUNCTION reembed.statement_statistics() RETURNS regclass
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.statement_statistics() IS 'The view of pg_stat_statements, where the present role can read all statements in it; otherwise null.';

CREATE FUNCTION reembed.stop_parking(p_target text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.stop_parking(p_target text) IS 'Pauses a target because too many of its rows failed in a short time, with the classes and the first keys as the reason.';

CREATE FUNCTION reembed.storage_names(v reembed.vector_column, p_role text, p_suffix name) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.storage_names(v reembed.vector_column, p_role text, p_suffix name) IS 'Values of the placeholders that depend on how vectors are stored.';

CREATE FUNCTION reembed.subscriber_harms(p_relation regclass) RETURNS TABLE(code text, storage text, evidence jsonb)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.subscriber_harms(p_relation regclass) IS 'What native subscribers of a table would stop at, by storage of the new vectors.';

CREATE FUNCTION reembed.sweep(p_name text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.sweep(p_name text) IS 'Scans the whole table for rows that lack a new vector and have no change on record, logs up to a thousand of them and returns how many there are.';

CREATE FUNCTION reembed.sweep_leaf(p_target text, p_leaf regclass, p_block bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET row_security TO 'off';

COMMENT ON FUNCTION reembed.sweep_leaf(p_target text, p_leaf regclass, p_block bigint) IS 'One step of the search of a new partition for rows that lack a vector of either role; returns the block to continue from, null at the end.';

CREATE FUNCTION reembed.sweep_portion(p_name text, p_role text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.sweep_portion(p_name text, p_role text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) IS 'One step of a sweep for rows that lack a vector of one role, at a block of a leaf, or at the start without p_leaf; returns where to continue, nulls at the end.';

CREATE FUNCTION reembed.sweep_side_table(p_target text, p_role text, p_block bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.sweep_side_table(p_target text, p_role text, p_block bigint) IS 'Deletes the vectors of former texts and of deleted rows from a range of blocks of a side table; returns the block to continue from, null at the end.';

CREATE FUNCTION reembed.switch_gate(p_name text) RETURNS TABLE(code text, condition text, remedy text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.switch_gate(p_name text) IS 'Conditions that prevent the switch to the new model; none when a validation newer than the backfill passed, or is unsure and accepted, and the index is valid.';

CREATE FUNCTION reembed.switch_to(p_target text, p_model text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.switch_to(p_target text, p_model text) IS 'Switches the live view to another model, forward or back, in one transaction; returns the model that is read now.';

CREATE FUNCTION reembed.t_quantile(p_z double precision, p_degrees double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.t_quantile(p_z double precision, p_degrees double precision) IS 'Quantile of Student''s t distribution that has the same tail as p_z of the normal distribution.';

CREATE FUNCTION reembed.take_old_checksum(p_name text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.take_old_checksum(p_name text) IS 'Takes the checksums of the old vectors of a campaign unless they exist; returns whether it did. The earlier in a campaign, the more changes they detect.';

CREATE FUNCTION reembed.take_quota(p_model text, p_tokens integer) RETURNS double precision
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.take_quota(p_model text, p_tokens integer) IS 'Requests quota for one request of p_tokens expected tokens. Returns 0 to proceed, otherwise the seconds to wait before the next attempt.';

CREATE FUNCTION reembed.target_names(p_target text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.target_names(p_target text) IS 'Values of the template placeholders: names and SQL fragments for one target in its present state.';

CREATE FUNCTION reembed.target_spellings(p_target text) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.target_spellings(p_target text) IS 'Names that a target may be called by, such as documents, public.documents or public.documents.embedding; null when its table has been dropped.';

CREATE FUNCTION reembed.target_suffix(p_target text) RETURNS name
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.target_suffix(p_target text) IS 'Suffix of the names of the objects of a target, at most 37 bytes.';

CREATE FUNCTION reembed.text_digest(p_text text) RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE;

COMMENT ON FUNCTION reembed.text_digest(p_text text) IS 'The first half of the SHA-256 of a text in UTF-8; distinguishes repeated texts.';

CREATE FUNCTION reembed.text_failure(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.text_failure(p_text text) IS 'Why the text expression failed on a row, read from the replacement for its text: the five characters of the SQLSTATE, then the message of PostgreSQL; null for a text.';

CREATE FUNCTION reembed.text_hash(p_text text) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION reembed.text_hash(p_text text) IS 'Fence of writes: a vector is stored only if the row''s text still has the hash of the embedded text.';

CREATE FUNCTION reembed.text_source(p_relation regclass, p_key_columns name[], p_text_columns name[], p_text_sql text, p_joins jsonb DEFAULT '[]'::jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.text_source(p_relation regclass, p_key_columns name[], p_text_columns name[], p_text_sql text, p_joins jsonb) IS 'Key and text of a table by column number, as stored in reembed.target.';

CREATE FUNCTION reembed.throttle_signals(p_target text) RETURNS TABLE(signal text, effect text, reason text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.throttle_signals(p_target text) IS 'Signals that now stop the backfill of a target or slow it down; effect none: only shown.';

CREATE FUNCTION reembed.token_price(p_campaign text, p_model text) RETURNS numeric
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.token_price(p_campaign text, p_model text) IS 'US dollars that a token of a model costs in a campaign; 0 where no price is known.';

CREATE FUNCTION reembed.trim_shadow_reads() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.trim_shadow_reads() IS 'Deletes the oldest shadow reads of each target beyond shadow_rows, except those that another transaction has locked.';

CREATE FUNCTION reembed.trip_breaker(p_name text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms';

COMMENT ON FUNCTION reembed.trip_breaker(p_name text) IS 'Pauses a campaign when more than half of at least 50 batches started since it was last resumed have failed; returns the reason, null otherwise.';

CREATE FUNCTION reembed.unarchived_leaves(p_target text) RETURNS TABLE(leaf regclass)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.unarchived_leaves(p_target text) IS 'Leaves of a target whose old vectors are not all in the archive yet.';

CREATE FUNCTION reembed.unhook(p_target text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.unhook(p_target text) IS 'Drops triggers, views and functions of a target, so that they do not block DDL; rehook() restores them.';

CREATE FUNCTION reembed.unknown_readers(p_name text) RETURNS TABLE(code text, condition text, evidence jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.unknown_readers(p_name text) IS 'What suggests that a client still uses the old column, or prevents that it is found out, in the form of a harm; no row when there is nothing.';

CREATE FUNCTION reembed.unsure_evidence(p_campaign text) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.unsure_evidence(p_campaign text) IS 'Codes of the doubts of a campaign''s newest validation, in the form of an acceptance; null unless its verdict is unsure.';

CREATE FUNCTION reembed.update_triggers(p_relation regclass) RETURNS TABLE(trigger text, calls text, is_for_each_row boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.update_triggers(p_relation regclass) IS 'Triggers of the user that fire when a vector is stored in a column of the table, and what they call.';

CREATE FUNCTION reembed.valid_index(p_relation regclass, p_index name) RETURNS regclass
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.valid_index(p_relation regclass, p_index name) IS 'The index of a table that has this name; null when there is none or it is not usable.';

CREATE FUNCTION reembed.valid_main_index(p_name text) RETURNS regclass
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.valid_main_index(p_name text) IS 'The main index where it is usable; of a partitioned table, that of its largest leaf, where no leaf lacks it.';

CREATE FUNCTION reembed.validate_not_null(p_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '300ms';

COMMENT ON FUNCTION reembed.validate_not_null(p_name text) IS 'Second step to NOT NULL: scans the table, while reads and writes go on.';

CREATE FUNCTION reembed.vector_indexes(p_relation regclass, p_column name) RETURNS SETOF oid
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.vector_indexes(p_relation regclass, p_column name) IS 'Indexes with the vector column as their only key: they are dropped and restored with it.';

CREATE FUNCTION reembed.vector_schema() RETURNS name
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.vector_schema() IS 'Schema of the extension vector.';

CREATE FUNCTION reembed.verdict(p_validation bigint) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.verdict(p_validation bigint) IS 'Verdict on a validation by the present thresholds: pass, fail or unsure.';

CREATE FUNCTION reembed.view_columns(p_target text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_columns(p_target text) IS 'Columns that the views of a target have from now on, in their order; see target.view_columns.';

CREATE FUNCTION reembed.view_dependents(p_view regclass) RETURNS TABLE(classid oid, objid oid, depth integer)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_dependents(p_view regclass) IS 'Objects that depend on a view or on the type of its rows, directly or through others; the largest depth first is the order to drop them.';

CREATE FUNCTION reembed.view_grants(p_view regclass) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_grants(p_view regclass) IS 'Statements that repeat the present grants on a view.';

CREATE FUNCTION reembed.view_readers(p_target text) RETURNS SETOF text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_readers(p_target text) IS 'Known readers of the views of a target; empty when none is known.';

CREATE FUNCTION reembed.view_schema(p_target text) RETURNS name
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_schema(p_target text) IS 'Schema of the views of a target, even if the table was moved to another schema.';

CREATE FUNCTION reembed.view_sources(p_view regclass) RETURNS TABLE(relation oid, attnum integer)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.view_sources(p_view regclass) IS 'The columns that a view reads, as PostgreSQL records its dependencies.';

CREATE FUNCTION reembed.violation_query(p_relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.violation_query(p_relation regclass) IS 'The statement that counts the rows that violate a constraint of their own table; null where there is no such constraint. It runs code of the owner.';

CREATE FUNCTION reembed.want_popular(p_campaign text, p_column name, p_most bigint DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.want_popular(p_campaign text, p_column name, p_most bigint) IS 'Has the rows with the largest values of a column embedded before the others, p_most at most; returns how many. Reads the table once.';

CREATE FUNCTION reembed.wanted_schema_views(p_relation regclass) RETURNS TABLE(schema name, model text, name name, definition text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.wanted_schema_views(p_relation regclass) IS 'The views with a table''s own name that should exist now: one for each model with vectors, and one that follows the live model.';

CREATE FUNCTION reembed.watch(p_target text DEFAULT NULL::text) RETURNS TABLE(change text, kind text, severity text, message text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.watch(p_target text) IS 'Checks a target once: opens and closes alerts, and returns which. Workers call it every minute.';

CREATE FUNCTION reembed.wilson_interval(p_hits bigint, p_n bigint, OUT low double precision, OUT high double precision) RETURNS record
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.wilson_interval(p_hits bigint, p_n bigint, OUT low double precision, OUT high double precision) IS '95 % interval of a share by p_hits of p_n, which is at least 1 (Wilson, Journal of the American Statistical Association 22, 1927).';

CREATE FUNCTION reembed.with_skipped(p_refused jsonb, p_skipped text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.with_skipped(p_refused jsonb, p_skipped text[]) IS 'Adds rows whose write was suppressed by their table to the rows to record as failed.';

CREATE FUNCTION reembed.word_pattern(p_name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.word_pattern(p_name text) IS 'Regular expression that finds a name in the text of a statement, but not within a longer name.';

CREATE FUNCTION reembed.worker_grants(p_role name) RETURNS TABLE(statement text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.worker_grants(p_role name) IS 'Statements that grant a role the rights of a worker that it lacks.';

CREATE TABLE reembed.worker (
    id uuid NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    target text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    batch_api boolean DEFAULT false NOT NULL
);

COMMENT ON TABLE reembed.worker IS 'Worker processes; one not seen for 30 seconds counts as gone.';

COMMENT ON COLUMN reembed.worker.id IS 'Generated at every start.';

COMMENT ON COLUMN reembed.worker.host IS 'Host name.';

COMMENT ON COLUMN reembed.worker.pid IS 'Process id on that host.';

COMMENT ON COLUMN reembed.worker.target IS 'The only target that it serves; null: it serves all.';

COMMENT ON COLUMN reembed.worker.started_at IS 'When it started.';

COMMENT ON COLUMN reembed.worker.seen_at IS 'When it last reported.';

COMMENT ON COLUMN reembed.worker.batch_api IS 'Whether it sends the backfill to the batch API. While it is alive, other workers leave new batches to it.';

CREATE FUNCTION reembed.works_for(p_worker reembed.worker, p_target text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

COMMENT ON FUNCTION reembed.works_for(p_worker reembed.worker, p_target text) IS 'Whether a worker is alive and works for the target.';

CREATE FUNCTION reembed_queue.create_queue(queue_name text, options jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE FUNCTION reembed_queue.delete_queue(queue_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE FUNCTION reembed_queue.job_now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE;

CREATE FUNCTION reembed_queue.job_table_format(command text, table_name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE FUNCTION reembed_queue.job_table_run(command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE FUNCTION reembed_queue.job_table_run_async(command_name text, version integer, command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE FUNCTION reembed_queue.make_queue(queue_name text, options jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp';

CREATE TABLE reembed.acceptance (
    id bigint NOT NULL,
    campaign text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    by text DEFAULT SESSION_USER NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    evidence jsonb NOT NULL,
    CONSTRAINT acceptance_has_a_reason CHECK ((btrim(reason) <> ''::text))
);

COMMENT ON TABLE reembed.acceptance IS 'Harms that a person allowed by name. An acceptance is void when there is more to accept than its evidence names.';

COMMENT ON COLUMN reembed.acceptance.id IS 'Number of the acceptance.';

COMMENT ON COLUMN reembed.acceptance.campaign IS 'Campaign it holds for; not a foreign key, because an expand file records acceptances before it creates the campaign.';

COMMENT ON COLUMN reembed.acceptance.code IS 'What is accepted, as the inventory and the gates name it.';

COMMENT ON COLUMN reembed.acceptance.reason IS 'Why, in the words of the person.';

COMMENT ON COLUMN reembed.acceptance.by IS 'Role of the session that accepted it.';

COMMENT ON COLUMN reembed.acceptance.at IS 'When it was accepted.';

COMMENT ON COLUMN reembed.acceptance.evidence IS 'What was found when it was accepted: names and numbers of rows.';

ALTER TABLE reembed.acceptance ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.acceptance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.alert (
    id bigint NOT NULL,
    target text NOT NULL,
    campaign text,
    kind text NOT NULL,
    severity text NOT NULL,
    model text,
    message text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    closed_at timestamp with time zone,
    closed_because text,
    opening_posted_at timestamp with time zone,
    closing_posted_at timestamp with time zone,
    post_tried_at timestamp with time zone,
    CONSTRAINT closed_alerts_have_a_reason CHECK (((closed_at IS NULL) = (closed_because IS NULL))),
    CONSTRAINT severity_is_known CHECK ((severity = ANY (ARRAY['notice'::text, 'warning'::text, 'critical'::text])))
);

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

ALTER TABLE reembed.alert ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.bridge (
    campaign text NOT NULL,
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
    fitted_by text DEFAULT SESSION_USER NOT NULL,
    fitted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT judged_figures_belong_together CHECK (((judged_queries IS NULL) = (judged_bridge IS NULL))),
    CONSTRAINT method_is_known CHECK ((method = ANY (ARRAY['ridge'::text, 'procrustes'::text, 'whitened'::text]))),
    CONSTRAINT old_distances_are_calibrated_together CHECK (((old_slope IS NULL) = (old_intercept IS NULL))),
    CONSTRAINT only_procrustes_is_not_regularised CHECK (((method = 'procrustes'::text) = (regularisation IS NULL))),
    CONSTRAINT query_map_fits_its_dimensions CHECK (((octet_length(query_map))::bigint = (((old_dimensions)::bigint * new_dimensions) * 4))),
    CONSTRAINT retention_is_in_its_interval CHECK (((retention >= retention_low) AND (retention <= retention_high)))
);
ALTER TABLE ONLY reembed.bridge ALTER COLUMN query_map SET STORAGE EXTERNAL;

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

CREATE TABLE reembed.bridge_known_item (
    id bigint NOT NULL,
    target text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    key jsonb NOT NULL,
    found boolean NOT NULL
);

COMMENT ON TABLE reembed.bridge_known_item IS 'Rows whose own text the watch searched for through the bridge, and whether the search found the row. Kept for a day.';

COMMENT ON COLUMN reembed.bridge_known_item.id IS 'Number of the search.';

COMMENT ON COLUMN reembed.bridge_known_item.target IS 'Target that was searched.';

COMMENT ON COLUMN reembed.bridge_known_item.at IS 'When it was searched for.';

COMMENT ON COLUMN reembed.bridge_known_item.key IS 'Primary key of the row, as an object of column and value.';

COMMENT ON COLUMN reembed.bridge_known_item.found IS 'Whether the row was among the nearest ten to its own text.';

ALTER TABLE reembed.bridge_known_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.bridge_known_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.bridge_validation (
    id bigint NOT NULL,
    campaign text NOT NULL,
    fitted_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run_by text DEFAULT SESSION_USER NOT NULL,
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
    CONSTRAINT bridge_and_old_model_are_compared_together CHECK (((ndcg_old IS NULL) = (difference IS NULL))),
    CONSTRAINT lexical_share_is_a_share CHECK (((lexical_share >= (0)::double precision) AND (lexical_share <= (1)::double precision)))
);

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

ALTER TABLE reembed.bridge_validation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.bridge_validation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.bridge_validation_query (
    validation bigint NOT NULL,
    ordinal integer NOT NULL,
    query_hash bytea NOT NULL,
    grade text NOT NULL,
    ndcg_old double precision,
    ndcg_bridge double precision NOT NULL,
    ndcg_new double precision,
    CONSTRAINT grade_is_known CHECK ((grade = ANY (ARRAY['people'::text, 'rows'::text])))
);

COMMENT ON TABLE reembed.bridge_validation_query IS 'The judged queries of a validation of the bridge.';

COMMENT ON COLUMN reembed.bridge_validation_query.validation IS 'The run.';

COMMENT ON COLUMN reembed.bridge_validation_query.ordinal IS 'Position in the run, from 1.';

COMMENT ON COLUMN reembed.bridge_validation_query.query_hash IS 'SHA-256 of its text, by which the same query is recognised in other runs.';

COMMENT ON COLUMN reembed.bridge_validation_query.grade IS 'Who judged it: people, or rows (it was made of a row, which it must find).';

COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_old IS 'nDCG@k of the old model; null when it was not asked.';

COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_bridge IS 'nDCG@k of the bridge.';

COMMENT ON COLUMN reembed.bridge_validation_query.ndcg_new IS 'nDCG@k of the new model over the rows that have its vector; null where no judged row has one.';

CREATE TABLE reembed.cached_vector (
    space uuid NOT NULL,
    text_digest uuid NOT NULL,
    cached_at timestamp with time zone DEFAULT now() NOT NULL,
    vector public.vector NOT NULL
);

COMMENT ON TABLE reembed.cached_vector IS 'Vectors that npm run compare paid for; workers take them before they ask the provider. Erased by npm run purge.';

COMMENT ON COLUMN reembed.cached_vector.space IS 'Digest of all that decides a vector besides the text: model, requested dimensions, prefix, parameters.';

COMMENT ON COLUMN reembed.cached_vector.text_digest IS 'reembed.text_digest() of the text, without the prefix.';

COMMENT ON COLUMN reembed.cached_vector.cached_at IS 'When it was stored.';

COMMENT ON COLUMN reembed.cached_vector.vector IS 'Its vector.';

CREATE VIEW reembed.change AS
 SELECT NULL::text AS target,
    NULL::bigint AS seq,
    NULL::text AS key,
    NULL::boolean AS needs_new,
    NULL::boolean AS needs_old,
    NULL::timestamp with time zone AS changed_at
  WHERE false;

COMMENT ON VIEW reembed.change IS 'Changes of rows by the application that wait for a vector, of all targets; one row a change.';

COMMENT ON COLUMN reembed.change.target IS 'The target.';

COMMENT ON COLUMN reembed.change.seq IS 'Position in the order of all changes of the target; 0 for a change of a joined table, whose rows a worker has yet to find.';

COMMENT ON COLUMN reembed.change.key IS 'Key of the row, its columns joined by "/"; empty when the table was truncated, or for a change of a joined table.';

COMMENT ON COLUMN reembed.change.needs_new IS 'Whether the row needs a vector of the new model.';

COMMENT ON COLUMN reembed.change.needs_old IS 'Whether it needs a vector of the old model.';

COMMENT ON COLUMN reembed.change.changed_at IS 'When the row changed.';

CREATE TABLE reembed.column_statement (
    campaign text NOT NULL,
    queryid bigint NOT NULL,
    total_ms double precision NOT NULL,
    called_at timestamp with time zone,
    statement text NOT NULL,
    CONSTRAINT statements_are_bounded CHECK ((length(statement) <= 200))
);

COMMENT ON TABLE reembed.column_statement IS 'Statements of pg_stat_statements that name the table and its old vector column, and when they were last seen to run since the switch.';

COMMENT ON COLUMN reembed.column_statement.campaign IS 'The campaign.';

COMMENT ON COLUMN reembed.column_statement.queryid IS 'Number of the statement in pg_stat_statements.';

COMMENT ON COLUMN reembed.column_statement.total_ms IS 'Time that the server had measured for all of its calls at the last sample.';

COMMENT ON COLUMN reembed.column_statement.called_at IS 'When a sample since the switch last differed from the one before; null when none did.';

COMMENT ON COLUMN reembed.column_statement.statement IS 'Start of its text without constants and control characters.';

CREATE TABLE reembed.schema_view (
    schema name NOT NULL,
    relation regclass NOT NULL,
    model text,
    view regclass NOT NULL,
    definition text NOT NULL
);

COMMENT ON TABLE reembed.schema_view IS 'Views that show a table under its own name with the vectors of one model, for applications that choose the model by their search_path; written by replace_schema_views().';

COMMENT ON COLUMN reembed.schema_view.schema IS 'The schema of the view, to be named in a search_path in front of that of the table.';

COMMENT ON COLUMN reembed.schema_view.relation IS 'The table.';

COMMENT ON COLUMN reembed.schema_view.model IS 'The model whose vectors it shows; null: the live model.';

COMMENT ON COLUMN reembed.schema_view.view IS 'The view.';

COMMENT ON COLUMN reembed.schema_view.definition IS 'The SQL that created it, to tell whether it must be replaced.';

CREATE VIEW reembed.damage AS
 WITH target AS (
         SELECT t.name,
            t.relation,
            t.column_name,
            t.key_attnums,
            t.key_names,
            t.text_attnums,
            t.text_names,
            t.text_sql,
            t.is_expression,
            t.joined_tables,
            t.live_view,
            t.live_model_column,
            t.view_columns,
            t.suffix,
            t.application_path,
            t.unhooked,
            t.created_at,
            t.part,
            t.part_sql,
            t.part_attnums,
            t.part_names,
            t.part_may_fail,
            c.oid AS present,
            quote_literal(t.name) AS literal
           FROM (reembed.target t
             LEFT JOIN pg_class c ON ((c.oid = (t.relation)::oid)))
        ), needed AS (
         SELECT t.name AS target,
            t.literal,
            t.relation,
            unnest(((t.key_attnums || t.text_attnums) || t.part_attnums)) AS attnum
           FROM target t
          WHERE (t.present IS NOT NULL)
        UNION
         SELECT v.target,
            quote_literal(v.target) AS quote_literal,
            v.relation,
            v.attnum
           FROM reembed.vector_column v
        UNION
         SELECT t.name,
            t.literal,
            j.relation,
            unnest(j.attnums) AS unnest
           FROM (target t
             CROSS JOIN LATERAL unnest(t.joined_tables) j(relation, alias, attnums, names, key_attnums, of_position, of_attnums))
        )
 SELECT target,
    code,
    damage,
    remedy,
    (code = ANY (ARRAY['dropped_table'::text, 'dropped_column'::text, 'dropped_side_table'::text, 'dropped_joined_table'::text])) AS is_final
   FROM ( SELECT t.name AS target,
            'dropped_table'::text AS code,
            'its table was dropped, or dropped and created again under the same name'::text AS damage,
            format('SELECT reembed.forget(%s)'::text, t.literal) AS remedy
           FROM target t
          WHERE (t.present IS NULL)
        UNION ALL
         SELECT t.name,
            'replaced_table'::text,
            format('its table was renamed to %s, and another table has its former name: rename both back, or give up the target'::text, t.relation) AS format,
            format('SELECT reembed.forget(%s)'::text, t.literal) AS format
           FROM target t
          WHERE ((t.present IS NOT NULL) AND (EXISTS ( SELECT
                   FROM (pg_class c
                     JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
                  WHERE ((c.oid <> (t.relation)::oid) AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'f'::"char"])) AND (t.name = concat_ws('.'::text, n.nspname, c.relname, t.column_name, NULLIF(t.part, ''::text)))))))
        UNION ALL
         SELECT t.name,
            'unhooked'::text,
            'it is unhooked from its table: changes of rows are not captured'::text,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM target t
          WHERE ((t.present IS NOT NULL) AND (t.unhooked IS NOT NULL))
        UNION ALL
         SELECT n.target,
            'dropped_column'::text,
            format('column number %s of %s was dropped'::text, n.attnum, n.relation) AS format,
            format('SELECT reembed.forget(%s)'::text, n.literal) AS format
           FROM needed n
          WHERE ((EXISTS ( SELECT
                   FROM pg_class c
                  WHERE (c.oid = (n.relation)::oid))) AND (NOT (EXISTS ( SELECT
                   FROM pg_attribute a
                  WHERE ((a.attrelid = (n.relation)::oid) AND (a.attnum = n.attnum) AND (NOT a.attisdropped))))))
        UNION ALL
         SELECT v.target,
            'dropped_side_table'::text,
            format('the table with the vectors of %s was dropped'::text, v.model) AS format,
            format('SELECT reembed.forget(%L)'::text, v.target) AS format
           FROM reembed.vector_column v
          WHERE ((v.storage = 'side_table'::text) AND (NOT (EXISTS ( SELECT
                   FROM pg_class c
                  WHERE (c.oid = (v.relation)::oid)))))
        UNION ALL
         SELECT t.name,
            'other_owner'::text,
            format('its table belongs to %s, but what pg-reembed made for it to %s: workers can neither read nor write its rows'::text, pg_get_userbyid(c.relowner), pg_get_userbyid(r.relowner)) AS format,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM ((target t
             JOIN pg_class c ON ((c.oid = (t.relation)::oid)))
             JOIN pg_class r ON (((r.relname = ('row_'::text || (t.suffix)::text)) AND (r.relnamespace = ('reembed'::regnamespace)::oid) AND (r.relowner <> c.relowner))))
        UNION ALL
         SELECT t.name,
            'heir'::text,
            format('%s inherits from its table: rows of it are not captured, and their keys may be those of other rows'::text, (i.inhrelid)::regclass) AS format,
            format('ALTER TABLE %s NO INHERIT %s'::text, (i.inhrelid)::regclass, t.relation) AS format
           FROM ((target t
             JOIN pg_class c ON (((c.oid = (t.relation)::oid) AND (c.relkind = 'r'::"char"))))
             JOIN pg_inherits i ON ((i.inhparent = c.oid)))
        UNION ALL
         SELECT t.name,
            'update_rule'::text,
            format('its table has the rule %s ON UPDATE, which applies to every vector that is stored'::text, w.rulename) AS format,
            format('DROP RULE %I ON %s'::text, w.rulename, t.relation) AS format
           FROM (target t
             JOIN pg_rewrite w ON (((w.ev_class = (t.relation)::oid) AND (w.ev_type = '2'::"char"))))
          WHERE (EXISTS ( SELECT
                   FROM reembed.vector_column v
                  WHERE ((v.target = t.name) AND ((v.relation)::oid = (t.relation)::oid) AND (v.storage = 'column'::text) AND v.is_maintained)))
        UNION ALL
         SELECT t.name,
            'no_primary_key'::text,
            'its table has no primary key: workers find rows slowly or not at all'::text,
            format('ALTER TABLE %s ADD PRIMARY KEY (…)'::text, t.relation) AS format
           FROM target t
          WHERE ((t.present IS NOT NULL) AND (NOT (EXISTS ( SELECT
                   FROM pg_index i
                  WHERE ((i.indrelid = (t.relation)::oid) AND i.indisprimary)))))
        UNION ALL
         SELECT t.name,
            'no_trigger'::text,
            format('trigger %s%s is missing, disabled or not ALWAYS: changes of rows are not captured'::text, w.name, (' of '::text || (NULLIF((w.relation)::oid, (t.relation)::oid))::text)) AS format,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM (target t
             CROSS JOIN LATERAL reembed.capture_triggers(t.name) w(relation, name))
          WHERE ((t.present IS NOT NULL) AND (NOT (EXISTS ( SELECT
                   FROM pg_trigger g
                  WHERE ((g.tgrelid = (w.relation)::oid) AND (g.tgname = w.name) AND (g.tgenabled = 'A'::"char"))))))
        UNION ALL
         SELECT t.name,
            'no_trigger'::text,
            format('trigger %s of %s is disabled or not ALWAYS: changes of rows are not captured'::text, g.tgname, (g.tgrelid)::regclass) AS format,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM (((target t
             CROSS JOIN LATERAL reembed.capture_triggers(t.name) w(relation, name))
             JOIN pg_trigger g ON (((g.tgname = w.name) AND (g.tgparentid <> (0)::oid) AND (g.tgenabled <> 'A'::"char"))))
             JOIN pg_class c ON (((c.oid = g.tgrelid) AND (c.relkind = 'r'::"char"))))
          WHERE ((t.present IS NOT NULL) AND ((w.relation)::oid = (t.relation)::oid))
        UNION ALL
         SELECT t.name,
            'no_view'::text,
            format('view %s is missing'::text, w.name) AS format,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM (target t
             CROSS JOIN LATERAL ( SELECT format('%I.%I'::text, reembed.view_schema(t.name), t.live_view) AS name
                UNION ALL
                 SELECT format('%I.%I'::text, reembed.view_schema(t.name), reembed.model_view_name(t.name, v.model)) AS format
                   FROM reembed.vector_column v
                  WHERE (v.target = t.name)
                UNION ALL
                 SELECT ('reembed.row_'::text || (t.suffix)::text)) w)
          WHERE ((t.present IS NOT NULL) AND (t.unhooked IS NULL) AND (to_regclass(w.name) IS NULL))
        UNION ALL
         SELECT t.name,
            'no_view'::text,
            format('the view of %s in schema %I is missing'::text, t.relation, w.schema) AS format,
            format('SELECT reembed.replace_views(%s)'::text, t.literal) AS format
           FROM (target t
             JOIN reembed.schema_view w ON (((w.relation)::oid = (t.relation)::oid)))
          WHERE ((t.present IS NOT NULL) AND (NOT (EXISTS ( SELECT
                   FROM pg_class c
                  WHERE (c.oid = (w.view)::oid)))))
        UNION ALL
         SELECT t.name,
            'former_view'::text,
            format('view %s differs from %s, whose name or columns were changed'::text, w.view, t.relation) AS format,
            format('SELECT reembed.replace_views(%s)'::text, t.literal) AS format
           FROM (((target t
             JOIN reembed.schema_view w ON (((w.relation)::oid = (t.relation)::oid)))
             JOIN pg_class c ON ((c.oid = (t.relation)::oid)))
             JOIN pg_class x ON ((x.oid = (w.view)::oid)))
          WHERE ((x.relname <> c.relname) OR (EXISTS ( SELECT
                   FROM pg_attribute a
                  WHERE ((a.attrelid = (t.relation)::oid) AND (a.attnum > 0) AND (NOT a.attisdropped) AND (NOT (EXISTS ( SELECT
                           FROM pg_attribute b
                          WHERE ((b.attrelid = (w.view)::oid) AND (b.attname = a.attname))))) AND (NOT (EXISTS ( SELECT
                           FROM reembed.vector_column v
                          WHERE (((v.relation)::oid = (t.relation)::oid) AND (v.storage = 'column'::text) AND ((a.attnum = v.attnum) OR (a.attnum = v.version_attnum))))))))))
        UNION ALL
         SELECT t.name,
            'no_text'::text,
            'an object that the text expression uses was dropped: texts cannot be read until it is created again'::text,
            format('SELECT reembed.rehook(%s)'::text, t.literal) AS format
           FROM target t
          WHERE ((t.present IS NOT NULL) AND (t.unhooked IS NULL) AND t.is_expression AND (to_regproc(('reembed.raw_text_'::text || (t.suffix)::text)) IS NULL))
        UNION ALL
         SELECT t.name,
            j.code,
            j.damage,
            j.remedy
           FROM (target t
             CROSS JOIN LATERAL reembed.join_damage(t.name) j(code, damage, remedy))
          WHERE ((t.present IS NOT NULL) AND (cardinality(t.joined_tables) > 0))
        UNION ALL
         SELECT t.name,
            'row_security'::text,
            'row level security was enabled on its table: the side table follows only when the watch runs'::text,
            'ALTER TABLE … DISABLE ROW LEVEL SECURITY, or take the campaign down and create it with --storage column'::text
           FROM (target t
             JOIN pg_class c ON ((c.oid = (t.relation)::oid)))
          WHERE (c.relrowsecurity AND (EXISTS ( SELECT
                   FROM reembed.vector_column v
                  WHERE ((v.target = t.name) AND (v.storage = 'side_table'::text)))))) d;

COMMENT ON VIEW reembed.damage IS 'Damage that the user''s own DDL caused, and the command that repairs it. No rows when there is no damage.';

COMMENT ON COLUMN reembed.damage.target IS 'The target.';

COMMENT ON COLUMN reembed.damage.code IS 'Kind of the damage.';

COMMENT ON COLUMN reembed.damage.damage IS 'What is broken.';

COMMENT ON COLUMN reembed.damage.remedy IS 'Command that repairs it.';

COMMENT ON COLUMN reembed.damage.is_final IS 'Whether the damage is irreparable, so that no migration file of the campaign can run and the target can only be forgotten.';

ALTER TABLE reembed.event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE reembed.failed_row ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.failed_row_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.provider_quota (
    model text NOT NULL,
    requests double precision NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamp with time zone DEFAULT now() NOT NULL,
    held_until timestamp with time zone,
    hold_reason text
);

COMMENT ON TABLE reembed.provider_quota IS 'Remaining requests and tokens for a model''s provider in this minute, over all workers.';

COMMENT ON COLUMN reembed.provider_quota.model IS 'The model.';

COMMENT ON COLUMN reembed.provider_quota.requests IS 'Requests left.';

COMMENT ON COLUMN reembed.provider_quota.tokens IS 'Tokens left; negative after a request larger than expected.';

COMMENT ON COLUMN reembed.provider_quota.refilled_at IS 'When both were last refilled.';

COMMENT ON COLUMN reembed.provider_quota.held_until IS 'No request before this time, because the provider asked to wait.';

COMMENT ON COLUMN reembed.provider_quota.hold_reason IS 'Status and code of the reason; never the provider''s message.';

CREATE TABLE reembed.throttle (
    target text NOT NULL,
    signal text NOT NULL,
    effect text NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT effect_is_known CHECK ((effect = ANY (ARRAY['stops'::text, 'slows'::text, 'none'::text])))
);

COMMENT ON TABLE reembed.throttle IS 'Throttle signals of the workers'' last check, once a second while they write; reembed.health shows those of the last ten seconds.';

COMMENT ON COLUMN reembed.throttle.target IS 'The target.';

COMMENT ON COLUMN reembed.throttle.signal IS 'Kind of signal.';

COMMENT ON COLUMN reembed.throttle.effect IS 'Its effect on the backfill: stops, slows, or none.';

COMMENT ON COLUMN reembed.throttle.reason IS 'What was seen.';

COMMENT ON COLUMN reembed.throttle.since IS 'When it was first seen.';

COMMENT ON COLUMN reembed.throttle.seen_at IS 'When it was last seen.';

CREATE VIEW reembed.health AS
 SELECT s.target,
    true AS throttles,
    ('paused'::text || COALESCE((': '::text || s.paused_reason), ''::text)) AS reason
   FROM reembed.setting s
  WHERE s.paused
UNION ALL
 SELECT v.target,
    true AS throttles,
    format('calls to the provider of %s are held until %s: %s'::text, q.model, to_char(q.held_until, 'HH24:MI:SS'::text), q.hold_reason) AS reason
   FROM (reembed.provider_quota q
     JOIN reembed.vector_column v ON (((v.model = q.model) AND v.is_maintained)))
  WHERE (q.held_until > now())
UNION ALL
 SELECT s.target,
    true AS throttles,
    ('no worker is running'::text ||
        CASE
            WHEN ((s.maintained_by = 'workers'::text) AND (NOT (EXISTS ( SELECT
               FROM reembed.campaign m
              WHERE ((m.target = s.target) AND (m.phase <> 'contract'::text))))) AND (NOT (EXISTS ( SELECT
               FROM reembed.vector_column v
              WHERE ((v.target = s.target) AND (v.storage = 'side_table'::text)))))) THEN '; after contract, too, the log of changes grows until one runs; where the application embeds its rows, npm run setting -- maintained_by=application ends the capture'::text
            ELSE ''::text
        END) AS reason
   FROM reembed.setting s
  WHERE ((NOT (EXISTS ( SELECT
           FROM reembed.worker w
          WHERE reembed.works_for(w.*, s.target)))) AND ((EXISTS ( SELECT
           FROM reembed.change c
          WHERE (c.target = s.target))) OR (EXISTS ( SELECT
           FROM (reembed.batch b
             JOIN reembed.campaign m ON ((m.name = b.campaign)))
          WHERE ((m.target = s.target) AND (b.state = 'pending'::text))))))
UNION ALL
 SELECT h.target,
    (h.effect <> 'none'::text) AS throttles,
    h.reason
   FROM reembed.throttle h
  WHERE (h.seen_at > (now() - '00:00:10'::interval))
UNION ALL
 SELECT m.target,
    false AS throttles,
    format('no batch is submitted to the batch API before %s, because the last one failed (%s: %s)'::text, to_char(p.holds_until, 'HH24:MI:SS'::text), p.error_code, p.error) AS reason
   FROM (reembed.provider_batch p
     JOIN reembed.campaign m ON ((m.name = p.campaign)))
  WHERE ((p.holds_until > now()) AND (EXISTS ( SELECT
           FROM reembed.batch b
          WHERE ((b.campaign = m.name) AND (b.state = 'pending'::text) AND (NOT b.came_back)))))
UNION ALL
 SELECT m.target,
    false AS throttles,
    format('the batch API has not answered since %s: %s'::text, to_char(min(p.failing_since), 'YYYY-MM-DD HH24:MI:SS'::text), min(p.error)) AS reason
   FROM (reembed.provider_batch p
     JOIN reembed.campaign m ON ((m.name = p.campaign)))
  WHERE (p.failing_since IS NOT NULL)
  GROUP BY m.target
UNION ALL
 SELECT f.target,
    false AS throttles,
    format('%s failed with %s, the first with key %s; %s'::text, reembed.counted((count(DISTINCT f.key_digest))::numeric, 'row'::text), f.class, "left"(((array_agg(f.key ORDER BY f.failed_at, f.key_digest))[1])::text, 200),
        CASE f.class
            WHEN 'text_too_large'::text THEN 'shorten the text, or raise max_text_bytes and run npm run retry'::text
            WHEN 'text_expression_fails'::text THEN 'correct the columns that the text expression reads'::text
            WHEN 'old_model_unavailable'::text THEN 'after a rollback they would lack a current vector; set keep_old_current when the old model is available again'::text
            WHEN 'row_refused'::text THEN 'correct the row, or the constraint or trigger that refuses it (npm run status -- --with-text), and run npm run retry'::text
            WHEN 'write_skipped'::text THEN 'change the trigger or policy of the table that suppresses its updates, and run npm run retry'::text
            WHEN 'out_of_range'::text THEN 'its vector does not fit in halfvec: shorten or correct the text, or use a campaign that stores vector'::text
            WHEN 'request_too_large'::text THEN 'shorten the text'::text
            WHEN 'forbidden'::text THEN 'a firewall before the provider refuses the text: allow it there and run npm run retry, or correct the text'::text
            ELSE 'correct the text, or fix the cause and run npm run retry'::text
        END) AS reason
   FROM reembed.failed_row f
  GROUP BY f.target, f.class
UNION ALL
 SELECT m.target,
    false AS throttles,
        CASE
            WHEN (s.read_model = m.from_model) THEN format('%s cannot be called any more, and the live view still reads it: until the switch, searches that embed their queries with it fail'::text, m.from_model)
            ELSE format('%s cannot be called any more: after a rollback of the switch, searches that embed their queries with it would fail'::text, m.from_model)
        END AS reason
   FROM (reembed.campaign m
     JOIN reembed.setting s ON ((s.target = m.target)))
  WHERE (s.old_model_gone AND (m.phase <> 'contract'::text))
UNION ALL
 SELECT c.target,
    false AS throttles,
    format('%s, the oldest since %s'::text, reembed.counted((count(*))::numeric, 'change waits'::text, 'changes wait'::text), to_char(min(c.changed_at), 'YYYY-MM-DD HH24:MI:SS'::text)) AS reason
   FROM reembed.change c
  GROUP BY c.target
 HAVING (min(c.changed_at) < (now() - '00:01:00'::interval))
UNION ALL
 SELECT d.target,
    false AS throttles,
    ((d.damage || '; repair it with: '::text) || d.remedy) AS reason
   FROM reembed.damage d
UNION ALL
 SELECT a.target,
    false AS throttles,
    format('alert %s (%s) since %s: %s'::text, a.kind, a.severity, to_char(a.opened_at, 'YYYY-MM-DD HH24:MI:SS'::text), a.message) AS reason
   FROM reembed.alert a
  WHERE (a.closed_at IS NULL);

COMMENT ON VIEW reembed.health IS 'What throttles or impairs each target now, and why. No rows when there is no problem.';

COMMENT ON COLUMN reembed.health.target IS 'The target.';

COMMENT ON COLUMN reembed.health.throttles IS 'Whether it slows or stops the workers.';

COMMENT ON COLUMN reembed.health.reason IS 'The reason.';

CREATE VIEW reembed.index_build AS
 WITH build AS (
         SELECT p.pid,
            p.relid,
            c.relname AS index,
            p.phase,
            p.current_locker_pid,
            p.blocks_done,
            p.blocks_total,
            p.tuples_done,
            p.tuples_total
           FROM (pg_stat_progress_create_index p
             JOIN pg_class c ON ((c.oid = p.index_relid)))
          WHERE (p.datname = current_database())
        UNION ALL
         SELECT l.pid,
            l.relation,
            i.name,
            'waiting for a lock on the table'::text,
            (pg_blocking_pids(l.pid))[1] AS pg_blocking_pids,
            0,
            0,
            0,
            0
           FROM ((pg_locks l
             JOIN pg_stat_activity a_1 ON (((a_1.pid = l.pid) AND (a_1.query ~* '\mCREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\M'::text))))
             CROSS JOIN LATERAL ( SELECT p.name
                   FROM reembed.planned_index p
                  WHERE (p.name IS NOT NULL)
                UNION
                 SELECT (k.old_index ->> 'name'::text)
                   FROM (reembed.campaign m_1
                     CROSS JOIN LATERAL jsonb_array_elements((m_1.old_column -> 'indexes'::text)) k(old_index))) i)
          WHERE ((NOT l.granted) AND (l.locktype = 'relation'::text) AND (l.database = ( SELECT d.oid
                   FROM pg_database d
                  WHERE (d.datname = current_database()))) AND (POSITION((i.name) IN (a_1.query)) > 0))
        )
 SELECT m.target,
    m.name AS campaign,
    b.index,
    b.pid,
    b.phase,
        CASE
            WHEN (b.phase ~~ 'waiting%'::text) THEN NULL::numeric
            WHEN (b.blocks_total > 0) THEN round(((100.0 * (b.blocks_done)::numeric) / (b.blocks_total)::numeric), 1)
            WHEN (b.tuples_total > 0) THEN round(((100.0 * (b.tuples_done)::numeric) / (b.tuples_total)::numeric), 1)
            ELSE NULL::numeric
        END AS percent,
    b.blocks_done,
    b.blocks_total,
    b.tuples_done,
    b.tuples_total,
        CASE
            WHEN ((b.current_locker_pid > 0) AND (b.phase ~~ 'waiting%'::text)) THEN format('process %s%s%s'::text, b.current_locker_pid, ((' ('::text || NULLIF(concat_ws(', '::text, NULLIF(w.application_name, ''::text), w.usename), ''::text)) || ')'::text), (', in transaction since '::text || to_char(w.xact_start, 'YYYY-MM-DD HH24:MI:SS'::text)))
            ELSE NULL::text
        END AS waiting_for,
    a.query_start AS started_at,
    make_interval(secs => (e.from_value)::double precision) AS predicted
   FROM (((((build b
     JOIN reembed.campaign m ON (((EXISTS ( SELECT
           FROM reembed.planned_index p
          WHERE ((p.campaign = m.name) AND ((p.name = b.index) OR (((p.leaf)::oid = b.relid) AND (p.old_name = b.index)))))) OR ((m.old_column -> 'indexes'::text) @> jsonb_build_array(jsonb_build_object('name', b.index))))))
     JOIN reembed.target t ON (((t.name = m.target) AND ((((b.relid = (t.relation)::oid) OR (b.relid = (m.to_relation)::oid)) OR (b.relid = (m.from_relation)::oid)) OR (EXISTS ( SELECT
           FROM reembed.planned_index p
          WHERE ((p.campaign = m.name) AND ((p.leaf)::oid = b.relid))))))))
     LEFT JOIN pg_stat_activity a ON ((a.pid = b.pid)))
     LEFT JOIN pg_stat_activity w ON ((w.pid = b.current_locker_pid)))
     LEFT JOIN LATERAL reembed.begun_index_build(m.name) e(id, at, actor, target, campaign, kind, from_value, to_value, reason, alert) ON (true));

COMMENT ON VIEW reembed.index_build IS 'Index builds of campaigns that are running, and what they wait for. PostgreSQL shows them to superusers, members of pg_read_all_stats and the role that runs the build.';

COMMENT ON COLUMN reembed.index_build.target IS 'Table and column.';

COMMENT ON COLUMN reembed.index_build.campaign IS 'Name of the campaign.';

COMMENT ON COLUMN reembed.index_build.index IS 'The index.';

COMMENT ON COLUMN reembed.index_build.pid IS 'Server process of the build; pg_cancel_backend(pid) ends it, and the next run starts over.';

COMMENT ON COLUMN reembed.index_build.phase IS 'Present phase of the build, as PostgreSQL and pgvector report it.';

COMMENT ON COLUMN reembed.index_build.percent IS 'Share of the present phase that is done; null in a phase without counts.';

COMMENT ON COLUMN reembed.index_build.blocks_done IS 'Blocks of the table read in the present phase.';

COMMENT ON COLUMN reembed.index_build.blocks_total IS 'Blocks to read in the present phase.';

COMMENT ON COLUMN reembed.index_build.tuples_done IS 'Rows written in the present phase (IVFFlat).';

COMMENT ON COLUMN reembed.index_build.tuples_total IS 'Rows to write in the present phase (IVFFlat).';

COMMENT ON COLUMN reembed.index_build.waiting_for IS 'The session whose transaction or lock the build waits for; it continues when that ends.';

COMMENT ON COLUMN reembed.index_build.started_at IS 'When the build started.';

COMMENT ON COLUMN reembed.index_build.predicted IS 'Predicted duration without waits, provided that the graph fits in memory; null where there is no prediction.';

CREATE TABLE reembed.installation (
    is_one boolean DEFAULT true NOT NULL,
    objects_version integer NOT NULL,
    files_digest text,
    objects_digest text,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT installation_is_one_check CHECK (is_one)
);

COMMENT ON TABLE reembed.installation IS 'The state of sql/ that the installed functions, views and triggers come from; one row.';

COMMENT ON COLUMN reembed.installation.is_one IS 'Always true: there is one row.';

COMMENT ON COLUMN reembed.installation.objects_version IS 'Version of the objects. A toolkit that knows only earlier versions refuses to work with them.';

COMMENT ON COLUMN reembed.installation.files_digest IS 'Digest of the files; null until every target is recompiled.';

COMMENT ON COLUMN reembed.installation.objects_digest IS 'reembed.objects_digest() after they were applied; null until every target is recompiled.';

COMMENT ON COLUMN reembed.installation.applied_at IS 'When they were applied.';

CREATE TABLE reembed.judge_grade (
    target text NOT NULL,
    query_hash bytea NOT NULL,
    text_hash bytea NOT NULL,
    judge_model text NOT NULL,
    prompt_version integer NOT NULL,
    grade smallint NOT NULL,
    graded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT grade_is_in_range CHECK (((grade >= 0) AND (grade <= 3)))
);

COMMENT ON TABLE reembed.judge_grade IS 'Grades that a chat model gave, so that none is asked and paid for twice. Holds no text.';

COMMENT ON COLUMN reembed.judge_grade.target IS 'Target of the row.';

COMMENT ON COLUMN reembed.judge_grade.query_hash IS 'SHA-256 of the text of the query.';

COMMENT ON COLUMN reembed.judge_grade.text_hash IS 'SHA-256 of the first 4,000 characters of the text of the row, as the chat model received them.';

COMMENT ON COLUMN reembed.judge_grade.judge_model IS 'The chat model.';

COMMENT ON COLUMN reembed.judge_grade.prompt_version IS 'Version of the question; another question gives other grades.';

COMMENT ON COLUMN reembed.judge_grade.grade IS '0: nothing to do with the query; 1: related; 2: has some answer; 3: is the exact answer.';

COMMENT ON COLUMN reembed.judge_grade.graded_at IS 'When the grade was given.';

CREATE TABLE reembed.known_item (
    id bigint NOT NULL,
    target text NOT NULL,
    model text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    key jsonb NOT NULL,
    found boolean,
    ms double precision,
    error text,
    CONSTRAINT known_items_are_found_or_failed CHECK (((found IS NULL) = (error IS NOT NULL)))
);

COMMENT ON TABLE reembed.known_item IS 'Rows whose own text the watch searched for, and whether the search found the row. Kept for a day.';

COMMENT ON COLUMN reembed.known_item.id IS 'Number of the search.';

COMMENT ON COLUMN reembed.known_item.target IS 'Target that was searched.';

COMMENT ON COLUMN reembed.known_item.model IS 'Model it was searched with.';

COMMENT ON COLUMN reembed.known_item.at IS 'When it was searched for.';

COMMENT ON COLUMN reembed.known_item.key IS 'Primary key of the row, as an object of column and value.';

COMMENT ON COLUMN reembed.known_item.found IS 'Whether the row was among the nearest to its own text; null when the provider returned no vector.';

COMMENT ON COLUMN reembed.known_item.ms IS 'Milliseconds of the search, without embedding.';

COMMENT ON COLUMN reembed.known_item.error IS 'Code of the provider''s error.';

ALTER TABLE reembed.known_item ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.known_item_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.leaf (
    target text NOT NULL,
    relation regclass NOT NULL,
    swept_at timestamp with time zone,
    archived_at timestamp with time zone
);

COMMENT ON TABLE reembed.leaf IS 'Leaves of partitioned tables that pg-reembed has seen; of an ordinary table, itself.';

COMMENT ON COLUMN reembed.leaf.target IS 'The target.';

COMMENT ON COLUMN reembed.leaf.relation IS 'A table that holds rows of it: a partition that is not partitioned itself.';

COMMENT ON COLUMN reembed.leaf.swept_at IS 'When all of its rows were last searched for missing vectors; null until that is done for a leaf that was created or attached in mid-campaign.';

COMMENT ON COLUMN reembed.leaf.archived_at IS 'When contract had copied all of its old vectors to the archive.';

CREATE TABLE reembed.model (
    name text NOT NULL,
    provider_model text NOT NULL,
    dimensions integer NOT NULL,
    element_type text NOT NULL,
    distance text NOT NULL,
    document_prefix text DEFAULT ''::text NOT NULL,
    query_prefix text DEFAULT ''::text NOT NULL,
    send_dimensions boolean DEFAULT false NOT NULL,
    token_limit integer,
    usd_per_million_tokens numeric,
    provider text,
    fingerprint text GENERATED ALWAYS AS (md5(((((((provider_model || '|'::text) || (dimensions)::text) || '|'::text) || document_prefix) || '|'::text) || query_prefix))) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    batch_api_price_factor numeric DEFAULT 0.5 NOT NULL,
    CONSTRAINT batch_api_price_factor_is_a_share CHECK (((batch_api_price_factor >= (0)::numeric) AND (batch_api_price_factor <= (1)::numeric))),
    CONSTRAINT dimensions_are_positive CHECK ((dimensions > 0)),
    CONSTRAINT distance_is_known CHECK ((distance = ANY (ARRAY['cosine'::text, 'l2'::text, 'inner_product'::text])))
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

CREATE TABLE reembed.spending (
    campaign text NOT NULL,
    tokens bigint NOT NULL,
    usd numeric NOT NULL
)
WITH (fillfactor='50');

COMMENT ON TABLE reembed.spending IS 'What a campaign with a spend cap has sent to its providers, with the requests under way; no row before the first request under a cap.';

COMMENT ON COLUMN reembed.spending.campaign IS 'The campaign.';

COMMENT ON COLUMN reembed.spending.tokens IS 'Tokens that the providers counted, and the expected tokens of requests under way or without an answer.';

COMMENT ON COLUMN reembed.spending.usd IS 'Price of these tokens in US dollars; tokens of the batch API at its lower price.';

CREATE VIEW reembed.progress AS
 WITH ledger AS (
         SELECT b.campaign,
            count(*) AS batches,
            count(*) FILTER (WHERE (b.state = 'done'::text)) AS batches_done,
            sum(GREATEST(b.rows, (b.embedded_rows + b.other_rows))) AS total,
            sum(((b.embedded_rows + b.other_rows) +
                CASE b.state
                    WHEN 'pending'::text THEN LEAST(b.answered_rows, GREATEST(0, (b.rows - b.embedded_rows)))
                    ELSE 0
                END)) AS done,
            sum(b.embedded_rows) AS embedded,
            sum((b.embedded_rows + b.other_rows)) AS stored,
            sum(b.tokens) AS tokens,
            sum(b.batch_api_tokens) AS batch_api_tokens,
            max(b.finished_at) AS finished_at
           FROM reembed.batch b
          GROUP BY b.campaign
        ), recent AS (
         SELECT b.campaign,
            ((sum(b.embedded_rows))::numeric / NULLIF(EXTRACT(epoch FROM (max(b.finished_at) - min(b.started_at))), (0)::numeric)) AS rows_per_second
           FROM (reembed.batch b
             JOIN ledger l_1 ON ((l_1.campaign = b.campaign)))
          WHERE ((b.state = 'done'::text) AND (b.finished_at > (l_1.finished_at - '00:05:00'::interval)))
          GROUP BY b.campaign
        )
 SELECT m.target,
    m.name AS campaign,
    m.phase,
    m.from_model,
    m.to_model,
    s.read_model,
    COALESCE(l.total, (0)::bigint) AS total,
    COALESCE(l.done, (0)::bigint) AS done,
        CASE
            WHEN (l.total > 0) THEN round((((100)::numeric * (LEAST(l.done, l.total))::numeric) / (l.total)::numeric), 1)
            ELSE NULL::numeric
        END AS percent,
    ( SELECT count(*) AS count
           FROM reembed.change c
          WHERE (c.target = m.target)) AS outdated,
    ( SELECT count(*) AS count
           FROM reembed.failed_row f
          WHERE ((f.target = m.target) AND (f.model = m.to_model))) AS failed,
        CASE
            WHEN (l.batches_done < l.batches) THEN round(r.rows_per_second, 1)
            ELSE NULL::numeric
        END AS rows_per_second,
        CASE
            WHEN ((l.batches_done < l.batches) AND ((l.done)::numeric >= (0.01 * (l.total)::numeric)) AND (r.rows_per_second > (0)::numeric)) THEN make_interval(secs => (round((((l.total - l.done))::numeric / r.rows_per_second), 0))::double precision)
            ELSE NULL::interval
        END AS eta,
    (COALESCE(l.tokens, (0)::numeric) + (m.live_tokens)::numeric) AS tokens,
        CASE
            WHEN (l.embedded > 0) THEN round(((l.tokens * (l.total)::numeric) / (l.embedded)::numeric))
            ELSE NULL::numeric
        END AS tokens_expected,
    round((((COALESCE(p.full_price_tokens, (0)::numeric) + (m.live_tokens)::numeric) * o.usd_per_million_tokens) / (1000000)::numeric), 4) AS cost_usd,
        CASE
            WHEN (l.embedded > 0) THEN round(((((p.full_price_tokens * (l.total)::numeric) / (l.embedded)::numeric) * o.usd_per_million_tokens) / (1000000)::numeric), 4)
            ELSE NULL::numeric
        END AS cost_usd_expected,
    m.live_rows,
    ( SELECT string_agg(h.reason, '; '::text ORDER BY h.reason) AS string_agg
           FROM reembed.health h
          WHERE ((h.target = m.target) AND h.throttles)) AS throttled_by,
    ( SELECT count(*) AS count
           FROM reembed.worker w
          WHERE reembed.works_for(w.*, m.target)) AS workers,
    m.phase_entered_at,
    m.switched_at,
    ( SELECT COALESCE(sum((b.rows - b.stored_rows)), (0)::bigint) AS "coalesce"
           FROM reembed.provider_batch b
          WHERE ((b.campaign = m.name) AND (b.state = ANY (ARRAY['submitting'::text, 'submitted'::text])))) AS rows_at_batch_api,
    m.table_rows,
    m.rows_with_text,
        CASE
            WHEN (m.phase <> 'contract'::text) THEN s.max_tokens
            ELSE NULL::bigint
        END AS max_tokens,
        CASE
            WHEN (m.phase <> 'contract'::text) THEN s.max_usd
            ELSE NULL::numeric
        END AS max_usd,
    x.tokens AS spent_tokens,
    round(x.usd, 4) AS spent_usd,
    COALESCE(l.stored, (0)::bigint) AS stored
   FROM ((((((reembed.campaign m
     JOIN reembed.setting s ON ((s.target = m.target)))
     JOIN reembed.model o ON ((o.name = m.to_model)))
     LEFT JOIN ledger l ON ((l.campaign = m.name)))
     LEFT JOIN recent r ON ((r.campaign = m.name)))
     LEFT JOIN reembed.spending x ON ((x.campaign = m.name)))
     CROSS JOIN LATERAL ( SELECT (l.tokens - (l.batch_api_tokens * ((1)::numeric - o.batch_api_price_factor))) AS full_price_tokens) p)
  ORDER BY m.created_at;

COMMENT ON VIEW reembed.progress IS 'Progress of every campaign.';

COMMENT ON COLUMN reembed.progress.target IS 'Table and column.';

COMMENT ON COLUMN reembed.progress.campaign IS 'Name of the campaign.';

COMMENT ON COLUMN reembed.progress.phase IS 'Phase last entered.';

COMMENT ON COLUMN reembed.progress.from_model IS 'The old model.';

COMMENT ON COLUMN reembed.progress.to_model IS 'The new model.';

COMMENT ON COLUMN reembed.progress.read_model IS 'The model the live view reads.';

COMMENT ON COLUMN reembed.progress.total IS 'Rows planned.';

COMMENT ON COLUMN reembed.progress.done IS 'Rows done, with those whose vector a worker has and is about to store.';

COMMENT ON COLUMN reembed.progress.percent IS 'Share of the planned rows that is done.';

COMMENT ON COLUMN reembed.progress.outdated IS 'Changes of rows by the application that wait for a vector.';

COMMENT ON COLUMN reembed.progress.failed IS 'Rows that cannot be embedded.';

COMMENT ON COLUMN reembed.progress.rows_per_second IS 'Rate of the last five minutes of work.';

COMMENT ON COLUMN reembed.progress.eta IS 'Expected time left; null before one percent is done.';

COMMENT ON COLUMN reembed.progress.tokens IS 'Tokens the provider counted.';

COMMENT ON COLUMN reembed.progress.tokens_expected IS 'Tokens expected for the whole backfill.';

COMMENT ON COLUMN reembed.progress.cost_usd IS 'Cost so far in US dollars, where the price is known; tokens of the batch API at their share of it (model.batch_api_price_factor).';

COMMENT ON COLUMN reembed.progress.cost_usd_expected IS 'Cost expected for the whole backfill.';

COMMENT ON COLUMN reembed.progress.live_rows IS 'Vectors stored for rows the application wrote meanwhile.';

COMMENT ON COLUMN reembed.progress.throttled_by IS 'What slows or stops the workers now.';

COMMENT ON COLUMN reembed.progress.workers IS 'Worker processes alive.';

COMMENT ON COLUMN reembed.progress.phase_entered_at IS 'When the phase was entered.';

COMMENT ON COLUMN reembed.progress.switched_at IS 'When the live view moved to the new model.';

COMMENT ON COLUMN reembed.progress.rows_at_batch_api IS 'Rows that are at the provider''s batch API or being submitted; they do not count as done.';

COMMENT ON COLUMN reembed.progress.table_rows IS 'Rows of the table when the ledger was planned.';

COMMENT ON COLUMN reembed.progress.rows_with_text IS 'How many of them had a text; the others get no vector and are not part of total.';

COMMENT ON COLUMN reembed.progress.max_tokens IS 'Spend cap in tokens; null: none.';

COMMENT ON COLUMN reembed.progress.max_usd IS 'Spend cap in US dollars; null: none.';

COMMENT ON COLUMN reembed.progress.spent_tokens IS 'Tokens that count against the cap: also those of requests under way, and of answers that could not be stored. Null before the first request under a cap.';

COMMENT ON COLUMN reembed.progress.spent_usd IS 'Their price in US dollars.';

COMMENT ON COLUMN reembed.progress.stored IS 'Rows done whose vector is stored.';

CREATE TABLE reembed.validation (
    id bigint NOT NULL,
    campaign text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    run_by text DEFAULT SESSION_USER NOT NULL,
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
    reasons text[] DEFAULT '{}'::text[] NOT NULL,
    doubts text[] DEFAULT '{}'::text[] NOT NULL,
    seed integer,
    known_items boolean DEFAULT false NOT NULL,
    just_changed_rows bigint NOT NULL,
    searches_use_index boolean,
    planner_chooses_index boolean,
    index_setting text,
    audit_problem text,
    audit_rows bigint,
    old_audit_rows bigint,
    old_audit_problem text,
    old_audit_cause text,
    warnings text[] DEFAULT '{}'::text[] NOT NULL,
    index_file oid,
    lexical_share double precision,
    compared_rows bigint,
    group_by text,
    judge_model text,
    graded_pairs integer,
    ungraded_pairs integer,
    judge_problem text,
    CONSTRAINT lexical_share_is_a_share CHECK (((lexical_share >= (0)::double precision) AND (lexical_share <= (1)::double precision))),
    CONSTRAINT verdict_follows_from_reasons_and_doubts CHECK ((verdict =
CASE
    WHEN (cardinality(reasons) > 0) THEN 'fail'::text
    WHEN (cardinality(doubts) > 0) THEN 'unsure'::text
    ELSE 'pass'::text
END))
);

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

COMMENT ON COLUMN reembed.validation.doubts IS 'Why it is unsure: what the evidence does not decide, and how to decide it.';

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

COMMENT ON COLUMN reembed.validation.warnings IS 'Findings that do not change the verdict.';

COMMENT ON COLUMN reembed.validation.index_file IS 'File of the searched index, by which runs of one index are recognised: its recall is judged over all of them.';

COMMENT ON COLUMN reembed.validation.lexical_share IS 'Mean share of the words of a query that are in the text of its row, without words that are common in the table, 0 to 1; null unless the queries were made of rows.';

COMMENT ON COLUMN reembed.validation.compared_rows IS 'Rows with a vector of both models, if the backfill had not ended and only these were compared; else null.';

COMMENT ON COLUMN reembed.validation.group_by IS 'Column whose values group the results: each group counts once, by its nearest row. Null: every row is a result of its own.';

COMMENT ON COLUMN reembed.validation.judge_model IS 'Chat model that graded results; null where none did.';

COMMENT ON COLUMN reembed.validation.graded_pairs IS 'Pairs of a query and the text of a row that have a grade of the chat model.';

COMMENT ON COLUMN reembed.validation.ungraded_pairs IS 'Pairs that the chat model was asked about without a readable answer.';

COMMENT ON COLUMN reembed.validation.judge_problem IS 'The last reason that a pair has no grade; null where all have one.';

CREATE VIEW reembed.metrics AS
 WITH damaged AS MATERIALIZED (
         SELECT d_1.target,
            (count(*))::integer AS objects
           FROM reembed.damage d_1
          GROUP BY d_1.target
        )
 SELECT DISTINCT ON (p.target) p.target,
    p.to_model AS model,
    array_position(ARRAY['expand'::text, 'backfill'::text, 'index'::text, 'switch'::text, 'contract'::text], p.phase) AS phase,
    ((p.read_model = p.to_model))::integer AS serves_new_model,
    ((s.canary_percent / (100)::numeric))::double precision AS canary_ratio,
    (p.total)::double precision AS rows_planned,
    (GREATEST((p.total - p.done), (0)::bigint))::double precision AS rows_left,
    (p.failed)::double precision AS failed_rows,
    (EXTRACT(epoch FROM p.eta))::double precision AS eta_seconds,
    (p.outdated)::double precision AS changes_waiting,
    (COALESCE(( SELECT EXTRACT(epoch FROM (clock_timestamp() - min(c.changed_at))) AS "extract"
           FROM reembed.change c
          WHERE (c.target = p.target)), (0)::numeric))::double precision AS change_lag_seconds,
    (p.tokens)::double precision AS campaign_tokens,
    (p.cost_usd)::double precision AS campaign_cost_usd,
    GREATEST(((COALESCE(p.spent_tokens, (0)::bigint))::double precision / (p.max_tokens)::double precision), ((COALESCE(p.spent_usd, (0)::numeric) / p.max_usd))::double precision) AS spend_cap_used_ratio,
    (s.paused)::integer AS paused,
    ((p.throttled_by IS NOT NULL))::integer AS throttled,
    ((EXISTS ( SELECT
           FROM (reembed.provider_quota q
             JOIN reembed.vector_column v ON (((v.model = q.model) AND v.is_maintained)))
          WHERE ((v.target = p.target) AND (q.held_until > now())))))::integer AS provider_held,
    (p.workers)::integer AS workers,
    (( SELECT count(*) AS count
           FROM reembed.alert a
          WHERE ((a.target = p.target) AND (a.closed_at IS NULL) AND (a.severity <> 'notice'::text))))::integer AS alerts_open,
    (( SELECT count(*) AS count
           FROM reembed.alert a
          WHERE ((a.target = p.target) AND (a.closed_at IS NULL) AND (a.severity = 'critical'::text))))::integer AS alerts_critical,
    ( SELECT
                CASE v.verdict
                    WHEN 'pass'::text THEN 1
                    WHEN 'unsure'::text THEN 0
                    ELSE '-1'::integer
                END AS "case"
           FROM reembed.validation v
          WHERE (v.campaign = p.campaign)
          ORDER BY v.finished_at DESC, v.id DESC
         LIMIT 1) AS validation_verdict,
    COALESCE(d.objects, 0) AS damages
   FROM (((reembed.progress p
     JOIN reembed.campaign m ON ((m.name = p.campaign)))
     JOIN reembed.setting s ON ((s.target = p.target)))
     LEFT JOIN damaged d ON ((d.target = p.target)))
  ORDER BY p.target, m.created_at DESC;

COMMENT ON VIEW reembed.metrics IS 'State of the newest campaign of each target in numbers, for monitoring: /metrics of a worker, and postgres_exporter.';

COMMENT ON COLUMN reembed.metrics.target IS 'The target.';

COMMENT ON COLUMN reembed.metrics.model IS 'The new model of the campaign.';

COMMENT ON COLUMN reembed.metrics.phase IS 'Phase of the campaign: 1 expand, 2 backfill, 3 index, 4 switch, 5 contract.';

COMMENT ON COLUMN reembed.metrics.serves_new_model IS '1 if the live view reads the new model, else 0.';

COMMENT ON COLUMN reembed.metrics.canary_ratio IS 'Share of readers who read the new model before the switch, 0 to 1.';

COMMENT ON COLUMN reembed.metrics.rows_planned IS 'Rows of the backfill.';

COMMENT ON COLUMN reembed.metrics.rows_left IS 'Rows of the backfill that have no new vector yet.';

COMMENT ON COLUMN reembed.metrics.failed_rows IS 'Rows that could not be embedded or stored and wait for a person.';

COMMENT ON COLUMN reembed.metrics.eta_seconds IS 'Expected time until the backfill is done; absent while there is no estimate.';

COMMENT ON COLUMN reembed.metrics.changes_waiting IS 'Changed rows that wait for a vector.';

COMMENT ON COLUMN reembed.metrics.change_lag_seconds IS 'How long the oldest changed row has waited for a vector.';

COMMENT ON COLUMN reembed.metrics.campaign_tokens IS 'Tokens of the campaign so far, counted by the provider, over all workers.';

COMMENT ON COLUMN reembed.metrics.campaign_cost_usd IS 'Cost of the campaign so far in US dollars, over all workers; absent without a price.';

COMMENT ON COLUMN reembed.metrics.spend_cap_used_ratio IS 'Share of the spend cap that is used, 0 to 1; absent without a cap.';

COMMENT ON COLUMN reembed.metrics.paused IS '1 if the workers are paused, else 0.';

COMMENT ON COLUMN reembed.metrics.throttled IS '1 if anything slows or stops the workers: a pause, a throttle signal, the provider, or that none is running; else 0.';

COMMENT ON COLUMN reembed.metrics.provider_held IS '1 if requests wait because the provider asked to, or does not answer; else 0.';

COMMENT ON COLUMN reembed.metrics.workers IS 'Worker processes alive that serve the target.';

COMMENT ON COLUMN reembed.metrics.alerts_open IS 'Open alerts of the watch, without notices.';

COMMENT ON COLUMN reembed.metrics.alerts_critical IS 'Open critical alerts of the watch.';

COMMENT ON COLUMN reembed.metrics.validation_verdict IS 'Verdict of the last validation when it ended: 1 pass, 0 unsure, -1 fail; absent before the first.';

COMMENT ON COLUMN reembed.metrics.damages IS 'Objects of the target that DDL of the application broke.';

CREATE TABLE reembed.old_vector_checksum (
    campaign text NOT NULL,
    taken_at timestamp with time zone DEFAULT now() NOT NULL,
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
    campaign text NOT NULL,
    number bigint NOT NULL,
    rows bigint NOT NULL,
    lacking_rows bigint NOT NULL,
    texts bigint NOT NULL,
    vectors bigint NOT NULL
);

COMMENT ON TABLE reembed.old_vector_group IS 'The checksums, one for each group of rows.';

COMMENT ON COLUMN reembed.old_vector_group.campaign IS 'The campaign.';

COMMENT ON COLUMN reembed.old_vector_group.number IS 'The group.';

COMMENT ON COLUMN reembed.old_vector_group.rows IS 'Rows of the group with a text.';

COMMENT ON COLUMN reembed.old_vector_group.lacking_rows IS 'Those rows of the group that have no old vector.';

COMMENT ON COLUMN reembed.old_vector_group.texts IS 'Hashes of key and text of its rows, combined by xor.';

COMMENT ON COLUMN reembed.old_vector_group.vectors IS 'Hashes of key, text and vector of its rows, combined by xor.';

CREATE TABLE reembed.provider_batch_row (
    provider_batch uuid NOT NULL,
    request integer NOT NULL,
    "position" integer NOT NULL,
    input integer NOT NULL,
    inputs integer NOT NULL,
    batch bigint NOT NULL,
    key jsonb NOT NULL,
    text_hash bigint NOT NULL,
    text_digest uuid,
    wave integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='20000', autovacuum_analyze_scale_factor='0', autovacuum_analyze_threshold='20000');

COMMENT ON TABLE reembed.provider_batch_row IS 'Rows sent in the batches that are at a provider. A row is deleted in the transaction that stores its vector, or when its batch is settled.';

COMMENT ON COLUMN reembed.provider_batch_row.provider_batch IS 'Batch it was sent in.';

COMMENT ON COLUMN reembed.provider_batch_row.request IS 'Request of the batch, from 1.';

COMMENT ON COLUMN reembed.provider_batch_row."position" IS 'Position among the rows of the request, in the order to write them, from 0.';

COMMENT ON COLUMN reembed.provider_batch_row.input IS 'Number of its text in the request, from 0; rows with the same text share one.';

COMMENT ON COLUMN reembed.provider_batch_row.inputs IS 'Texts in the request.';

COMMENT ON COLUMN reembed.provider_batch_row.batch IS 'Its batch in the ledger.';

COMMENT ON COLUMN reembed.provider_batch_row.key IS 'Primary key, as an object of column and value.';

COMMENT ON COLUMN reembed.provider_batch_row.text_hash IS 'reembed.text_hash() of the text that was sent: the vector is stored only if the row still has it.';

COMMENT ON COLUMN reembed.provider_batch_row.text_digest IS 'reembed.text_digest() of the text, where rows of other batches have the same text.';

COMMENT ON COLUMN reembed.provider_batch_row.wave IS 'Rows of one wave are in different pages of the table.';

CREATE TABLE reembed.provider_minute (
    minute timestamp with time zone NOT NULL,
    model text NOT NULL,
    answered bigint NOT NULL,
    overloaded bigint NOT NULL,
    failed bigint NOT NULL,
    seconds double precision NOT NULL,
    slowest_seconds double precision NOT NULL
);

COMMENT ON TABLE reembed.provider_minute IS 'Requests of all workers to a model''s provider in one minute. Kept for seven days.';

COMMENT ON COLUMN reembed.provider_minute.minute IS 'Beginning of the minute.';

COMMENT ON COLUMN reembed.provider_minute.model IS 'The model.';

COMMENT ON COLUMN reembed.provider_minute.answered IS 'Requests that were answered with vectors.';

COMMENT ON COLUMN reembed.provider_minute.overloaded IS 'Requests that were answered with 429.';

COMMENT ON COLUMN reembed.provider_minute.failed IS 'Requests that brought no vectors for another reason.';

COMMENT ON COLUMN reembed.provider_minute.seconds IS 'Sum of the times until vectors arrived.';

COMMENT ON COLUMN reembed.provider_minute.slowest_seconds IS 'Longest of these times.';

CREATE TABLE reembed.query_log (
    id bigint NOT NULL,
    target text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    text text NOT NULL,
    model text NOT NULL,
    caller_key text
);

COMMENT ON TABLE reembed.query_log IS 'A sample of the application''s newest queries, as passed to reembed.log_query().';

COMMENT ON COLUMN reembed.query_log.id IS 'Position in the order of all queries.';

COMMENT ON COLUMN reembed.query_log.target IS 'Target that was searched.';

COMMENT ON COLUMN reembed.query_log.at IS 'When the query was logged.';

COMMENT ON COLUMN reembed.query_log.text IS 'Text of the query, at most 8000 characters.';

COMMENT ON COLUMN reembed.query_log.model IS 'The live model at that time.';

COMMENT ON COLUMN reembed.query_log.caller_key IS 'Key of the caller, where the application passes it, at most 200 characters.';

CREATE SEQUENCE reembed.query_log_count
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

COMMENT ON SEQUENCE reembed.query_log_count IS 'Counts the logged queries of a minute; see reembed.is_within_rate().';

ALTER TABLE reembed.query_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.query_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE reembed.read_probe ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.read_probe_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.repeated_text (
    campaign text NOT NULL,
    text_digest uuid NOT NULL,
    text_hash bigint NOT NULL,
    batch bigint NOT NULL,
    vector public.vector
);

COMMENT ON TABLE reembed.repeated_text IS 'Texts that occur in several batches, as planned: one batch embeds them, the others take the vector from here. Emptied when the backfill is over.';

COMMENT ON COLUMN reembed.repeated_text.campaign IS 'Campaign that embeds the text.';

COMMENT ON COLUMN reembed.repeated_text.text_digest IS 'reembed.text_digest() of the text.';

COMMENT ON COLUMN reembed.repeated_text.text_hash IS 'reembed.text_hash() of the text.';

COMMENT ON COLUMN reembed.repeated_text.batch IS 'The batch that embeds it.';

COMMENT ON COLUMN reembed.repeated_text.vector IS 'Its vector; null until that batch has stored it.';

CREATE TABLE reembed.schema_migration (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    run_on timestamp without time zone NOT NULL,
    sha256 text DEFAULT NULLIF(current_setting('reembed.file_sha256'::text, true), ''::text),
    forgotten_at timestamp with time zone
);

COMMENT ON TABLE reembed.schema_migration IS 'Migration files that have run, oldest first.';

COMMENT ON COLUMN reembed.schema_migration.sha256 IS 'Digest of the file when it ran; a file edited afterwards is refused.';

COMMENT ON COLUMN reembed.schema_migration.forgotten_at IS 'When its campaign was forgotten or released: its files are ignored from then on, whether or not they are still there.';

CREATE SEQUENCE reembed.schema_migration_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE reembed.schema_migration_id_seq OWNED BY reembed.schema_migration.id;

CREATE TABLE reembed.score_cutoff (
    validation bigint NOT NULL,
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
    CONSTRAINT basis_is_known CHECK ((basis = ANY (ARRAY['same_share'::text, 'best_f1'::text])))
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

CREATE TABLE reembed.score_distribution (
    validation bigint NOT NULL,
    role text NOT NULL,
    rows text NOT NULL,
    percentile integer NOT NULL,
    score double precision NOT NULL,
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['old'::text, 'new'::text]))),
    CONSTRAINT rows_are_known CHECK ((rows = ANY (ARRAY['nearest'::text, 'random'::text])))
);

COMMENT ON TABLE reembed.score_distribution IS 'Distribution of the scores of each model: applications filter by a minimum score, and it differs between models.';

COMMENT ON COLUMN reembed.score_distribution.validation IS 'The run.';

COMMENT ON COLUMN reembed.score_distribution.role IS 'Model of the scores: new or old.';

COMMENT ON COLUMN reembed.score_distribution.rows IS 'nearest: the k nearest rows of each query; random: rows drawn at random.';

COMMENT ON COLUMN reembed.score_distribution.percentile IS '0, 10, ... 100.';

COMMENT ON COLUMN reembed.score_distribution.score IS 'Score below which that percentage of the rows lies: cosine similarity or inner product; for distance l2 the negative distance.';

CREATE TABLE reembed.search_function (
    schema name NOT NULL,
    name name NOT NULL,
    target text NOT NULL,
    view name,
    campaign text,
    CONSTRAINT searches_a_view_or_over_a_bridge CHECK (((view IS NULL) <> (campaign IS NULL)))
);

COMMENT ON TABLE reembed.search_function IS 'Functions that applications search with. An entry outlives its target and campaign, so that the function can still be dropped.';

COMMENT ON COLUMN reembed.search_function.schema IS 'The schema of the function.';

COMMENT ON COLUMN reembed.search_function.name IS 'The function.';

COMMENT ON COLUMN reembed.search_function.target IS 'The target.';

COMMENT ON COLUMN reembed.search_function.view IS 'The view that it searches through.';

COMMENT ON COLUMN reembed.search_function.campaign IS 'The campaign over whose bridge it searches.';

CREATE TABLE reembed.serving (
    target text NOT NULL,
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
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['old'::text, 'new'::text])))
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

CREATE TABLE reembed.shadow_read (
    id bigint NOT NULL,
    target text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
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
    CONSTRAINT overlap_is_a_share CHECK (((overlap >= (0)::double precision) AND (overlap <= (1)::double precision))),
    CONSTRAINT shadow_reads_have_an_overlap_or_an_error CHECK (((overlap IS NULL) = (error IS NOT NULL)))
);

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

CREATE SEQUENCE reembed.shadow_read_count
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

COMMENT ON SEQUENCE reembed.shadow_read_count IS 'Counts the shadow reads of a minute; see reembed.is_within_rate().';

ALTER TABLE reembed.shadow_read ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.shadow_read_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.template (
    name text NOT NULL,
    body text NOT NULL
);

COMMENT ON TABLE reembed.template IS 'Templates that reembed.compile_target() renders into the objects of a target: the files of sql/target/.';

COMMENT ON COLUMN reembed.template.name IS 'Name of the file.';

COMMENT ON COLUMN reembed.template.body IS 'SQL with {named} placeholders.';

CREATE TABLE reembed.truth_audit (
    validation bigint NOT NULL,
    role text NOT NULL,
    ordinal integer NOT NULL,
    key jsonb NOT NULL,
    similarity double precision,
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['old'::text, 'new'::text])))
);

COMMENT ON TABLE reembed.truth_audit IS 'Rows drawn at random whose text was embedded again, to test whether the stored vectors are those of the model.';

COMMENT ON COLUMN reembed.truth_audit.validation IS 'The run.';

COMMENT ON COLUMN reembed.truth_audit.role IS 'Model of the vectors: new or old.';

COMMENT ON COLUMN reembed.truth_audit.ordinal IS 'Position in the sample, from 1.';

COMMENT ON COLUMN reembed.truth_audit.key IS 'Primary key of the row, as an object of column and value.';

COMMENT ON COLUMN reembed.truth_audit.similarity IS 'Cosine similarity of the stored and the fresh vector; for the distances l2 and inner_product a similarity that includes the lengths. Null: the row disagreed in an earlier run, and is gone or waits for a vector.';

CREATE TABLE reembed.validation_filter (
    validation bigint NOT NULL,
    filter text NOT NULL,
    iterative_scan text NOT NULL,
    queries integer NOT NULL,
    wanted_rows double precision NOT NULL,
    returned_rows double precision NOT NULL,
    short_queries integer NOT NULL,
    index_recall double precision NOT NULL,
    returned_share double precision,
    returned_share_sd double precision,
    index_recall_sd double precision
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

ALTER TABLE reembed.validation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.validation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.validation_integrity (
    validation bigint NOT NULL,
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
    checksum_at timestamp with time zone,
    unchanged_rows bigint,
    set_aside_rows bigint,
    changed_rows bigint,
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['old'::text, 'new'::text])))
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

CREATE TABLE reembed.validation_metric (
    validation bigint NOT NULL,
    metric text NOT NULL,
    slice text DEFAULT ''::text NOT NULL,
    slice_value text DEFAULT ''::text NOT NULL,
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
    CONSTRAINT interval_is_in_order CHECK ((low <= high))
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

CREATE TABLE reembed.validation_query (
    validation bigint NOT NULL,
    ordinal integer NOT NULL,
    query text NOT NULL,
    overlap double precision NOT NULL,
    index_recall double precision,
    ndcg_before double precision,
    ndcg_after double precision,
    query_length integer,
    slices jsonb DEFAULT '{}'::jsonb NOT NULL,
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
    CONSTRAINT grade_is_known CHECK ((grade = ANY (ARRAY['people'::text, 'model'::text, 'rows'::text]))),
    CONSTRAINT graded_queries_have_figures CHECK (((grade IS NULL) = (ndcg_after IS NULL)))
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

COMMENT ON COLUMN reembed.validation_query.lexical_share IS 'Share of the words of the query that are in the text of the row it was made of, without common words; null for other queries.';

COMMENT ON COLUMN reembed.validation_query.index_recall_before IS 'Share of the exact k nearest rows that the old index returns; null without a usable one.';

CREATE SEQUENCE reembed.wanted_report_count
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

COMMENT ON SEQUENCE reembed.wanted_report_count IS 'Counts reports of wanted rows by the minute; see is_within_rate().';

CREATE TABLE reembed.wanted_row (
    id bigint NOT NULL,
    target text NOT NULL,
    key jsonb NOT NULL,
    reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE reembed.wanted_row IS 'Rows without a new vector that searches over a bridge found, one row a report; written by report_wanted(). Workers embed the most wanted first.';

COMMENT ON COLUMN reembed.wanted_row.id IS 'Order of the reports.';

COMMENT ON COLUMN reembed.wanted_row.target IS 'Table and column.';

COMMENT ON COLUMN reembed.wanted_row.key IS 'Key of the row.';

COMMENT ON COLUMN reembed.wanted_row.reported_at IS 'When it was reported.';

ALTER TABLE reembed.wanted_row ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.wanted_row_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed.watch_memory (
    target text NOT NULL,
    checked_at timestamp with time zone,
    suspected jsonb DEFAULT '{}'::jsonb NOT NULL,
    scanned_at timestamp with time zone,
    coverage jsonb DEFAULT '{}'::jsonb NOT NULL,
    statistics jsonb
);

COMMENT ON TABLE reembed.watch_memory IS 'State of the watch for a target between checks.';

COMMENT ON COLUMN reembed.watch_memory.target IS 'The target.';

COMMENT ON COLUMN reembed.watch_memory.checked_at IS 'When the last check ran.';

COMMENT ON COLUMN reembed.watch_memory.suspected IS 'Problems that have not persisted for alert_after yet, with their start times.';

COMMENT ON COLUMN reembed.watch_memory.scanned_at IS 'When the whole table was last scanned for rows without a vector.';

COMMENT ON COLUMN reembed.watch_memory.coverage IS 'Result of that scan, by model.';

COMMENT ON COLUMN reembed.watch_memory.statistics IS 'Scan counts of the index and the table of the live model at the last check.';

CREATE TABLE reembed.words (
    subject text NOT NULL,
    words text NOT NULL,
    said_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT last_words_are_bounded CHECK ((length(words) <= 1000))
);

COMMENT ON TABLE reembed.words IS 'Last error message of a provider or PostgreSQL when work failed as a whole. It may quote the text of a row: shown by npm run status -- --with-text, granted to no role.';

COMMENT ON COLUMN reembed.words.subject IS 'Kind of work.';

COMMENT ON COLUMN reembed.words.words IS 'The message.';

COMMENT ON COLUMN reembed.words.said_at IS 'When the error occurred.';

CREATE TABLE reembed.written_vector (
    id bigint NOT NULL,
    target text NOT NULL,
    key jsonb NOT NULL,
    text_hash bigint NOT NULL,
    written_at timestamp with time zone NOT NULL,
    found text,
    audited_at timestamp with time zone,
    CONSTRAINT audited_vectors_have_an_outcome CHECK (((found IS NULL) = (audited_at IS NULL))),
    CONSTRAINT found_is_known CHECK ((found = ANY (ARRAY['new'::text, 'old'::text, 'other'::text])))
);

COMMENT ON TABLE reembed.written_vector IS 'The newest rows of each target, a few hundred, into which the application itself wrote a vector since the switch, and since contract.';

COMMENT ON COLUMN reembed.written_vector.id IS 'Number of the entry.';

COMMENT ON COLUMN reembed.written_vector.target IS 'Target of the row.';

COMMENT ON COLUMN reembed.written_vector.key IS 'Primary key, as an object of column and value.';

COMMENT ON COLUMN reembed.written_vector.text_hash IS 'reembed.text_hash() of the text that the vector was written with.';

COMMENT ON COLUMN reembed.written_vector.written_at IS 'When the application wrote it.';

COMMENT ON COLUMN reembed.written_vector.found IS 'The model that its vector agrees with: new, old, or other for neither; null until it is audited.';

COMMENT ON COLUMN reembed.written_vector.audited_at IS 'When its text was embedded again and compared.';

ALTER TABLE reembed.written_vector ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME reembed.written_vector_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE reembed_queue.bam (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    queue text,
    table_name text NOT NULL,
    command text NOT NULL,
    error text,
    created_on timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone
);

CREATE TABLE reembed_queue.job (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state reembed_queue.job_state DEFAULT 'created'::reembed_queue.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid
)
PARTITION BY LIST (name);

CREATE TABLE reembed_queue.job_common (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state reembed_queue.job_state DEFAULT 'created'::reembed_queue.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid,
    CONSTRAINT job_key_strict_fifo_singleton_key_check CHECK ((NOT ((policy = 'key_strict_fifo'::text) AND (singleton_key IS NULL))))
);

CREATE TABLE reembed_queue.job_dependency (
    child_name text NOT NULL,
    child_id uuid NOT NULL,
    parent_name text NOT NULL,
    parent_id uuid NOT NULL
);

CREATE TABLE reembed_queue.queue (
    name text NOT NULL,
    policy text NOT NULL,
    retry_limit integer NOT NULL,
    retry_delay integer NOT NULL,
    retry_backoff boolean NOT NULL,
    retry_delay_max integer,
    expire_seconds integer NOT NULL,
    retention_seconds integer NOT NULL,
    deletion_seconds integer NOT NULL,
    dead_letter text,
    partition boolean NOT NULL,
    table_name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    warning_queued integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer DEFAULT 0 NOT NULL,
    completed_delta integer DEFAULT 0 NOT NULL,
    failed_delta integer DEFAULT 0 NOT NULL,
    delta_on timestamp with time zone,
    delta_seconds integer,
    ready_history integer[] DEFAULT '{}'::integer[] NOT NULL,
    heartbeat_seconds integer,
    notify boolean DEFAULT false NOT NULL,
    singletons_active text[],
    monitor_claim_on timestamp with time zone,
    monitor_on timestamp with time zone,
    maintain_on timestamp with time zone,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_check CHECK ((dead_letter IS DISTINCT FROM name)),
    CONSTRAINT table_name_is_plain CHECK ((table_name ~ '^[a-z0-9_]{1,63}$'::text))
);

CREATE TABLE reembed_queue.queue_stats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer,
    completed_delta integer,
    failed_delta integer,
    delta_seconds integer,
    delta_on timestamp with time zone,
    captured_on timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (captured_on);

CREATE TABLE reembed_queue.schedule (
    name text NOT NULL,
    key text DEFAULT ''::text NOT NULL,
    kind text DEFAULT 'cron'::text NOT NULL,
    cron text NOT NULL,
    timezone text DEFAULT 'UTC'::text,
    data jsonb,
    options jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    last_job_id uuid,
    CONSTRAINT schedule_kind_check CHECK ((kind = ANY (ARRAY['cron'::text, 'rrule'::text])))
);

CREATE TABLE reembed_queue.subscription (
    event text NOT NULL,
    name text NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE reembed_queue.version (
    version integer NOT NULL,
    cron_on timestamp with time zone,
    bam_on timestamp with time zone,
    flow_on timestamp with time zone,
    reindex_on timestamp with time zone,
    monitor_backoff_on timestamp with time zone
);

CREATE TABLE reembed_queue.warning (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type text NOT NULL,
    message text NOT NULL,
    data jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY reembed_queue.job ATTACH PARTITION reembed_queue.job_common DEFAULT;

ALTER TABLE ONLY reembed.schema_migration ALTER COLUMN id SET DEFAULT nextval('reembed.schema_migration_id_seq'::regclass);

ALTER TABLE ONLY reembed.acceptance
    ADD CONSTRAINT acceptance_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (campaign, id);

ALTER TABLE ONLY reembed.bridge_known_item
    ADD CONSTRAINT bridge_known_item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.bridge
    ADD CONSTRAINT bridge_pkey PRIMARY KEY (campaign);

ALTER TABLE ONLY reembed.bridge_validation
    ADD CONSTRAINT bridge_validation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.bridge_validation_query
    ADD CONSTRAINT bridge_validation_query_pkey PRIMARY KEY (validation, ordinal);

ALTER TABLE ONLY reembed.cached_vector
    ADD CONSTRAINT cached_vector_pkey PRIMARY KEY (space, text_digest);

ALTER TABLE ONLY reembed.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.column_statement
    ADD CONSTRAINT column_statement_pkey PRIMARY KEY (campaign, queryid);

ALTER TABLE ONLY reembed.element_type
    ADD CONSTRAINT element_type_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.failed_row
    ADD CONSTRAINT failed_row_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (is_one);

ALTER TABLE ONLY reembed.judge_grade
    ADD CONSTRAINT judge_grade_pkey PRIMARY KEY (target, query_hash, text_hash, judge_model, prompt_version);

ALTER TABLE ONLY reembed.known_item
    ADD CONSTRAINT known_item_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (target, relation);

ALTER TABLE ONLY reembed.model
    ADD CONSTRAINT model_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.model_schema
    ADD CONSTRAINT model_schema_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.old_vector_checksum
    ADD CONSTRAINT old_vector_checksum_pkey PRIMARY KEY (campaign);

ALTER TABLE ONLY reembed.old_vector_group
    ADD CONSTRAINT old_vector_group_pkey PRIMARY KEY (campaign, number);

ALTER TABLE ONLY reembed.schema_view
    ADD CONSTRAINT one_definition_per_view UNIQUE (view);

ALTER TABLE ONLY reembed.failed_row
    ADD CONSTRAINT one_entry_per_row_and_model UNIQUE (target, model, key_digest);

ALTER TABLE ONLY reembed.planned_index
    ADD CONSTRAINT one_index_per_leaf_and_pattern UNIQUE (campaign, leaf, pattern);

ALTER TABLE ONLY reembed.target
    ADD CONSTRAINT one_target_per_part UNIQUE (relation, column_name, part);

ALTER TABLE ONLY reembed.planned_index
    ADD CONSTRAINT planned_index_pkey PRIMARY KEY (campaign, "position");

ALTER TABLE ONLY reembed.provider_batch
    ADD CONSTRAINT provider_batch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.provider_batch_row
    ADD CONSTRAINT provider_batch_row_pkey PRIMARY KEY (provider_batch, request, "position");

ALTER TABLE ONLY reembed.provider_minute
    ADD CONSTRAINT provider_minute_pkey PRIMARY KEY (minute, model);

ALTER TABLE ONLY reembed.provider_quota
    ADD CONSTRAINT provider_quota_pkey PRIMARY KEY (model);

ALTER TABLE ONLY reembed.query_log
    ADD CONSTRAINT query_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.read_probe
    ADD CONSTRAINT read_probe_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.repeated_text
    ADD CONSTRAINT repeated_text_pkey PRIMARY KEY (campaign, text_digest);

ALTER TABLE ONLY reembed.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.schema_view
    ADD CONSTRAINT schema_view_pkey PRIMARY KEY (schema, relation);

ALTER TABLE ONLY reembed.score_cutoff
    ADD CONSTRAINT score_cutoff_pkey PRIMARY KEY (validation, ordinal);

ALTER TABLE ONLY reembed.score_distribution
    ADD CONSTRAINT score_distribution_pkey PRIMARY KEY (validation, role, rows, percentile);

ALTER TABLE ONLY reembed.search_function
    ADD CONSTRAINT search_function_pkey PRIMARY KEY (schema, name);

ALTER TABLE ONLY reembed.serving
    ADD CONSTRAINT serving_pkey PRIMARY KEY (target, role);

ALTER TABLE ONLY reembed.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (target);

ALTER TABLE ONLY reembed.shadow_read
    ADD CONSTRAINT shadow_read_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.spending
    ADD CONSTRAINT spending_pkey PRIMARY KEY (campaign);

ALTER TABLE ONLY reembed.target
    ADD CONSTRAINT target_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.target
    ADD CONSTRAINT target_suffix_key UNIQUE (suffix);

ALTER TABLE ONLY reembed.template
    ADD CONSTRAINT template_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed.throttle
    ADD CONSTRAINT throttle_pkey PRIMARY KEY (target, signal);

ALTER TABLE ONLY reembed.truth_audit
    ADD CONSTRAINT truth_audit_pkey PRIMARY KEY (validation, role, ordinal);

ALTER TABLE ONLY reembed.validation_filter
    ADD CONSTRAINT validation_filter_pkey PRIMARY KEY (validation, filter, iterative_scan);

ALTER TABLE ONLY reembed.validation_integrity
    ADD CONSTRAINT validation_integrity_pkey PRIMARY KEY (validation, role);

ALTER TABLE ONLY reembed.validation_metric
    ADD CONSTRAINT validation_metric_pkey PRIMARY KEY (validation, metric, slice, slice_value);

ALTER TABLE ONLY reembed.validation
    ADD CONSTRAINT validation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.validation_query
    ADD CONSTRAINT validation_query_pkey PRIMARY KEY (validation, ordinal);

ALTER TABLE ONLY reembed.wanted_row
    ADD CONSTRAINT wanted_row_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.watch_memory
    ADD CONSTRAINT watch_memory_pkey PRIMARY KEY (target);

ALTER TABLE ONLY reembed.words
    ADD CONSTRAINT words_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY reembed.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed.written_vector
    ADD CONSTRAINT written_vector_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed_queue.bam
    ADD CONSTRAINT bam_pkey PRIMARY KEY (id);

ALTER TABLE ONLY reembed_queue.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY reembed_queue.job_common
    ADD CONSTRAINT job_common_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY reembed_queue.job_dependency
    ADD CONSTRAINT job_dependency_pkey PRIMARY KEY (child_name, child_id, parent_name, parent_id);

ALTER TABLE ONLY reembed_queue.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (name);

ALTER TABLE ONLY reembed_queue.queue_stats
    ADD CONSTRAINT queue_stats_pkey PRIMARY KEY (id, captured_on);

ALTER TABLE ONLY reembed_queue.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name, key);

ALTER TABLE ONLY reembed_queue.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (event, name);

ALTER TABLE ONLY reembed_queue.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (version);

ALTER TABLE ONLY reembed_queue.warning
    ADD CONSTRAINT warning_pkey PRIMARY KEY (id);

CREATE INDEX acceptance_by_campaign ON reembed.acceptance USING btree (campaign, code);

CREATE INDEX alert_newest ON reembed.alert USING btree (target, opened_at DESC);

CREATE INDEX batch_at_provider ON reembed.batch USING btree (provider_batch) WHERE (provider_batch IS NOT NULL);

CREATE INDEX batch_came_back ON reembed.batch USING btree (campaign, id) WHERE ((state = 'pending'::text) AND came_back);

CREATE INDEX batch_pending ON reembed.batch USING btree (campaign, id) WHERE (state = 'pending'::text);

CREATE INDEX bridge_known_item_newest ON reembed.bridge_known_item USING btree (target, id DESC);

CREATE INDEX bridge_validation_newest ON reembed.bridge_validation USING btree (campaign, id DESC);

CREATE INDEX failed_row_by_key ON reembed.failed_row USING hash (key);

CREATE INDEX known_item_newest ON reembed.known_item USING btree (target, model, id DESC);

CREATE UNIQUE INDEX one_main_index_per_campaign ON reembed.planned_index USING btree (campaign) WHERE is_main;

CREATE UNIQUE INDEX one_open_alert_per_target_and_kind ON reembed.alert USING btree (target, kind) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX one_running_migration_per_target ON reembed.campaign USING btree (target) WHERE (phase <> 'contract'::text);

CREATE UNIQUE INDEX one_successor_per_old_index ON reembed.planned_index USING btree (campaign, COALESCE(leaf, (0)::regclass), old_name);

CREATE INDEX provider_batch_newest ON reembed.provider_batch USING btree (campaign, created_at DESC);

CREATE INDEX provider_batch_open ON reembed.provider_batch USING btree (next_check_at) WHERE (state <> 'settled'::text);

CREATE INDEX query_log_newest ON reembed.query_log USING btree (target, id DESC);

CREATE INDEX read_probe_newest ON reembed.read_probe USING btree (target, at DESC);

CREATE INDEX shadow_read_newest ON reembed.shadow_read USING btree (target, id DESC);

CREATE INDEX validation_newest ON reembed.validation USING btree (campaign, finished_at DESC);

CREATE INDEX wanted_row_by_target ON reembed.wanted_row USING btree (target);

CREATE INDEX written_vector_newest ON reembed.written_vector USING btree (target, id);

CREATE UNIQUE INDEX job_common_i1 ON reembed_queue.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'created'::reembed_queue.job_state) AND (policy = 'short'::text));

CREATE INDEX job_common_i10 ON reembed_queue.job_common USING btree (name, singleton_key, state DESC, created_on, id) INCLUDE (start_after) WHERE ((state < 'active'::reembed_queue.job_state) AND (NOT blocked) AND (policy = 'key_strict_fifo'::text));

CREATE INDEX job_common_i11 ON reembed_queue.job_common USING btree (name, priority DESC, created_on, start_after) WHERE ((state < 'active'::reembed_queue.job_state) AND (NOT blocked));

CREATE INDEX job_common_i12 ON reembed_queue.job_common USING btree (source_root_id) WHERE (source_root_id IS NOT NULL);

CREATE UNIQUE INDEX job_common_i2 ON reembed_queue.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'active'::reembed_queue.job_state) AND (policy = 'singleton'::text));

CREATE UNIQUE INDEX job_common_i3 ON reembed_queue.job_common USING btree (name, state, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::reembed_queue.job_state) AND (policy = 'stately'::text));

CREATE UNIQUE INDEX job_common_i4 ON reembed_queue.job_common USING btree (name, singleton_on, COALESCE(singleton_key, ''::text)) WHERE ((state <> 'cancelled'::reembed_queue.job_state) AND (singleton_on IS NOT NULL));

CREATE UNIQUE INDEX job_common_i6 ON reembed_queue.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::reembed_queue.job_state) AND (policy = 'exclusive'::text));

CREATE INDEX job_common_i7 ON reembed_queue.job_common USING btree (name, group_id) WHERE ((state = 'active'::reembed_queue.job_state) AND (group_id IS NOT NULL));

CREATE UNIQUE INDEX job_common_i8 ON reembed_queue.job_common USING btree (name, singleton_key) WHERE ((state = ANY (ARRAY['active'::reembed_queue.job_state, 'retry'::reembed_queue.job_state, 'failed'::reembed_queue.job_state])) AND (policy = 'key_strict_fifo'::text));

CREATE INDEX job_common_i9 ON reembed_queue.job_common USING btree (name, id) WHERE (blocking AND (state = 'completed'::reembed_queue.job_state));

CREATE INDEX job_dep_parent_idx ON reembed_queue.job_dependency USING btree (parent_name, parent_id);

CREATE INDEX queue_stats_i1 ON ONLY reembed_queue.queue_stats USING btree (name, captured_on DESC) INCLUDE (deferred_count, queued_count, ready_count, active_count, failed_count, total_count);

CREATE INDEX warning_i1 ON reembed_queue.warning USING btree (created_on DESC);

ALTER INDEX reembed_queue.job_pkey ATTACH PARTITION reembed_queue.job_common_pkey;

CREATE TRIGGER apply_bridge AFTER INSERT OR DELETE OR UPDATE ON reembed.bridge FOR EACH ROW EXECUTE FUNCTION reembed.apply_bridge();

COMMENT ON TRIGGER apply_bridge ON reembed.bridge IS 'See reembed.apply_bridge().';

CREATE TRIGGER apply_setting AFTER UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.apply_setting();

COMMENT ON TRIGGER apply_setting ON reembed.setting IS 'See reembed.apply_setting().';

CREATE TRIGGER check_setting BEFORE UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.check_setting();

COMMENT ON TRIGGER check_setting ON reembed.setting IS 'See reembed.check_setting().';

ALTER TABLE ONLY reembed.alert
    ADD CONSTRAINT alert_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.batch
    ADD CONSTRAINT batch_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.batch
    ADD CONSTRAINT batch_provider_batch_fkey FOREIGN KEY (provider_batch) REFERENCES reembed.provider_batch(id) ON DELETE SET NULL;

ALTER TABLE ONLY reembed.bridge
    ADD CONSTRAINT bridge_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.bridge_known_item
    ADD CONSTRAINT bridge_known_item_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.bridge_validation
    ADD CONSTRAINT bridge_validation_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.bridge_validation_query
    ADD CONSTRAINT bridge_validation_query_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.bridge_validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.campaign
    ADD CONSTRAINT campaign_from_model_fkey FOREIGN KEY (from_model) REFERENCES reembed.model(name);

ALTER TABLE ONLY reembed.campaign
    ADD CONSTRAINT campaign_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name);

ALTER TABLE ONLY reembed.campaign
    ADD CONSTRAINT campaign_to_model_fkey FOREIGN KEY (to_model) REFERENCES reembed.model(name);

ALTER TABLE ONLY reembed.column_statement
    ADD CONSTRAINT column_statement_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.failed_row
    ADD CONSTRAINT failed_row_model_fkey FOREIGN KEY (model) REFERENCES reembed.model(name);

ALTER TABLE ONLY reembed.failed_row
    ADD CONSTRAINT failed_row_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.judge_grade
    ADD CONSTRAINT judge_grade_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.known_item
    ADD CONSTRAINT known_item_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.leaf
    ADD CONSTRAINT leaf_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.model
    ADD CONSTRAINT model_element_type_fkey FOREIGN KEY (element_type) REFERENCES reembed.element_type(name);

ALTER TABLE ONLY reembed.old_vector_checksum
    ADD CONSTRAINT old_vector_checksum_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.old_vector_group
    ADD CONSTRAINT old_vector_group_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.old_vector_checksum(campaign) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.planned_index
    ADD CONSTRAINT planned_index_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.provider_batch_row
    ADD CONSTRAINT provider_batch_row_provider_batch_fkey FOREIGN KEY (provider_batch) REFERENCES reembed.provider_batch(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.provider_minute
    ADD CONSTRAINT provider_minute_model_fkey FOREIGN KEY (model) REFERENCES reembed.model(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.provider_quota
    ADD CONSTRAINT provider_quota_model_fkey FOREIGN KEY (model) REFERENCES reembed.model(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.read_probe
    ADD CONSTRAINT read_probe_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.repeated_text
    ADD CONSTRAINT repeated_text_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.score_cutoff
    ADD CONSTRAINT score_cutoff_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.score_distribution
    ADD CONSTRAINT score_distribution_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.serving
    ADD CONSTRAINT serving_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.setting
    ADD CONSTRAINT setting_read_model_fkey FOREIGN KEY (read_model) REFERENCES reembed.model(name);

ALTER TABLE ONLY reembed.setting
    ADD CONSTRAINT setting_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.shadow_read
    ADD CONSTRAINT shadow_read_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.spending
    ADD CONSTRAINT spending_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.throttle
    ADD CONSTRAINT throttle_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.truth_audit
    ADD CONSTRAINT truth_audit_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.validation
    ADD CONSTRAINT validation_campaign_fkey FOREIGN KEY (campaign) REFERENCES reembed.campaign(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.validation_filter
    ADD CONSTRAINT validation_filter_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.validation_integrity
    ADD CONSTRAINT validation_integrity_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.validation_metric
    ADD CONSTRAINT validation_metric_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.validation_query
    ADD CONSTRAINT validation_query_validation_fkey FOREIGN KEY (validation) REFERENCES reembed.validation(id) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.wanted_row
    ADD CONSTRAINT wanted_row_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.watch_memory
    ADD CONSTRAINT watch_memory_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed.written_vector
    ADD CONSTRAINT written_vector_target_fkey FOREIGN KEY (target) REFERENCES reembed.target(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed_queue.job_common
    ADD CONSTRAINT dlq_fkey FOREIGN KEY (dead_letter) REFERENCES reembed_queue.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY reembed_queue.job_common
    ADD CONSTRAINT q_fkey FOREIGN KEY (name) REFERENCES reembed_queue.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY reembed_queue.queue
    ADD CONSTRAINT queue_dead_letter_fkey FOREIGN KEY (dead_letter) REFERENCES reembed_queue.queue(name);

ALTER TABLE ONLY reembed_queue.schedule
    ADD CONSTRAINT schedule_name_fkey FOREIGN KEY (name) REFERENCES reembed_queue.queue(name) ON DELETE CASCADE;

ALTER TABLE ONLY reembed_queue.subscription
    ADD CONSTRAINT subscription_name_fkey FOREIGN KEY (name) REFERENCES reembed_queue.queue(name) ON DELETE CASCADE;

GRANT USAGE ON SCHEMA reembed TO PUBLIC;

REVOKE ALL ON FUNCTION reembed.abandon_archive(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.abandon_provider_batches(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.accept(p_campaign text, p_code text, p_reason text, p_evidence jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.acceptance_gate(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.admits_owner(p_target text, p_log text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.adopt_leaves(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.alert_gate(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.alerts_to_post(p_limit integer, p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.all_vector_indexes(p_relation regclass, p_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.answer_alerts(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.application_column(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.application_path(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.apply_bridge() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.apply_setting() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.archive_name(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.archive_names(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.archive_portion(p_name text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.archive_side_table(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.asks_for_candidates(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.attach_indexes(p_relation regclass, p_name name, p_definition text, p_indexes regclass[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.attnum(p_relation regclass, p_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.audit_evidence(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.audit_outcome(p_disagreeing bigint, p_rows bigint, p_is_complete boolean, p_share double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.batch_api_is_served(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.batch_api_token_limit(p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begin_archive(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begin_moving(p_name text, p_moving text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begin_restore_part(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begin_side_table(p_name text, p_side regclass, p_column name, p_version_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begin_submission(p_provider_batch uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.begun_index_build(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.binomial_at_most(p_hits bigint, p_trials bigint, p_share double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.blocks(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bounded(p_value double precision, p_most double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_acceptance(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_evidence(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_function(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_gate(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_names(p_campaign text, p_parameters jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_queries(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bridge_settings(p_rows text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bring_back_column(p_name text, p_to_column name, p_to_version_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bytes_sql(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.bytes_text(p_bytes numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.cache_vectors(p_space uuid, p_digests uuid[], p_vectors text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.carry_properties(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.cautious_interval(p_n bigint, p_mean double precision, p_sd double precision, p_lowest double precision, p_highest double precision, p_z double precision, OUT mean double precision, OUT error double precision, OUT low double precision, OUT high double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_bridge(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_coverage(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_index(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_index_use(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_known_items(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_not_null(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_row_security(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_setting() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_shadow(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_throttle_signals(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_verdict(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_work(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.check_written_vectors(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.claim_provider_batch(p_most_inputs integer, p_most_open integer, p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.close_alert(p_target text, p_kind text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.column_name(p_relation regclass, p_attnum smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.compare_old_checksum(p_name text, OUT checksum_at timestamp with time zone, OUT unchanged_rows bigint, OUT set_aside_rows bigint, OUT changed_rows bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.compile_target(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.compiled_for_workers() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.compiled_functions(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.compiled_grants(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.contract_gate(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.copy_column_grants(p_relation regclass, p_from name, p_to name) FROM PUBLIC;

REVOKE ALL ON PROCEDURE reembed.copy_to_archive(IN p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.correct_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.coverage(p_target text, p_model text, OUT total bigint, OUT missing bigint, OUT just_changed bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.coverage_of(p_target text, OUT total bigint, OUT missing_new bigint, OUT just_changed_new bigint, OUT missing_old bigint, OUT just_changed_old bigint, OUT not_found_by_old bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.definite_failures() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.dependents(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.describe_column(p_relation regclass, p_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.differs_sql(p_relation regclass, p_attnums smallint[], p_old text, p_new text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.discarded_by_down(p_name text, OUT vectors bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.dollar_quote(p_body text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.draw_bridge_items(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.draw_known_items(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.draw_written(p_target text, p_rows integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_bridge(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_compiled(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_empty_model_schemas() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_join_logs(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_nearest(p_target text, p_view name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_not_null_check(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_queues(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_schema_view(p_view regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_schema_views(p_relation regclass, p_source regclass, p_attnum smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_search_function(p_function regprocedure) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.drop_view(p_target text, p_view name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.each_key(p_target text, p_template text, p_separator text, p_side_table regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.early_index_gate(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.end_archive(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.end_joins(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.end_moving(p_name text, p_moves_rest boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.end_restore(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.enqueue(p_queue text, p_singleton_key text, p_data jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.enqueue_work() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.enter_contract(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.enter_part_contract(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.enter_phase(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.erase(p_target text, p_key jsonb, p_text text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.erase_queries(p_target text, p_key jsonb, p_shown text, p_texts text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.evidence_runs(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.exchange_columns(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.expand_joins(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.expression_columns(p_relation regclass, p_expression text, p_joins jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.expression_faults(p_view regclass, p_tables integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.fail_provider_batch(p_provider_batch uuid, p_code text, p_message text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.failed_keys(p_target text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.find_target(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.finish_archive(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.finish_index_build(p_name text, p_index name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.finish_part_contract(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.finish_restore(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.fit_change_log(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.fitting_rows(p_rows integer, p_started_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.follow_owner(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.foreign_vectors(p_name text, OUT vectors bigint, OUT of_old_model bigint, OUT last_at timestamp with time zone, OUT last_key jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.forget(p_target text, p_discards_vectors boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.forget_batches(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.forget_campaign(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.forget_target(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.give_relation(p_relation regclass, p_like regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.give_to_owner(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.give_view(p_view regclass, p_owner name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.grant_compiled(p_target text, p_functions name[], p_grantees oid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.grant_on_column(p_relation regclass, p_column name, p_grants aclitem[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.grant_worker(p_role name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.grantee_name(p_grantee oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.grow_canary(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.guard_side_tables(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.harms(p_campaign text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.has_equal_dimensions(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.hold_provider(p_model text, p_seconds double precision, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_build_bytes(p_method text, p_rows bigint, p_dimensions integer, p_vector_bytes bigint, p_m integer, p_lists integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_build_settings(p_method text, p_version text, p_build_bytes bigint, p_vector_bytes bigint, p_memory bigint, p_shared_buffers bigint, p_memory_limit bigint, p_workers integer, p_worker_slots integer, p_workers_wanted integer, OUT memory bigint, OUT memory_limit bigint, OUT fits boolean, OUT workers integer, OUT is_unsafe boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_form(p_target text, p_model text, OUT form text, OUT dimensions integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_gate(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_is_valid(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_key(p_form text, p_vector text, p_type text, p_dimensions integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.index_pattern(p_index oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.indexed_bytes(p_form text, p_element_type text, p_dimensions integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_accepted(p_campaign text, p_code text, p_evidence jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_captured(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_large(p_leaf regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_model_schema(p_schema name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_partitioned(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_slower(p_new_ms double precision, p_old_ms double precision, p_max_ratio numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.is_within_rate(p_counter regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.join_columns(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.join_dependents(p_target text, p_n integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.join_facts(p_relation regclass, p_joins jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.join_names(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_audit(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_bridge(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_difference(p_n bigint, p_mean double precision, p_sd double precision, p_margin double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_filters(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_grades(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_index(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_latency(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_overlap(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_quality(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_share(p_n bigint, p_mean double precision, p_sd double precision, p_threshold double precision, OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_slices(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_validation(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_vectors(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.judge_written(p_target text, p_ids bigint[], p_found text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.key_is_after(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.key_names(p_target text, p_side_table regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.key_settings(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.know_leaves(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.known_item_ms(p_target text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.known_item_share(p_target text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.lacking(p_target text, p_keys jsonb[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.largest_write_share(p_max_read_slowdown numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.late_rows(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leaf_index_name(p_leaf regclass, p_relation regclass, p_name name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leaf_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leave_contract(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leave_part_contract(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leave_phase(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.leaves(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.lock_sent_rows(p_provider_batch uuid, p_request integer, p_positions integer[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.lock_target(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.lock_writes(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.log_keys(p_target text, p_keys jsonb[], p_new boolean, p_old boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.log_missing(p_name text, p_role text, p_leaf regclass, p_first_block bigint, p_end_block bigint, p_limit integer, OUT missing bigint, OUT logged bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.log_wanted(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.lost_by_forget(p_target text, OUT target text, OUT table_is_there boolean, OUT vectors bigint, OUT archived bigint, OUT tokens bigint, OUT usd numeric, OUT live_view text, OUT readers text[], OUT removed text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.main_index(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.make_model_schema(p_schema name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.make_queues(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.mark_alert_posted(p_id bigint, p_state text, p_is_taken boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.may_read(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.measure_vectors(p_target text, p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.missing_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.model_schema_name(p_schema text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.more_queries(p_n bigint, p_sd double precision, p_distance double precision, p_z double precision, p_added double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.move_is_stopped(p_name text, p_moving text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.move_names(p_name text, p_names jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.move_portion(p_name text, p_moving text, p_rows integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.move_rest(p_name text, p_first_at timestamp with time zone, p_started_at timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.move_some(p_name text, p_rows integer) FROM PUBLIC;

REVOKE ALL ON PROCEDURE reembed.move_vectors(IN p_name text, IN p_moving text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.names_columns(p_target text, p_row text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.native_subscribers() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.nearest_function(p_target text, p_view name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.needs_sweep(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.next_place(p_relation regclass, p_leaf regclass, p_block bigint, OUT leaf regclass, OUT block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.normal_quantile(p_share double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.not_null_column(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.objects_digest() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.old_part_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.old_snapshot(p_age interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.old_table_pattern(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.old_vector_groups(p_name text, p_groups bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.open_alert(p_target text, p_kind text, p_severity text, p_model text, p_message text, p_details jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.open_conditions(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.own_vectors(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.parallel_speedup(p_workers integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.parking_room(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.part_condition(p_target text, p_row text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.part_faults(p_view regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.part_gate(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.part_index_statement(p_name text, p_position integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.part_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.parts_are_disjoint(p_relation regclass, p_one text, p_other text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.path_users(p_schema name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.pause(p_target text, p_reason text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.pause_at_cap(p_campaign text, p_tokens bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.place(p_block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.plan_batches(p_name text, p_batch_rows integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.plan_index(p_campaign text, p_old_name name, p_name name, p_final_name name, p_is_main boolean, p_form text, p_dimensions integer, p_definition text, p_old_index text, p_method text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.plan_leaf_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.plan_part_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.pooled_queries(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.predict_index_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_vector_bytes integer, p_rows bigint, p_workers integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.prepare_index_build(p_name text, p_index name, p_method text, p_parameters text, p_element_type text, p_is_again boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.present_joins(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.present_names(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.prevents_wraparound(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.probe_read(p_target text, p_is_resting boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.publications_of(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.purge(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.quality_evidence(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.quality_margin(p_validation bigint, p_before double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.quoted_path(p_path text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.quotes(p_query text, p_texts text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.read_probes(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_bridge_item(p_target text, p_key text, p_mapped text, p_vector text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_failed(p_target text, p_model text, p_refused jsonb, p_written text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_known_item(p_target text, p_role text, p_key text, p_text_hash bigint, p_vector text, p_error text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_requests(p_requests jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_retry(p_target text, p_rows bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_sent_rows(p_provider_batch uuid, p_attempt integer, p_batch bigint, p_requests integer[], p_positions integer[], p_input_places integer[], p_input_counts integer[], p_keys text[], p_text_hashes bigint[], p_text_digests uuid[], p_waves integer[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_words(p_subject text, p_words text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.record_written(p_target text, p_written jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.recreation(p_class oid, p_object oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.refresh_serving(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.refuse_write() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.refuses_row(p_sqlstate text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.register_model(p_name text, p_provider_model text, p_dimensions integer, p_element_type text, p_distance text, p_document_prefix text, p_query_prefix text, p_send_dimensions boolean, p_token_limit integer, p_usd_per_million_tokens numeric, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.rehook(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.relation_grants(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.release(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.release_batch(p_provider_batch uuid, p_batch bigint, p_waits_for uuid, p_has_rows boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.release_objects(p_target text, p_kind text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.remake_view(p_view regclass, p_definition text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.render(p_template text, p_names jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.rendered(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.repeated_texts(p_campaign text, p_batch bigint, p_digests uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_bridge(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_change_view() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_nearest(p_target text, p_view name, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_schema_view(p_relation regclass, p_schema name, p_model text, p_name name, p_definition text, p_present regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_schema_views(p_relation regclass, p_all boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_view(p_target text, p_view name, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.replace_views(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_archive(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_gate(p_name text, p_phase text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_joins(p_relation regclass, p_joins jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_owner(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_part(p_relation regclass, p_column name, p_part text, p_clause text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_subscribers(p_campaign text, p_relation regclass, p_storage text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.require_unread(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.reserve_provider_batch(p_provider_batch uuid, p_attempt integer, p_tokens bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.reserve_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.resolve_target(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.rest_milliseconds(p_target text) FROM PUBLIC;

REVOKE ALL ON PROCEDURE reembed.restore_old_vectors(IN p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.restore_parent_indexes(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.restore_portion(p_name text, p_rows integer, OUT moved bigint, OUT is_over boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.restore_side_table(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.resume(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.resume_old(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.retry_failed(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.return_properties(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.return_to_batch_api(p_provider_batch uuid, p_from_batch bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.role_names(v reembed.vector_column, p_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.row_condition(p_condition text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.row_value(p_relation regclass, p_attnum smallint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.rows_beyond(p_target text, p_model text, p_refused jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.rows_lacking_old_vector(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sample_build(p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows integer, p_share double precision, OUT rows integer, OUT seconds double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sample_index_scans(p_name text, p_is_first boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sample_statements(p_name text, p_is_first boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.scan_coverage(p_target text, p_every interval) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.scan_statistics(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.scans_iteratively() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.search_function_name(p_kind text, p_view name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.seconds_text(p_seconds double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.set_column_properties(p_relation regclass, p_column name, p_wanted jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.set_index_properties(p_index regclass, p_name name, p_wanted jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.set_not_null(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.set_provider(p_model text, p_provider text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.settle_batch(p_campaign text, p_batch bigint, p_model text, p_written text[], p_digests uuid[], p_vectors public.vector[], p_refused jsonb, p_tokens bigint, p_requests integer, p_done boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.settle_live(p_target text, p_campaign text, p_gone jsonb[], p_stored integer, p_tokens bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.settle_provider_batch(p_provider_batch uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.settle_sent_rows(p_provider_batch uuid, p_batch bigint, p_request integer, p_positions integer[], p_vectors public.vector[], p_written text[], p_refused jsonb, p_tokens bigint, p_requests integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.share_schema_views(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.share_side_tables(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.share_view_grants(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.shares_its_name(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.shift_changes(p_target text, p_forward boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.spend_on_judge(p_campaign text, p_tokens bigint, p_usd numeric, p_must_fit boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.spending_left(p_campaign text, p_token_price numeric) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.start_campaign(p_name text, p_relation regclass, p_column name, p_key_columns name[], p_text_columns name[], p_text_sql text, p_live_view name, p_live_model_column name, p_from_model text, p_to_model text, p_to_column name, p_to_version_column name, p_tokens_per_character numeric, p_keep_old_current boolean, p_to_relation regclass, p_application_path text, p_max_tokens bigint, p_max_usd numeric, p_joins jsonb, p_part text, p_where text, p_old_model_gone boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.statement_statistics() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.stop_parking(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.storage_names(v reembed.vector_column, p_role text, p_suffix name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.subscriber_harms(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sweep(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sweep_leaf(p_target text, p_leaf regclass, p_block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sweep_portion(p_name text, p_role text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.sweep_side_table(p_target text, p_role text, p_block bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.switch_gate(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.switch_to(p_target text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.t_quantile(p_z double precision, p_degrees double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.take_old_checksum(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.take_quota(p_model text, p_tokens integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.target_names(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.target_spellings(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.target_suffix(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.text_source(p_relation regclass, p_key_columns name[], p_text_columns name[], p_text_sql text, p_joins jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.throttle_signals(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.token_price(p_campaign text, p_model text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.trim_shadow_reads() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.trip_breaker(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.unarchived_leaves(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.unhook(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.unknown_readers(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.unsure_evidence(p_campaign text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.update_triggers(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.valid_index(p_relation regclass, p_index name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.valid_main_index(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.validate_not_null(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.vector_indexes(p_relation regclass, p_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.vector_schema() FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.verdict(p_validation bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.view_columns(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.view_dependents(p_view regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.view_grants(p_view regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.view_readers(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.view_sources(p_view regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.violation_query(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.want_popular(p_campaign text, p_column name, p_most bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.wanted_schema_views(p_relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.watch(p_target text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.wilson_interval(p_hits bigint, p_n bigint, OUT low double precision, OUT high double precision) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.with_skipped(p_refused jsonb, p_skipped text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.word_pattern(p_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed.worker_grants(p_role name) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed_queue.delete_queue(queue_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed_queue.job_table_format(command text, table_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed_queue.job_table_run(command text, tbl_name text, queue_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed_queue.job_table_run_async(command_name text, version integer, command text, tbl_name text, queue_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION reembed_queue.make_queue(queue_name text, options jsonb) FROM PUBLIC;

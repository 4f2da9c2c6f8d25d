-- A role for `npm run worker`, `status` and `validate`: it owns nothing, creates nothing and cannot switch.
-- The watch, which it runs, can only take readers back from a model that alerts speak against.
-- Run it as the owner of the table, after the first `npm run migrate up`, with the names of your own role and table:
--   psql -v role=reembed_worker -v table=public.documents -f docs/worker-role.sql
GRANT USAGE ON SCHEMA reembed, reembed_queue TO :role;
GRANT SELECT ON ALL TABLES IN SCHEMA reembed TO :role;
GRANT INSERT, UPDATE, DELETE ON reembed.stale_row, reembed.failed_row, reembed.provider_quota, reembed.worker TO :role;
GRANT INSERT, UPDATE, DELETE ON reembed.provider_batch, reembed.provider_batch_row TO :role;
GRANT UPDATE ON reembed.batch, reembed.repeated_text TO :role;
GRANT UPDATE (live_rows, live_tokens, swept_at, needs_old_sweep) ON reembed.migration TO :role;
GRANT UPDATE (paused, paused_reason, keep_old_current) ON reembed.setting TO :role;
GRANT INSERT ON reembed.validation, reembed.validation_query, reembed.validation_metric, reembed.validation_filter, reembed.validation_integrity,
  reembed.truth_audit, reembed.old_vector_checksum, reembed.old_vector_group, reembed.score_distribution, reembed.score_cutoff TO :role;
GRANT INSERT ON reembed.known_item TO :role;
GRANT UPDATE (passed, reasons, warnings) ON reembed.validation TO :role;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA reembed TO :role;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reembed, reembed_queue TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reembed_queue TO :role;
GRANT SELECT, UPDATE ON :table TO :role;
-- What the role may do with the table it may do with its side tables.
SELECT reembed.copy_table_grants(t.relation, v.relation)
  FROM reembed.target AS t JOIN reembed.vector_column AS v ON v.target = t.name WHERE v.is_side_table;
-- For npm run validate -- --filter also the view of the new model, as documents_text_embedding_3_large:
--   GRANT SELECT ON the_view TO the_role;

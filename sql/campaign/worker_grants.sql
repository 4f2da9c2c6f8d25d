-- The only list of the rights of a worker, and of `status` beside it. It has no rights on the user's tables; it calls functions of their owners.
CREATE OR REPLACE FUNCTION reembed.worker_grants(p_role name) RETURNS TABLE (statement text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH wanted AS (
    SELECT 1 AS step, format('USAGE ON SCHEMA %I', n.nspname) AS rights, has_schema_privilege(p_role, n.oid, 'USAGE') AS is_held
      FROM pg_namespace AS n WHERE n.nspname IN ('reembed', 'reembed_queue')
    UNION ALL
    SELECT 2, format('%s ON reembed.%I', w.rights, c.relname),
           (SELECT bool_and(CASE WHEN p LIKE '% (%' THEN has_any_column_privilege(p_role, c.oid, split_part(p, ' ', 1)) ELSE has_table_privilege(p_role, c.oid, p) END)
              FROM regexp_split_to_table(w.rights, ', (?=[A-Z])') AS p)
      FROM (VALUES
        ('model', 'SELECT'), ('element_type', 'SELECT'), ('planned_index', 'SELECT'), ('target', 'SELECT'), ('serving', 'SELECT'), ('vector_column', 'SELECT'), ('change', 'SELECT'), ('damage', 'SELECT'), ('health', 'SELECT'), ('metrics', 'SELECT'),
        ('progress', 'SELECT'), ('index_build', 'SELECT'), ('read_probe', 'SELECT'), ('schema_view', 'SELECT'), ('throttle', 'SELECT'), ('event', 'SELECT'), ('alert', 'SELECT'), ('watch_memory', 'SELECT'),
        ('validation', 'SELECT'), ('schema_migration', 'SELECT'), ('installation', 'SELECT'), ('shadow_read', 'SELECT'),
        ('leaf', 'SELECT'), ('setting', 'SELECT, UPDATE (paused, paused_by, paused_reason, keep_old_current)'),
        ('campaign', 'SELECT, UPDATE (live_rows, live_tokens, swept_at, needs_old_sweep)'),
        ('batch', 'SELECT, UPDATE'), ('repeated_text', 'SELECT, UPDATE'), ('cached_vector', 'SELECT, INSERT'), ('failed_row', 'SELECT (target, key, model, class, message, attempts, failed_at, key_digest)'),
        ('provider_quota', 'SELECT, INSERT, UPDATE'), ('provider_minute', 'SELECT'), ('spending', 'SELECT, INSERT, UPDATE'), ('provider_batch', 'SELECT, INSERT, UPDATE, DELETE'), ('provider_batch_row', 'SELECT, INSERT, DELETE'),
        ('worker', 'SELECT, INSERT, UPDATE, DELETE'), ('known_item', 'SELECT, INSERT'), ('wanted_row', 'SELECT, DELETE')) AS w(name, rights)
      JOIN pg_class AS c ON c.relname = w.name AND c.relnamespace = 'reembed'::regnamespace
    UNION ALL
    -- pg-boss inserts values of queue into statements as plain text, so workers may update its counters but define no queue. Statements stored in bam would be
    -- executed unchanged, so workers have no rights on it.
    SELECT 3, format('%s ON reembed_queue.%I', w.rights, c.relname), (SELECT bool_and(CASE WHEN p LIKE '% (%' THEN has_any_column_privilege(p_role, c.oid, split_part(p, ' ', 1)) ELSE has_table_privilege(p_role, c.oid, p) END)
              FROM regexp_split_to_table(w.rights, ', (?=[A-Z])') AS p)
      FROM pg_class AS c
     CROSS JOIN LATERAL (SELECT CASE c.relname WHEN 'queue' THEN format('SELECT, UPDATE (%s)', (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a
                             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('name', 'table_name', 'policy', 'partition', 'dead_letter'))) WHEN 'version' THEN 'SELECT, UPDATE' ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS rights) AS w
     WHERE c.relnamespace = 'reembed_queue'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'bam'
    UNION ALL
    SELECT 4, format('EXECUTE ON FUNCTION %s', p.oid::regprocedure), has_function_privilege(p_role, p.oid, 'EXECUTE')
      FROM pg_proc AS p
     WHERE p.pronamespace = 'reembed'::regnamespace AND (
       p.proname IN (
         'adopt_leaves', 'answer_alerts', 'batch_api_is_served', 'batch_api_token_limit', 'begin_submission', 'begun_index_build', 'blocks', 'cache_vectors', 'capture_triggers', 'claim_provider_batch', 'draw_bridge_items', 'draw_known_items', 'draw_written', 'judge_written', 'record_written',
         'enqueue', 'enqueue_work', 'expand_joins', 'fail_provider_batch', 'failed_keys', 'grow_canary', 'hold_provider', 'index_build_bytes', 'index_form', 'indexed_bytes', 'is_captured', 'known_item_share', 'lacking', 'largest_write_share', 'late_rows', 'lock_sent_rows', 'log_keys', 'log_missing', 'log_wanted',
         'check_throttle_signals', 'correct_spending', 'mark_alert_posted', 'alerts_to_post', 'model_view_name', 'needs_sweep', 'old_snapshot', 'pause_at_cap', 'place', 'probe_read', 'record_bridge_item', 'record_failed', 'record_words', 'record_known_item', 'leaves', 'next_place',
         'record_sent_rows', 'refuses_row', 'release_batch', 'render', 'repeated_texts', 'reserve_provider_batch', 'reserve_spending', 'resolve_target', 'rest_milliseconds', 'read_probes', 'resume_old', 'retry_failed', 'return_to_batch_api', 'scan_coverage', 'settle_batch', 'settle_live', 'record_requests', 'record_retry',
         'settle_provider_batch', 'settle_sent_rows', 'spending_left', 'sweep_leaf', 'sweep_portion', 'sweep_side_table', 'take_quota', 'target_spellings', 'token_price', 'trip_breaker', 'vector_schema', 'watch', 'with_skipped')
       OR EXISTS (SELECT FROM reembed.target AS t JOIN reembed.compiled_for_workers() AS w ON p.proname = w.name || '_' || t.suffix))
  )
  SELECT format('GRANT %s TO %I', w.rights, p_role) FROM wanted AS w WHERE NOT w.is_held ORDER BY w.step, w.rights
$$;
COMMENT ON FUNCTION reembed.worker_grants IS 'Statements that grant a role the rights of a worker that it lacks.';

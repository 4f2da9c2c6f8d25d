CREATE OR REPLACE FUNCTION reembed.start_campaign(
  p_name text, p_relation regclass, p_column name, p_key_columns name[], p_text_columns name[], p_text_sql text,
  p_live_view name, p_live_model_column name, p_from_model text, p_to_model text,
  p_to_column name, p_to_version_column name, p_tokens_per_character numeric, p_keep_old_current boolean,
  p_to_relation regclass DEFAULT NULL, p_application_path text DEFAULT NULL,
  p_max_tokens bigint DEFAULT NULL, p_max_usd numeric DEFAULT NULL, p_joins jsonb DEFAULT '[]',
  p_part text DEFAULT '', p_where text DEFAULT NULL, p_old_model_gone boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_target text;
  v_from record;
  v_reading text;
  v_previous_source jsonb;
  v_source jsonb;
  v_taken text;
  v_is_new boolean;
  v_part_may_fail text[];
BEGIN
  PERFORM reembed.require_owner(p_relation);
  PERFORM reembed.require_subscribers(p_name, p_relation, CASE WHEN p_to_relation IS NULL THEN 'column' ELSE 'side_table' END);
  PERFORM reembed.require_joins(p_relation, p_joins);
  v_part_may_fail := reembed.require_part(p_relation, p_column, p_part, p_where);
  v_source := reembed.text_source(p_relation, p_key_columns, p_text_columns, p_text_sql, p_joins);
  SELECT t.name, to_jsonb(t) INTO v_target, v_previous_source FROM reembed.target AS t WHERE t.relation = p_relation AND t.column_name = p_column AND t.part = p_part;
  v_is_new := NOT FOUND;
  IF v_is_new THEN
    SELECT concat_ws('.', n.nspname, c.relname, p_column, nullif(p_part, '')) INTO STRICT v_target
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = p_relation;
    INSERT INTO reembed.target (name, relation, column_name, key_attnums, key_names, text_attnums, text_names, text_sql, is_expression, joined_tables, live_view, live_model_column, suffix, application_path, part, part_sql, part_may_fail)
    SELECT v_target, p_relation, p_column, s.key_attnums, s.key_names, s.text_attnums, s.text_names, s.text_sql, s.is_expression, s.joined_tables, p_live_view, p_live_model_column,
           reembed.target_suffix(v_target), coalesce(reembed.quoted_path(p_application_path), reembed.application_path(p_relation)), p_part, p_where, v_part_may_fail
      FROM jsonb_populate_record(NULL::reembed.target, v_source) AS s;
    IF p_part <> '' THEN
      UPDATE reembed.target
         SET part_attnums = c.attnums, part_names = ARRAY(SELECT reembed.column_name(p_relation, n.attnum) FROM unnest(c.attnums) WITH ORDINALITY AS n(attnum, position) ORDER BY n.position)
        FROM reembed.expression_columns(p_relation, p_where || E'\n') AS c WHERE name = v_target;
    END IF;
    PERFORM reembed.make_queues(v_target);
  ELSE
    IF v_previous_source -> 'joined_tables' IS DISTINCT FROM v_source -> 'joined_tables' THEN
      PERFORM reembed.end_joins(v_target);
    END IF;
    UPDATE reembed.target AS t
       SET key_attnums = s.key_attnums, key_names = s.key_names, text_attnums = s.text_attnums, text_names = s.text_names, text_sql = s.text_sql, is_expression = s.is_expression,
           joined_tables = s.joined_tables
      FROM jsonb_populate_record(NULL::reembed.target, v_source) AS s WHERE t.name = v_target;
  END IF;

  SELECT v.attnum, v.version_attnum, CASE v.storage WHEN 'side_table' THEN v.relation END AS relation INTO v_from
    FROM reembed.vector_column AS v WHERE v.target = v_target AND v.role = 'new';

  -- Existing views are replaced, so a view of the user's with the same name must be detected before.
  SELECT string_agg(w.name, ', ') INTO v_taken
    FROM (SELECT reembed.model_view_name(v_target, p_to_model) AS name
          UNION ALL
          SELECT unnest(ARRAY[p_live_view, reembed.model_view_name(v_target, p_from_model)]) WHERE v_is_new) AS w
    JOIN pg_class AS c ON c.relname = w.name AND c.relnamespace = (SELECT r.relnamespace FROM pg_class AS r WHERE r.oid = p_relation);
  IF v_taken IS NOT NULL THEN
    RAISE EXCEPTION 'views cannot be created because their names are taken: %', v_taken
      USING ERRCODE = 'RE005', HINT = 'Rename or drop the objects with these names, or give the model another name with --to-name.';
  ELSIF reembed.model_view_name(v_target, p_to_model) IN (p_live_view, reembed.model_view_name(v_target, p_from_model)) THEN
    RAISE EXCEPTION 'the view of model % would have the same name as another view of the campaign: %', p_to_model, reembed.model_view_name(v_target, p_to_model)
      USING ERRCODE = 'RE005', HINT = 'Give the model another name with --to-name.';
  END IF;

  INSERT INTO reembed.setting (target, read_model, keep_old_current, old_model_gone) VALUES (v_target, p_from_model, p_keep_old_current, p_old_model_gone)
  -- A campaign does not inherit the settings of an earlier one.
  ON CONFLICT (target) DO UPDATE
    SET keep_old_current = excluded.keep_old_current, old_model_gone = excluded.old_model_gone, soak = excluded.soak, max_failed_rows = excluded.max_failed_rows,
        min_overlap = excluded.min_overlap, min_index_recall = excluded.min_index_recall, candidates = excluded.candidates, max_ndcg_loss = excluded.max_ndcg_loss,
        min_filtered_rows = excluded.min_filtered_rows, max_latency_ratio = excluded.max_latency_ratio, max_audit_share = excluded.max_audit_share,
        min_audit_similarity = excluded.min_audit_similarity, max_shared_vectors = excluded.max_shared_vectors, max_odd_norms = excluded.max_odd_norms,
        max_changed_old_rows = excluded.max_changed_old_rows, canary_steps = excluded.canary_steps, min_shadow_overlap = excluded.min_shadow_overlap,
        max_tokens = excluded.max_tokens, max_usd = excluded.max_usd, max_shadow_errors = excluded.max_shadow_errors, min_known_items = excluded.min_known_items, auto_revert = excluded.auto_revert;
  SELECT read_model INTO STRICT v_reading FROM reembed.setting WHERE target = v_target;
  IF v_reading <> p_from_model THEN
    RAISE EXCEPTION 'the live model of % is %, not %', v_target, v_reading, p_from_model
      USING ERRCODE = 'RE004', HINT = format('Create the campaign again with --from %s', v_reading);
  END IF;
  IF EXISTS (SELECT FROM reembed.campaign WHERE target = v_target AND phase <> 'contract') THEN
    RAISE EXCEPTION 'a campaign is already running on %', v_target
      USING ERRCODE = 'RE001', HINT = 'Finish it, or take it down with: npm run migrate down';
  END IF;

  INSERT INTO reembed.campaign (name, target, from_model, to_model, from_attnum, from_version_attnum, to_attnum, to_version_attnum,
                                 from_relation, to_relation, phase, tokens_per_character, previous_source, created_at)
  VALUES (p_name, v_target, p_from_model, p_to_model, coalesce(v_from.attnum, reembed.attnum(p_relation, p_column)), v_from.version_attnum,
          reembed.attnum(coalesce(p_to_relation, p_relation), p_to_column), reembed.attnum(coalesce(p_to_relation, p_relation), p_to_version_column),
          v_from.relation, p_to_relation, 'expand', p_tokens_per_character, v_previous_source, clock_timestamp());
  INSERT INTO reembed.event (target, campaign, kind, to_value) VALUES (v_target, p_name, 'phase', 'expand');
  -- After the campaign, whose model must have a price.
  UPDATE reembed.setting SET max_tokens = p_max_tokens, max_usd = p_max_usd WHERE target = v_target AND (p_max_tokens IS NOT NULL OR p_max_usd IS NOT NULL);
  IF p_to_relation IS NULL AND v_from.relation IS NULL THEN
    PERFORM reembed.copy_column_grants(p_relation, reembed.column_name(p_relation, coalesce(v_from.attnum, reembed.attnum(p_relation, p_column))), p_to_column);
  ELSIF p_to_relation IS NOT NULL THEN
    PERFORM reembed.give_relation(p_to_relation, p_relation);
  END IF;
  IF NOT v_is_new THEN
    -- The former new model is the old one from here on, also in waiting changes. The lock keeps writes from adding changes meanwhile.
    PERFORM reembed.lock_writes(p_relation);
    PERFORM reembed.shift_changes(v_target, true);
  END IF;
  PERFORM reembed.compile_target(v_target);
  PERFORM reembed.replace_change_view();
  PERFORM reembed.replace_views(v_target);
END;
$$;
COMMENT ON FUNCTION reembed.start_campaign IS 'Enters phase expand: registers target and campaign, creates the triggers and the views.';

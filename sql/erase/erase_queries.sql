CREATE OR REPLACE FUNCTION reembed.erase_queries(p_target text, p_key jsonb, p_shown text, p_texts text[]) RETURNS TABLE (place text, rows bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
#variable_conflict use_column
DECLARE
  v_runs constant bigint[] := ARRAY(SELECT v.id FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign WHERE m.target = p_target);
  v_queries bytea[];
BEGIN
  place := 'query_log';
  DELETE FROM reembed.query_log AS l WHERE l.target = p_target AND reembed.quotes(l.text, p_texts);
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'shadow_read';
  UPDATE reembed.shadow_read AS s SET query = NULL WHERE s.target = p_target AND reembed.quotes(s.query, p_texts);
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'known_item';
  DELETE FROM reembed.known_item AS k WHERE k.target = p_target AND k.key = p_key;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'bridge_known_item';
  DELETE FROM reembed.bridge_known_item AS k WHERE k.target = p_target AND k.key = p_key;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'truth_audit';
  DELETE FROM reembed.truth_audit AS a WHERE a.validation = ANY (v_runs) AND a.key = p_key;
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  -- The figures of a validation run are in other tables and stay. A query that was made of the row begins with its key; a question of a chat model quotes nothing.
  place := 'validation_query';
  WITH gone AS (
    DELETE FROM reembed.validation_query AS q USING reembed.validation AS v
     WHERE q.validation = ANY (v_runs) AND v.id = q.validation
       AND CASE WHEN v.query_source = 'rows' THEN q.query = p_shown ELSE reembed.quotes(q.query, p_texts) OR q.lexical_share IS NOT NULL AND starts_with(q.query, p_shown || ': ') END
    RETURNING q.query_hash
  )
  SELECT count(*), array_agg(g.query_hash) INTO rows, v_queries FROM gone AS g;
  RETURN NEXT;

  place := 'bridge_validation_query';
  DELETE FROM reembed.bridge_validation_query AS q USING reembed.bridge_validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign
   WHERE q.validation = v.id AND m.target = p_target
     AND (q.query_hash = ANY (v_queries) OR q.query_hash = ANY (ARRAY(SELECT sha256(convert_to(w.text, 'UTF8')) FROM unnest(p_texts) AS w(text))));
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'judge_grade';
  DELETE FROM reembed.judge_grade AS g
   WHERE g.target = p_target
     AND (g.query_hash = ANY (v_queries) OR g.text_hash = ANY (ARRAY(SELECT sha256(convert_to(left(w.text, 4000), 'UTF8')) FROM unnest(p_texts) AS w(text))));
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;

  place := 'validation_query, among its results';
  UPDATE reembed.validation_query AS q
     SET results_before = ARRAY(SELECT u.key FROM unnest(q.results_before) WITH ORDINALITY AS u(key, rank) WHERE u.key <> p_shown ORDER BY u.rank),
         scores_before = ARRAY(SELECT u.score FROM unnest(q.results_before, q.scores_before) WITH ORDINALITY AS u(key, score, rank) WHERE u.key <> p_shown ORDER BY u.rank),
         results_after = ARRAY(SELECT u.key FROM unnest(q.results_after) WITH ORDINALITY AS u(key, rank) WHERE u.key <> p_shown ORDER BY u.rank),
         scores_after = ARRAY(SELECT u.score FROM unnest(q.results_after, q.scores_after) WITH ORDINALITY AS u(key, score, rank) WHERE u.key <> p_shown ORDER BY u.rank),
         relevant_results = array_remove(q.relevant_results, p_shown)
   WHERE q.validation = ANY (v_runs) AND (p_shown = ANY (q.results_before) OR p_shown = ANY (q.results_after));
  GET DIAGNOSTICS rows = ROW_COUNT;
  RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION reembed.erase_queries IS 'Deletes a row and its texts from the logs of queries and from validations; see erase().';

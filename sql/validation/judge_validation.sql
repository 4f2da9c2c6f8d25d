-- Figures are stored; the verdict is computed from them and the present thresholds. Parts that a run did not examine (judgements, known items, filters, fresh
-- vectors) come from the newest run since the backfill that did: a run that failed on judged queries is not overruled by a run without any.
CREATE OR REPLACE FUNCTION reembed.judge_validation(p_validation bigint) RETURNS TABLE (fails boolean, reason text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.validation;
  w reembed.validation;
  s reembed.setting;
  i record;
  v_runs bigint[];
  v_rows bigint;
  v_where text;
  -- Means of floating-point numbers: 0.95 may be computed as 0.9499999999999999.
  c_tolerance constant double precision := 1e-9;
BEGIN
  SELECT * INTO STRICT v FROM reembed.validation WHERE id = p_validation;
  SELECT o.* INTO STRICT s FROM reembed.campaign AS m JOIN reembed.setting AS o ON o.target = m.target WHERE m.name = v.campaign;
  SELECT array_agg(r.id ORDER BY r.id DESC) INTO v_runs
    FROM reembed.validation AS r
   WHERE r.campaign = v.campaign AND r.id <= v.id
     AND r.started_at >= coalesce((SELECT max(b.finished_at) FROM reembed.batch AS b WHERE b.campaign = v.campaign), '-infinity');
  v_runs := coalesce(v_runs, ARRAY[v.id]);

  IF v.overlap < s.min_overlap - c_tolerance THEN
    RETURN QUERY SELECT true, format('overlap@%s %s is below min_overlap %s', v.k, round(v.overlap::numeric, 4), s.min_overlap);
  END IF;
  IF NOT v.searches_use_index THEN
    RETURN QUERY SELECT true, 'searches do not use the new index; check that its operator class matches the distance of the model';
  ELSIF NOT v.planner_chooses_index THEN
    RETURN QUERY SELECT false, 'the planner does not choose the new index, which is normal for a small table; on SSDs, set random_page_cost = 1.1';
  END IF;
  IF v.index_recall < s.min_index_recall - c_tolerance THEN
    RETURN QUERY SELECT true, format('index recall@%s %s is below min_index_recall %s%s', v.k, round(v.index_recall::numeric, 4), s.min_index_recall, ', with ' || v.index_setting);
  END IF;

  FOR w IN
    SELECT * FROM reembed.validation AS r
     WHERE r.id IN ((SELECT max(o.id) FROM reembed.validation AS o WHERE o.id = ANY (v_runs) AND o.judged_queries > 0 AND o.known_items),
                    (SELECT max(o.id) FROM reembed.validation AS o WHERE o.id = ANY (v_runs) AND o.judged_queries > 0 AND NOT o.known_items))
     ORDER BY r.known_items
  LOOP
    SELECT n.low, n.high INTO i FROM reembed.validation_metric AS n WHERE n.validation = w.id AND n.metric = 'ndcg' AND n.slice = '';
    IF w.ndcg_before - w.ndcg_after > s.max_ndcg_drop + c_tolerance THEN
      RETURN QUERY SELECT coalesce(i.high, -1) < 0,
        format('nDCG@%s%s fell from %s to %s, by more than max_ndcg_drop %s%s%s', w.k, CASE WHEN w.known_items THEN ' of known items' END, round(w.ndcg_before::numeric, 4), round(w.ndcg_after::numeric, 4),
               s.max_ndcg_drop, CASE WHEN i.low IS NOT NULL THEN format(' (95 %% interval of the difference %s to %s, %s queries)', round(i.low::numeric, 4), round(i.high::numeric, 4), w.judged_queries) END,
               concat(CASE WHEN w.id <> v.id THEN format(' in validation %s', w.id) END, CASE WHEN i.high >= 0 THEN '; the difference may be due to chance: add judged queries' END));
    END IF;
  END LOOP;

  v_rows := v.missing_rows - v.just_changed_rows;
  IF v_rows > s.max_failed_rows THEN
    RETURN QUERY SELECT true, format('%s a new vector, max_failed_rows is %s', CASE v_rows WHEN 1 THEN '1 row lacks' ELSE v_rows || ' rows lack' END, s.max_failed_rows);
  END IF;

  FOR i IN SELECT * FROM reembed.validation_integrity AS n WHERE n.validation = v.id ORDER BY n.role LOOP
    v_rows := i.zero_rows + i.not_finite_rows + i.wrong_dimensions_rows;
    IF i.role = 'new' AND v_rows > s.max_failed_rows THEN
      RETURN QUERY SELECT true, format('%s new vectors are zero (%s), not finite (%s) or of wrong dimensions (%s), max_failed_rows is %s',
                                       v_rows, i.zero_rows, i.not_finite_rows, i.wrong_dimensions_rows, s.max_failed_rows);
    END IF;
    IF i.shared_vector_rows > s.max_shared_vectors * i.rows THEN
      RETURN QUERY SELECT i.role = 'new', format('%s of %s %s vectors are shared by rows with different texts, more than max_shared_vectors %s', i.shared_vector_rows, i.rows, i.role, s.max_shared_vectors);
    END IF;
    IF i.odd_norm_rows > s.max_odd_norms * i.rows THEN
      RETURN QUERY SELECT i.role = 'new', format('%s of %s %s vectors have an outlying length, more than max_odd_norms %s', i.odd_norm_rows, i.rows, i.role, s.max_odd_norms);
    END IF;
    IF i.changed_rows > coalesce(s.max_changed_old_rows, 0) THEN
      RETURN QUERY SELECT s.max_changed_old_rows IS NOT NULL,
        format('up to %s old vectors changed since %s although their texts did not', i.changed_rows, to_char(i.checksum_at, 'YYYY-MM-DD HH24:MI'));
    END IF;
  END LOOP;

  FOR i IN
    SELECT a.role, a.validation, count(*) AS rows, count(*) FILTER (WHERE a.similarity >= s.min_audit_similarity - c_tolerance) AS agreeing, min(a.similarity) AS lowest
      FROM reembed.truth_audit AS a
     WHERE a.validation IN (SELECT max(o.validation) FROM reembed.truth_audit AS o WHERE o.validation = ANY (v_runs) GROUP BY o.role)
     GROUP BY a.role, a.validation
    HAVING count(*) FILTER (WHERE a.similarity >= s.min_audit_similarity - c_tolerance) < s.min_truth_audit * count(*) - c_tolerance
     ORDER BY a.role
  LOOP
    -- Only a warning for the old model: users already search its stored vectors, whichever model they are of.
    RETURN QUERY SELECT i.role = 'new', format('%s of %s audited %s vectors differ from those the model returns now (lowest similarity %s%s), min_truth_audit is %s',
                                               i.rows - i.agreeing, i.rows, i.role, round(i.lowest::numeric, 4), CASE WHEN i.validation <> v.id THEN format('; validation %s', i.validation) END, s.min_truth_audit);
  END LOOP;
  IF v.audit_problem IS NOT NULL THEN
    RETURN QUERY SELECT false, 'no stored vector was compared with a fresh one: ' || v.audit_problem;
  END IF;

  FOR i IN
    SELECT f.filter, f.validation, max(f.returned_rows / f.wanted_rows) AS best_rows, max(f.index_recall) AS best_recall,
           max(f.returned_rows / f.wanted_rows) FILTER (WHERE f.iterative_scan = 'off') AS plain_rows, max(f.iterative_scan) FILTER (WHERE f.iterative_scan <> 'off') AS iterative_scan
      FROM reembed.validation_filter AS f
     WHERE f.validation = (SELECT max(o.validation) FROM reembed.validation_filter AS o WHERE o.validation = ANY (v_runs)) AND f.wanted_rows > 0
     GROUP BY f.filter, f.validation ORDER BY f.filter
  LOOP
    v_where := concat('where ', i.filter, CASE WHEN i.validation <> v.id THEN format(' (validation %s)', i.validation) END);
    IF i.best_rows < s.min_filtered_rows - c_tolerance THEN
      RETURN QUERY SELECT true, format('%s, searches return only %s of the expected rows%s, min_filtered_rows is %s', v_where, round(i.best_rows::numeric, 4), ' even with iterative scan ' || i.iterative_scan, s.min_filtered_rows);
    ELSIF i.best_recall < s.min_index_recall - c_tolerance THEN
      RETURN QUERY SELECT true, format('%s, index recall is %s, below min_index_recall %s', v_where, round(i.best_recall::numeric, 4), s.min_index_recall);
    ELSIF i.plain_rows < s.min_filtered_rows - c_tolerance THEN
      RETURN QUERY SELECT false, format('%s, searches return only %s of the expected rows without iterative scan; set it to %s in the application', v_where, round(i.plain_rows::numeric, 4), i.iterative_scan);
    END IF;
  END LOOP;

  RETURN QUERY SELECT false, g.reason FROM reembed.judge_grades(v.id) AS g;

  SELECT n.before, n.after INTO i FROM reembed.validation_metric AS n WHERE n.validation = v.id AND n.metric = 'search_p50_ms' AND n.slice = '';
  IF i.after > s.max_latency_ratio * i.before AND i.after > i.before + 10 THEN
    RETURN QUERY SELECT true, format('the median search takes %s ms instead of %s ms, more than max_latency_ratio %s', round(i.after::numeric, 1), round(i.before::numeric, 1), s.max_latency_ratio);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_validation IS 'The verdict on a validation by the present thresholds: failures and warnings. It passes when no row fails.';

-- The better way to scan counts, because the application can choose it.
CREATE OR REPLACE FUNCTION reembed.judge_filters(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
  f record;
  v_run bigint := (SELECT max(o.validation) FROM reembed.validation_filter AS o WHERE o.validation IN (SELECT reembed.evidence_runs(p_validation)));
  v_where text;
BEGIN
  SELECT o.* INTO s FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS o ON o.target = m.target WHERE v.id = p_validation;
  FOR f IN
    SELECT DISTINCT ON (o.filter) o.*, r.outcome AS rows_outcome, r.more_queries AS rows_more, i.outcome AS recall_outcome, i.more_queries AS recall_more,
           first_value(o.returned_share) OVER (PARTITION BY o.filter ORDER BY o.iterative_scan <> 'off') AS plain_share
      FROM reembed.validation_filter AS o
     CROSS JOIN LATERAL reembed.judge_share(o.queries, o.returned_share, o.returned_share_sd, s.min_filtered_rows) AS r
     CROSS JOIN LATERAL reembed.judge_share(o.queries, o.index_recall, o.index_recall_sd, s.min_index_recall) AS i
     WHERE o.validation = v_run AND o.wanted_rows > 0
     ORDER BY o.filter, 'fail' IN (r.outcome, i.outcome), 'unsure' IN (r.outcome, i.outcome), o.returned_share DESC, o.index_recall DESC
  LOOP
    v_where := concat('where ', f.filter, CASE WHEN v_run <> p_validation THEN format(' (validation %s)', v_run) END, CASE WHEN f.iterative_scan <> 'off' THEN ', with iterative scan ' || f.iterative_scan END);
    IF f.rows_outcome <> 'pass' THEN
      RETURN QUERY SELECT f.rows_outcome, CASE f.rows_outcome WHEN 'fail' THEN 'filter_short' ELSE 'filter_undecided' END,
        format('%s, %s of the expected rows, min_filtered_rows is %s%s', v_where, reembed.counted(f.queries, 'query returns', 'queries return') || ' ' || round(f.returned_share::numeric, 4), s.min_filtered_rows,
               CASE WHEN f.rows_outcome = 'unsure' THEN coalesce('; about ' || reembed.counted(f.rows_more, 'more query', 'more queries') || ' would decide', '; it is too close to decide') END),
        CASE f.rows_outcome WHEN 'fail' THEN 'raise hnsw.max_scan_tuples or ivfflat.max_probes, or index the rows of the filter' ELSE 'npm run validate, with more queries' END;
    END IF;
    IF f.recall_outcome <> 'pass' THEN
      RETURN QUERY SELECT f.recall_outcome, CASE f.recall_outcome WHEN 'fail' THEN 'filter_recall_low' ELSE 'filter_undecided' END,
        format('%s, index recall of %s is %s, min_index_recall is %s%s', v_where, reembed.counted(f.queries, 'query', 'queries'), round(f.index_recall::numeric, 4), s.min_index_recall,
               CASE WHEN f.recall_outcome = 'unsure' THEN coalesce('; about ' || reembed.counted(f.recall_more, 'more query', 'more queries') || ' would decide', '; it is too close to decide') END),
        CASE f.recall_outcome WHEN 'fail' THEN 'raise hnsw.ef_search or ivfflat.probes in the application and for this role' ELSE 'npm run validate, with more queries' END;
    END IF;
    IF f.rows_outcome <> 'fail' AND f.iterative_scan <> 'off' AND f.plain_share < s.min_filtered_rows - 1e-9 THEN
      RETURN QUERY SELECT 'warning', 'iterative_scan_needed',
        format('where %s, searches return only %s of the expected rows without iterative scan; set it to %s in the application', f.filter, round(f.plain_share::numeric, 4), f.iterative_scan), format('set it to %s in the application', f.iterative_scan);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.judge_filters IS 'Part of judge_validation(): whether searches with a filter return enough rows, and the nearest ones, by the newest run with filters.';

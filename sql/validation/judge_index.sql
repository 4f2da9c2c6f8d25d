-- Recall is pooled over runs that searched the same index with the same setting: both are what one changes when recall is too low.
CREATE OR REPLACE FUNCTION reembed.judge_index(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.validation;
  v_min numeric;
  i record;
BEGIN
  SELECT * INTO v FROM reembed.validation WHERE id = p_validation;
  IF NOT v.searches_use_index THEN
    RETURN QUERY SELECT 'fail', 'index_unused', 'searches do not use the new index; check that its operator class matches the distance of the model', 'check that its operator class matches the distance of the model';
  ELSIF NOT v.planner_chooses_index THEN
    RETURN QUERY SELECT 'warning', 'index_not_chosen', 'the planner does not choose the new index, which is normal for a small table; on SSDs, set random_page_cost = 1.1', 'on SSDs, set random_page_cost = 1.1';
  END IF;
  IF v.index_recall IS NULL THEN
    RETURN;
  END IF;
  SELECT s.min_index_recall INTO v_min FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target WHERE m.name = v.campaign;
  SELECT p.n, p.mean, p.old_mean, j.* INTO i
    FROM (SELECT count(*) AS n, avg(r.index_recall) AS mean, stddev_samp(r.index_recall) AS sd, avg(r.index_recall_before) AS old_mean
            FROM (SELECT DISTINCT ON (coalesce(q.query_hash, sha256(convert_to(q.query, 'UTF8')))) q.index_recall, q.index_recall_before
                    FROM reembed.evidence_runs(p_validation) AS e(id)
                    JOIN reembed.validation AS o ON o.id = e.id AND o.k = v.k AND o.index_file IS NOT DISTINCT FROM v.index_file AND o.index_setting IS NOT DISTINCT FROM v.index_setting
                    JOIN reembed.validation_query AS q ON q.validation = o.id AND q.index_recall IS NOT NULL
                   ORDER BY coalesce(q.query_hash, sha256(convert_to(q.query, 'UTF8'))), q.validation DESC) AS r) AS p
   CROSS JOIN LATERAL reembed.judge_share(p.n, p.mean, p.sd, v_min) AS j;
  IF i.outcome <> 'pass' THEN
    RETURN QUERY SELECT i.outcome, CASE i.outcome WHEN 'fail' THEN 'index_recall_low' ELSE 'index_recall_undecided' END,
      format('index recall@%s of %s is %s, between %s and %s%s; min_index_recall is %s%s%s', v.k, reembed.counted(i.n, 'query', 'queries'), round(i.mean::numeric, 4), round(i.low::numeric, 4), round(i.high::numeric, 4),
             ', with ' || v.index_setting, v_min, ', and the old index reaches ' || round(i.old_mean::numeric, 4),
             CASE WHEN i.outcome = 'unsure' THEN coalesce('; about ' || reembed.counted(i.more_queries, 'more query', 'more queries') || ' would decide', '; it is too close to decide') END),
      CASE WHEN i.outcome = 'fail' AND reembed.asks_for_candidates(v.campaign) THEN 'raise the setting candidates, which is also the default of reembed_live.nearest_…, and pass as many where the application names a number'
           WHEN i.outcome = 'fail' THEN 'raise hnsw.ef_search or ivfflat.probes in the application and for this role, or build the index with higher parameters' ELSE 'npm run validate, with more queries' END;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_index IS 'Part of judge_validation(): whether the new index serves searches, and its recall against min_index_recall.';

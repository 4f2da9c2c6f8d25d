CREATE OR REPLACE FUNCTION reembed.judge_overlap(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT j.outcome, CASE j.outcome WHEN 'fail' THEN 'overlap_low' ELSE 'overlap_undecided' END,
         format('overlap@%s of %s is %s, between %s and %s; min_overlap is %s%s', o.k, reembed.counted(o.n, 'query', 'queries'), round(o.mean::numeric, 4), round(j.low::numeric, 4), round(j.high::numeric, 4), o.min_overlap,
                CASE WHEN j.outcome = 'unsure' THEN coalesce('; about ' || reembed.counted(j.more_queries, 'more query', 'more queries') || ' would decide', '; it is too close to decide') END),
         CASE j.outcome WHEN 'fail' THEN 'judge quality instead, and UPDATE reembed.setting SET min_overlap = NULL' ELSE 'npm run validate, with more queries' END
    FROM (SELECT v.k, s.min_overlap, count(q.overlap) AS n, avg(q.overlap) AS mean, stddev_samp(q.overlap) AS sd
            FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS s ON s.target = m.target
            LEFT JOIN reembed.validation_query AS q ON q.validation = v.id
           WHERE v.id = p_validation AND s.min_overlap IS NOT NULL GROUP BY v.k, s.min_overlap) AS o
   CROSS JOIN LATERAL reembed.judge_share(o.n, o.mean, o.sd, o.min_overlap) AS j
   WHERE j.outcome <> 'pass'
$$;
COMMENT ON FUNCTION reembed.judge_overlap IS 'Part of judge_validation(): overlap against min_overlap, where that is set.';

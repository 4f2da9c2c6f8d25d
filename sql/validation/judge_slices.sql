-- Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979. The statistic of each slice is brought to the
-- scale of the normal distribution by Abramowitz and Stegun 26.7.8, because slices have different sizes. 0.0169 is the tail beyond Pocock's 2.122.
-- Slice kind of queries made of rows says how they were made; no user belongs to it.
CREATE OR REPLACE FUNCTION reembed.judge_slices(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH slices AS (
    SELECT q.rank, s.key AS name, s.value, count(*) AS n, avg(q.before) AS before, avg(q.after) AS after, avg(q.after - q.before) AS mean, stddev_samp(q.after - q.before) AS sd
      FROM reembed.pooled_queries(p_validation) AS q CROSS JOIN LATERAL jsonb_each_text(q.slices) AS s
     WHERE NOT (q.rank > 2 AND s.key = 'kind')
     GROUP BY q.rank, s.key, s.value HAVING count(*) >= 20
  ), margins AS (
    SELECT s.*, reembed.quality_margin(p_validation, s.before) AS margin FROM slices AS s
  ), scored AS (
    SELECT m.*, j.outcome, j.high, t.v * (1 - 1 / (4.0 * (m.n + 1))) / sqrt(1 + t.v ^ 2 / (2.0 * (m.n + 1))) AS z
      FROM margins AS m
     CROSS JOIN LATERAL reembed.judge_difference(m.n, m.mean, m.sd, m.margin) AS j
     CROSS JOIN LATERAL (SELECT (i.mean + m.margin) / i.error AS v FROM reembed.cautious_interval(m.n, m.mean, m.sd, -1, 1, 2.122) AS i) AS t
  ), ordered AS (
    SELECT s.*, s.z < reembed.normal_quantile(0.0169 / (count(*) OVER (PARTITION BY s.rank) + 1 - row_number() OVER (PARTITION BY s.rank ORDER BY s.z))) AS is_below,
           row_number() OVER (PARTITION BY s.rank ORDER BY s.z) AS place
      FROM scored AS s
  ), failed AS (
    SELECT o.*, bool_and(o.is_below) OVER (PARTITION BY o.rank ORDER BY o.place) AS fails FROM ordered AS o
  )
  SELECT 'fail', 'slice_lost',
         format('nDCG@%s where %s is %s fell from %s to %s in %s queries, and a loss of %s is tolerated (difference at most %s)', v.k, f.name, f.value,
                round(f.before::numeric, 4), round(f.after::numeric, 4), reembed.count_text(f.n), round(f.margin::numeric, 4), round(f.high::numeric, 4)),
         'keep the old model for them, or change max_ndcg_loss with npm run setting'
    FROM failed AS f JOIN reembed.validation AS v ON v.id = p_validation
   WHERE f.fails AND NOT EXISTS (SELECT FROM scored AS b WHERE b.rank < f.rank AND b.name = f.name AND b.value = f.value AND b.outcome = 'pass')
   ORDER BY f.rank, f.place
$$;
COMMENT ON FUNCTION reembed.judge_slices IS 'Part of judge_validation(): slices of at least 20 judged queries that lose beyond doubt. Better evidence on the same slice overrules worse.';

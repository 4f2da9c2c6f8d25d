-- PostgreSQL 15 does not record when an index was last scanned, so the number of scans is compared with an earlier one, on every version. The number is a sum
-- over all sessions; a session reports its scans up to a minute late.
CREATE OR REPLACE FUNCTION reembed.sample_index_scans(p_name text, p_is_first boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  -- The order of locks of a switch: target before index.
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target FOR NO KEY UPDATE;
  UPDATE reembed.planned_index AS p
     SET scans = u.idx_scan,
         sampled_at = clock_timestamp(),
         scanned_at = CASE WHEN p_is_first THEN NULL WHEN u.idx_scan = p.scans THEN p.scanned_at ELSE now() END,
         was_reset = CASE WHEN p_is_first THEN false WHEN u.idx_scan = p.scans THEN p.was_reset ELSE u.idx_scan < coalesce(p.scans, u.idx_scan + 1) END
    FROM pg_stat_user_indexes AS u
   WHERE p.campaign = p_name AND u.indexrelname = p.old_name AND u.relid = coalesce(p.leaf, m.from_relation, t.relation)
     AND u.indexrelid IN (SELECT reembed.all_vector_indexes(coalesce(m.from_relation, t.relation), reembed.column_name(coalesce(m.from_relation, t.relation), m.from_attnum)));
END;
$$;
COMMENT ON FUNCTION reembed.sample_index_scans IS 'Records how often the indexes on the old vectors have been scanned, and when that number changed. p_is_first: begins anew, at the switch.';

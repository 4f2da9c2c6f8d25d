CREATE OR REPLACE FUNCTION reembed.know_leaves(p_target text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM reembed.leaf AS k WHERE k.target = p_target AND k.relation NOT IN (SELECT l.leaf FROM reembed.target AS t CROSS JOIN LATERAL reembed.leaves(t.relation) AS l WHERE t.name = p_target);
  INSERT INTO reembed.leaf (target, relation, swept_at)
  SELECT t.name, l.leaf, now() FROM reembed.target AS t CROSS JOIN LATERAL reembed.leaves(t.relation) AS l WHERE t.name = p_target
  ON CONFLICT (target, relation) DO UPDATE SET swept_at = excluded.swept_at;
$$;
COMMENT ON FUNCTION reembed.know_leaves IS 'Records the present leaves of a target as known and read.';

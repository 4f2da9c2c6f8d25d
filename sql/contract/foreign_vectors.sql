-- Vectors of other dimensions need no audit: the new column will not take them.
CREATE OR REPLACE FUNCTION reembed.foreign_vectors(p_name text, OUT vectors bigint, OUT of_old_model bigint, OUT last_at timestamptz, OUT last_key jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(*), count(*) FILTER (WHERE w.found = 'old'), max(w.written_at), (array_agg(w.key ORDER BY w.written_at DESC, w.id DESC))[1]
    FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target JOIN reembed.written_vector AS w ON w.target = m.target
   WHERE m.name = p_name AND m.phase <> 'contract' AND w.written_at > greatest(m.switched_at, now() - s.soak)
     AND (w.found IN ('old', 'other') OR w.found IS NULL AND NOT reembed.has_equal_dimensions(p_name))
$$;
COMMENT ON FUNCTION reembed.foreign_vectors IS 'How many of the newest vectors that the application wrote since the switch, within the soak time, are not of the new model, and when and where the last one was written.';

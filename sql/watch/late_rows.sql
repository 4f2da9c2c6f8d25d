-- On a busy table some changes are always a moment old; a gate does not wait for them.
CREATE OR REPLACE FUNCTION reembed.late_rows(p_target text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(*) FROM reembed.change AS c WHERE c.target = p_target AND c.needs_new AND c.changed_at < now() - interval '10 seconds'
$$;
COMMENT ON FUNCTION reembed.late_rows IS 'Rows that changed more than ten seconds ago and still wait for their new vector.';

-- On a table that is written all the time some notes are always a moment old; they are no reason to wait.
CREATE OR REPLACE FUNCTION reembed.late_rows(p_target text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT count(*) FROM reembed.stale_row AS r
   WHERE r.target = p_target AND r.needs_new AND r.noted_at < now() - interval '10 seconds'
);
COMMENT ON FUNCTION reembed.late_rows IS 'Rows that changed more than ten seconds ago and still wait for their new vector.';

CREATE OR REPLACE FUNCTION reembed.needs_sweep(p_name text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT m.planned_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM reembed.batch AS b WHERE b.campaign = m.name AND b.state = 'pending')
         AND (m.swept_at IS NULL OR m.swept_at < (SELECT max(b.finished_at) FROM reembed.batch AS b WHERE b.campaign = m.name))
    FROM reembed.campaign AS m
   WHERE m.name = p_name
);
COMMENT ON FUNCTION reembed.needs_sweep IS 'Whether every batch is done and the table has not been swept since.';

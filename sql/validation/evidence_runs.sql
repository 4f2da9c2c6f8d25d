CREATE OR REPLACE FUNCTION reembed.evidence_runs(p_validation bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.id
    FROM reembed.validation AS v
    JOIN reembed.validation AS r ON r.campaign = v.campaign AND r.id <= v.id
   WHERE v.id = p_validation
     AND (r.id = v.id OR r.started_at >= coalesce((SELECT max(b.finished_at) FROM reembed.batch AS b WHERE b.campaign = v.campaign), '-infinity'))
$$;
COMMENT ON FUNCTION reembed.evidence_runs IS 'Runs that count for the verdict on a validation: itself, and those before it since the backfill.';

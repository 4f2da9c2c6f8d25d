-- Called by every worker every few seconds: two statements on one row a minute and model. In the order of the models, so that two workers cannot deadlock.
CREATE OR REPLACE FUNCTION reembed.record_requests(p_requests jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed.provider_minute AS p (minute, model, answered, overloaded, failed, seconds, slowest_seconds)
  SELECT date_trunc('minute', clock_timestamp()), o.name, r.answered, r.overloaded, r.failed, r.seconds, r.slowest_seconds
    FROM jsonb_to_recordset(p_requests) AS r(model text, answered bigint, overloaded bigint, failed bigint, seconds double precision, slowest_seconds double precision)
    JOIN reembed.model AS o ON o.name = r.model
   ORDER BY o.name
  ON CONFLICT (minute, model) DO UPDATE
     SET answered = p.answered + EXCLUDED.answered, overloaded = p.overloaded + EXCLUDED.overloaded, failed = p.failed + EXCLUDED.failed,
         seconds = p.seconds + EXCLUDED.seconds, slowest_seconds = greatest(p.slowest_seconds, EXCLUDED.slowest_seconds);
  DELETE FROM reembed.provider_minute WHERE minute < now() - interval '7 days';
$$;
COMMENT ON FUNCTION reembed.record_requests IS 'Adds the requests that a worker sent since the last call to those of this minute, and deletes those older than seven days.';

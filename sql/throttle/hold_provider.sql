CREATE OR REPLACE FUNCTION reembed.hold_provider(p_model text, p_seconds double precision, p_reason text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed.provider_quota AS q (model, requests, tokens, held_until, hold_reason)
  VALUES (p_model, 0, 0, clock_timestamp() + make_interval(secs => p_seconds), p_reason)
  ON CONFLICT (model) DO UPDATE
    SET held_until = greatest(q.held_until, excluded.held_until), hold_reason = excluded.hold_reason;
$$;
COMMENT ON FUNCTION reembed.hold_provider IS 'Blocks all calls of all workers to the model''s provider for some seconds.';

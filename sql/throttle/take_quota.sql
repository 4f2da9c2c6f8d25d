-- A token bucket in one row, so that the limit holds across all workers on all hosts. Its capacity is ten seconds of the limit.
CREATE OR REPLACE FUNCTION reembed.take_quota(p_model text, p_tokens integer) RETURNS double precision
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  q reembed.provider_quota;
  v_requests_limit double precision;
  v_tokens_limit double precision;
  v_now timestamptz;
  v_elapsed double precision;
BEGIN
  SELECT min(s.requests_per_minute), min(s.tokens_per_minute) INTO v_requests_limit, v_tokens_limit
    FROM reembed.setting AS s JOIN reembed.vector_column AS v ON v.target = s.target WHERE v.model = p_model;

  INSERT INTO reembed.provider_quota (model, requests, tokens) VALUES (p_model, coalesce(greatest(1, v_requests_limit / 6), 0), coalesce(v_tokens_limit / 6, 0))
  ON CONFLICT (model) DO NOTHING;
  SELECT * INTO STRICT q FROM reembed.provider_quota WHERE model = p_model FOR UPDATE;
  -- Read after the row lock is acquired: an earlier time would become refilled_at, and the next call would refill the same wait twice.
  v_now := clock_timestamp();
  IF q.held_until > v_now THEN
    RETURN extract(epoch FROM q.held_until - v_now);
  END IF;

  v_elapsed := greatest(0, extract(epoch FROM v_now - q.refilled_at));
  q.requests := coalesce(least(greatest(1, v_requests_limit / 6), q.requests + v_elapsed * v_requests_limit / 60), 0);
  q.tokens := coalesce(least(v_tokens_limit / 6, q.tokens + v_elapsed * v_tokens_limit / 60), 0);
  IF v_requests_limit IS NOT NULL AND q.requests < 1 THEN
    RETURN (1 - q.requests) * 60 / v_requests_limit;
  ELSIF v_tokens_limit IS NOT NULL AND q.tokens <= 0 THEN
    RETURN greatest(0.05, -q.tokens * 60 / v_tokens_limit);
  END IF;
  UPDATE reembed.provider_quota
     SET requests = q.requests - 1, tokens = q.tokens - p_tokens, refilled_at = v_now, held_until = NULL, hold_reason = NULL
   WHERE model = p_model;
  RETURN 0;
END;
$$;
COMMENT ON FUNCTION reembed.take_quota IS 'Requests quota for one request of p_tokens expected tokens. Returns 0 to proceed, otherwise the seconds to wait before the next attempt.';

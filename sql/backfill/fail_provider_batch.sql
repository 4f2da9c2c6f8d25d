-- A batch that failed as a whole would probably fail again, and its rows would then be embedded at the full price, contrary to the operator's choice. So the
-- campaign submits no other batch for a while.
CREATE OR REPLACE FUNCTION reembed.fail_provider_batch(p_provider_batch uuid, p_code text, p_message text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
  v_enqueued bigint;
  v_hold interval := interval '1 hour';
BEGIN
  SELECT * INTO p FROM reembed.provider_batch WHERE id = p_provider_batch;
  IF p_code = 'token_limit_exceeded' THEN
    SELECT sum(o.tokens_expected) INTO v_enqueued FROM reembed.provider_batch AS o
     WHERE o.model = p.model AND o.state = 'submitted' AND (o.id = p.id OR o.provider_state <> 'failed');
    -- A short hold at first, because the next batch is smaller. Longer after each refusal, because other clients may fill the provider's queue.
    SELECT least(30, count(*) + 1) * interval '1 minute' INTO v_hold FROM reembed.provider_batch AS o
     WHERE o.model = p.model AND o.error_code = 'token_limit_exceeded' AND o.finished_at > now() - interval '1 hour';
  END IF;
  UPDATE reembed.provider_batch SET error_code = p_code, error = p_message, tokens_enqueued = v_enqueued, holds_until = clock_timestamp() + v_hold
   WHERE id = p_provider_batch;
END;
$$;
COMMENT ON FUNCTION reembed.fail_provider_batch IS 'Records that the provider failed a batch as a whole, and until when its campaign may not submit another one.';

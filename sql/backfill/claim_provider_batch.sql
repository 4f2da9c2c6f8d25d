-- Reserves the rows before anything is sent: two workers never claim the same rows, and the record of the intent survives a crash of the worker.
CREATE OR REPLACE FUNCTION reembed.claim_provider_batch(p_most_inputs integer, p_most_open integer, p_target text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_open record;
  v_limit bigint;
  v_batches bigint[];
  v_id uuid;
  v_left bigint;
BEGIN
  FOR m IN
    SELECT c.* FROM reembed.campaign AS c JOIN reembed.setting AS s ON s.target = c.target
     WHERE NOT s.paused AND c.target = coalesce(p_target, c.target)
       AND EXISTS (SELECT FROM reembed.batch AS b WHERE b.campaign = c.name AND b.state = 'pending' AND b.provider_batch IS NULL AND NOT b.came_back)
     ORDER BY c.name
  LOOP
    -- One claim at a time in a campaign. A second worker skips the campaign and retries at its next attempt.
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('reembed.claim_provider_batch ' || m.name, 0));
    SELECT count(*) AS batches, coalesce(sum(p.tokens_expected), 0) AS tokens, count(*) FILTER (WHERE p.tokens_expected IS NULL) AS unknown INTO v_open
      FROM reembed.provider_batch AS p WHERE p.model = m.to_model AND p.state IN ('submitting', 'submitted');
    CONTINUE WHEN v_open.batches >= p_most_open
      OR EXISTS (SELECT FROM reembed.provider_batch AS p WHERE p.campaign = m.name AND p.holds_until > clock_timestamp());
    -- The provider must accept the first batch as valid before others are sent.
    CONTINUE WHEN v_open.batches > 0 AND NOT EXISTS (
      SELECT FROM reembed.provider_batch AS p WHERE p.campaign = m.name AND p.provider_state IN ('in_progress', 'finalizing', 'completed', 'expired'));
    v_limit := reembed.batch_api_token_limit(m.to_model);
    CONTINUE WHEN v_open.batches > 0 AND v_limit IS NOT NULL AND (v_open.unknown > 0 OR v_limit - v_open.tokens < v_limit / 4);

    SELECT reembed.spending_left(m.name, reembed.token_price(m.name, o.name) * o.batch_api_price_factor) INTO v_left FROM reembed.model AS o WHERE o.name = m.to_model;
    IF v_left <= 0 THEN
      PERFORM reembed.pause_at_cap(m.name, 1);
      CONTINUE;
    END IF;

    SELECT array_agg(n.id ORDER BY n.id) INTO v_batches
      FROM (SELECT b.id, sum(b.rows) OVER (ORDER BY b.id) - b.rows AS rows_before
              FROM reembed.batch AS b
             WHERE b.campaign = m.name AND b.state = 'pending' AND b.provider_batch IS NULL AND NOT b.came_back
               -- Skips batches that ordinary requests are already embedding. A job that only found that it may not run has started nothing.
               AND NOT EXISTS (SELECT FROM reembed_queue.job AS j
                                WHERE j.name = 'batch_' || (SELECT t.suffix FROM reembed.target AS t WHERE t.name = m.target) AND j.singleton_key = b.campaign || '/' || b.id AND j.state = 'active' AND b.started_at >= j.started_on)
             ORDER BY b.id LIMIT p_most_inputs) AS n
     WHERE n.rows_before < p_most_inputs;
    CONTINUE WHEN v_batches IS NULL;

    INSERT INTO reembed.provider_batch (campaign, model, provider, tokens_allowed)
    SELECT m.name, o.name, o.provider, least(v_limit - v_open.tokens, v_left) FROM reembed.model AS o WHERE o.name = m.to_model RETURNING id INTO v_id;
    UPDATE reembed.batch AS b SET provider_batch = v_id, attempts = b.attempts + 1, started_at = clock_timestamp(), error = NULL
     WHERE b.campaign = m.name AND b.id = ANY (v_batches) AND b.state = 'pending' AND b.provider_batch IS NULL;
    RETURN v_id;
  END LOOP;
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.claim_provider_batch IS 'Reserves batches of the ledger with about p_most_inputs rows for one batch of the batch API and records the intent. Of one target, or of any. Null when there is nothing to send now or p_most_open batches are already open.';

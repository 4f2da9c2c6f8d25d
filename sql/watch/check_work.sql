CREATE OR REPLACE FUNCTION reembed.check_work(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
  m reembed.campaign;
  v_oldest double precision;
  v_failed bigint;
  v_open bigint;
BEGIN
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = p_target;
  SELECT * INTO m FROM reembed.campaign WHERE target = p_target AND phase <> 'contract';

  SELECT extract(epoch FROM clock_timestamp() - min(c.changed_at)) INTO v_oldest FROM reembed.change AS c WHERE c.target = p_target;
  RETURN QUERY SELECT 'backlog', 'warning', NULL::text, coalesce(v_oldest > s.max_outdated_seconds, false),
                      format('a changed row has waited for its vector for %s s (max_outdated_seconds: %s)', reembed.count_text(round(v_oldest)::numeric), s.max_outdated_seconds),
                      jsonb_build_object('oldest_seconds', round(v_oldest));

  SELECT count(*) INTO v_failed FROM reembed.failed_row AS f WHERE f.target = p_target AND f.model = m.to_model;
  RETURN QUERY SELECT 'failed_rows', 'warning', m.to_model, v_failed > s.max_failed_rows,
                      format('%s could not be embedded with %s, %s allowed', reembed.counted(v_failed, 'row'), m.to_model,
                             reembed.counted(s.max_failed_rows, 'is', 'are')),
                      jsonb_build_object('failed_rows', v_failed, 'max_failed_rows', s.max_failed_rows);

  SELECT count(*) INTO v_open FROM reembed.batch AS b WHERE b.campaign = m.name AND b.state = 'pending';
  RETURN QUERY SELECT 'paused', 'warning', NULL::text, s.paused AND (v_open > 0 OR v_oldest IS NOT NULL),
                      'the workers are paused while work is pending' || coalesce(': ' || s.paused_reason, ''),
                      jsonb_build_object('reason', s.paused_reason, 'open_batches', v_open);
  RETURN QUERY SELECT 'ledger', 'warning', m.to_model, coalesce(m.phase IN ('index', 'switch'), false) AND v_open > 0,
                      format('%s pending again although the backfill was complete', reembed.counted(v_open, 'batch is', 'batches are')), jsonb_build_object('open_batches', v_open);
END;
$$;
COMMENT ON FUNCTION reembed.check_work IS 'Check of the watch: changes that wait, failed rows, a pause, reopened batches.';

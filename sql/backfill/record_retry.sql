CREATE OR REPLACE FUNCTION reembed.record_retry(p_target text, p_rows bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed.event (target, campaign, kind, to_value, reason)
  VALUES (p_target, (SELECT m.name FROM reembed.campaign AS m WHERE m.target = p_target AND m.phase <> 'contract'), 'retry', p_rows::text,
          nullif(current_setting('reembed.reason', true), ''));
$$;
COMMENT ON FUNCTION reembed.record_retry IS 'Records in the audit that failed rows were returned to the workers, and how many.';

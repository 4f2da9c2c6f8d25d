CREATE OR REPLACE FUNCTION reembed.mark_alert_posted(p_id bigint, p_state text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE reembed.alert AS a
     SET opening_posted_at = CASE p_state WHEN 'opened' THEN clock_timestamp() ELSE a.opening_posted_at END,
         closing_posted_at = CASE p_state WHEN 'closed' THEN clock_timestamp() ELSE a.closing_posted_at END
   WHERE a.id = p_id;
$$;
COMMENT ON FUNCTION reembed.mark_alert_posted IS 'Puts on record that a webhook took the news that an alert was opened or closed.';

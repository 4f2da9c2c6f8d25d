CREATE OR REPLACE FUNCTION reembed.mark_alert_posted(p_id bigint, p_state text, p_is_taken boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE reembed.alert AS a
     SET opening_posted_at = CASE WHEN p_is_taken AND p_state = 'opened' THEN clock_timestamp() ELSE a.opening_posted_at END,
         closing_posted_at = CASE WHEN p_is_taken AND p_state = 'closed' THEN clock_timestamp() ELSE a.closing_posted_at END,
         post_tried_at = clock_timestamp()
   WHERE a.id = p_id;
$$;
COMMENT ON FUNCTION reembed.mark_alert_posted IS 'Records that the opening or closing of an alert was posted, and whether the webhook accepted it.';

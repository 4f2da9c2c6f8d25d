-- The alert whose last attempt is oldest comes first, so that one the receiver keeps refusing does not delay others. An opening is posted for as long as the
-- alert is open. If the alert closed before that, opening and closing are posted for an hour. A closing whose opening was posted is posted for a day.
CREATE OR REPLACE FUNCTION reembed.alerts_to_post(p_limit integer, p_target text DEFAULT NULL)
RETURNS TABLE (id bigint, state text, target text, campaign text, kind text, severity text, model text, message text, details jsonb,
               opened_at timestamptz, closed_at timestamptz, closed_because text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT a.id, n.state, a.target, a.campaign, a.kind, a.severity, a.model, a.message, a.details, a.opened_at,
         CASE WHEN n.state = 'closed' THEN a.closed_at END, CASE WHEN n.state = 'closed' THEN a.closed_because END
    FROM reembed.alert AS a
    JOIN LATERAL (VALUES ('opened', a.opened_at, a.closed_at IS NULL OR a.opened_at > clock_timestamp() - interval '1 hour' AND a.closing_posted_at IS NULL, a.opening_posted_at),
                         ('closed', a.closed_at, a.closed_at > clock_timestamp() - CASE WHEN a.opening_posted_at IS NULL THEN interval '1 hour' ELSE interval '1 day' END, a.closing_posted_at)
         ) AS n(state, at, is_due, posted_at) ON n.is_due
   WHERE n.posted_at IS NULL AND a.target = coalesce(p_target, a.target)
   ORDER BY a.post_tried_at NULLS FIRST, n.at LIMIT p_limit;
$$;
COMMENT ON FUNCTION reembed.alerts_to_post IS 'Alerts that are open or were closed recently and that no webhook has accepted yet; those with the oldest attempt first. Of one target, or of all.';

CREATE OR REPLACE FUNCTION reembed.alert_news(p_limit integer)
RETURNS TABLE (id bigint, state text, target text, migration text, kind text, severity text, model text, message text, details jsonb,
               opened_at timestamptz, closed_at timestamptz, closed_because text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT a.id, n.state, a.target, a.migration, a.kind, a.severity, a.model, a.message, a.details, a.opened_at,
         CASE WHEN n.state = 'closed' THEN a.closed_at END, CASE WHEN n.state = 'closed' THEN a.closed_because END
    FROM reembed.alert AS a
    JOIN LATERAL (VALUES ('opened', a.opened_at, a.opening_posted_at), ('closed', a.closed_at, a.closing_posted_at)) AS n(state, at, posted_at) ON true
   WHERE n.at > clock_timestamp() - interval '1 hour' AND n.posted_at IS NULL
   ORDER BY n.at LIMIT p_limit;
$$;
COMMENT ON FUNCTION reembed.alert_news IS 'Alerts opened or closed in the last hour that no webhook has taken yet, oldest first.';

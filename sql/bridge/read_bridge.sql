-- The map can have many megabytes, so a client that names the version it holds is not sent it again.
CREATE OR REPLACE FUNCTION reembed.read_bridge(p_target text, p_known text)
RETURNS TABLE (target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text, document_prefix text,
               query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text,
               version text, query_map bytea, reason text, statement text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.target, 'new', m.name, m.provider_model, m.dimensions, m.element_type, m.distance, m.document_prefix, m.query_prefix, m.send_dimensions, m.token_limit,
         m.usd_per_million_tokens, m.provider, v.version, CASE WHEN v.version IS DISTINCT FROM p_known THEN m.query_map END,
         CASE WHEN NOT m.is_open THEN coalesce(m.reason, 'its gate is closed') END, reembed.bridge_statement(m.target)
    FROM reembed.bridge_map(p_target) AS m
   CROSS JOIN LATERAL (SELECT extract(epoch FROM m.fitted_at)::text || '/' || m.target AS version) AS v;
$$;
COMMENT ON FUNCTION reembed.read_bridge IS 'What the client needs to search over the bridge of a target: how to embed a query, the map unless p_known is its version, and why it may not serve. No row where there is no bridge.';

-- The map itself is as large as a few thousand vectors: clients read it again only when fitted_at has changed.
CREATE OR REPLACE FUNCTION reembed.bridge_map(p_target text DEFAULT NULL)
RETURNS TABLE (target text, campaign text, query_map bytea, old_dimensions integer, new_dimensions integer, mapped_slope double precision, mapped_intercept double precision,
               old_slope double precision, old_intercept double precision, fitted_at timestamptz, is_open boolean, reason text, name text, provider_model text, dimensions integer,
               element_type text, distance text, document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer,
               usd_per_million_tokens double precision, provider text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.target, m.name, b.query_map, b.old_dimensions, b.new_dimensions, b.mapped_slope, b.mapped_intercept, b.old_slope, b.old_intercept, b.fitted_at,
         g.reason IS NULL, g.reason, o.name, o.provider_model, o.dimensions, o.element_type, o.distance, o.document_prefix, o.query_prefix, o.send_dimensions,
         o.token_limit, o.usd_per_million_tokens::double precision, o.provider
    FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign JOIN reembed.model AS o ON o.name = m.to_model
    JOIN reembed.setting AS s ON s.target = m.target,
    LATERAL (SELECT CASE WHEN s.read_model = m.to_model THEN 'the new model is live'
                    ELSE (SELECT string_agg(c.reason, '; ') FROM reembed.bridge_gate(m.name) AS c) END AS reason) AS g
   WHERE m.target = reembed.resolve_target(p_target) AND m.phase <> 'contract' AND reembed.may_read(m.target);
$$;
COMMENT ON FUNCTION reembed.bridge_map IS 'The map that turns a query of the new model into one that the old vectors can be searched with, all that is needed to embed the query, and why the bridge may not serve, if it may not. No row without a map, and for roles that may not read the live view.';

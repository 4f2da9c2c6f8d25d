CREATE OR REPLACE FUNCTION reembed.served_model(p_target text DEFAULT NULL)
RETURNS TABLE (target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text,
               document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.target, v.role, o.name, o.provider_model, o.dimensions, o.element_type, o.distance, o.document_prefix, o.query_prefix,
         o.send_dimensions, o.token_limit, o.usd_per_million_tokens::double precision, o.provider
    FROM reembed.vector_column AS v JOIN reembed.model AS o ON o.name = v.model
   WHERE v.target = reembed.resolve_target(p_target) AND v.is_read;
$$;
COMMENT ON FUNCTION reembed.served_model IS 'All that is needed to embed a query with the model that the live view of a target reads.';

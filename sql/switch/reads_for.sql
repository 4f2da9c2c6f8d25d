CREATE OR REPLACE FUNCTION reembed.reads_for(p_target text DEFAULT NULL, p_key text DEFAULT NULL)
RETURNS TABLE (target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text,
               document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision,
               view text, is_canary boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  WITH side AS (
    SELECT r.*, bool_or(r.role = 'new' AND reembed.key_hash(r.name, p_key) < r.canary_percent / 100 * 4294967296) OVER () AS is_canary
      FROM reembed.reading(p_target) AS r
  )
  SELECT s.target, s.role, s.name, s.provider_model, s.dimensions, s.element_type, s.distance, s.document_prefix, s.query_prefix,
         s.send_dimensions, s.token_limit, s.usd_per_million_tokens, s.view, coalesce(s.is_canary, false)
    FROM side AS s
   WHERE CASE WHEN s.is_canary THEN s.role = 'new' ELSE s.is_live END;
$$;
COMMENT ON FUNCTION reembed.reads_for IS 'The model to embed a reader''s query with and the view to search: those of the new model for the keys of the canary, else those of the live view. The same key always gets the same.';

-- Canary and shadow reads stop automatically while the new index is not usable, regardless of the settings.
CREATE OR REPLACE FUNCTION reembed.reading(p_target text DEFAULT NULL)
RETURNS TABLE (target text, role text, name text, provider_model text, dimensions integer, element_type text, distance text,
               document_prefix text, query_prefix text, send_dimensions boolean, token_limit integer, usd_per_million_tokens double precision, provider text,
               view text, is_live boolean, canary_percent double precision, shadow_percent double precision, shadow_per_second integer,
               shadow_timeout_ms double precision, shadow_keeps_text boolean, nearest text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.target, v.role, o.name, o.provider_model, o.dimensions, o.element_type, o.distance, o.document_prefix, o.query_prefix,
         o.send_dimensions, o.token_limit, o.usd_per_million_tokens::double precision, o.provider,
         format('%I.%I', w.schema, w.name), v.is_read,
         (CASE WHEN r.is_ready AND s.read_model = m.from_model THEN s.canary_percent ELSE 0 END)::double precision,
         (CASE WHEN r.is_ready THEN s.shadow_percent ELSE 0 END)::double precision,
         s.shadow_per_second, extract(epoch FROM s.shadow_timeout)::double precision * 1000, s.shadow_keeps_text,
         to_regproc(format('%I.%I', reembed.model_schema_name(w.schema, NULL), reembed.search_function_name('nearest', w.name)))::text
    FROM reembed.vector_column AS v
    JOIN reembed.model AS o ON o.name = v.model
    JOIN reembed.setting AS s ON s.target = v.target
    JOIN reembed.campaign AS m ON m.name = v.campaign
    JOIN reembed.target AS t ON t.name = v.target,
    LATERAL (SELECT m.phase IN ('index', 'switch') AND reembed.index_is_valid(m.name) AS is_ready) AS r,
    LATERAL (SELECT reembed.view_schema(t.name) AS schema, CASE WHEN v.is_read THEN t.live_view ELSE reembed.model_view_name(v.target, v.model) END AS name) AS w
   WHERE v.target = reembed.resolve_target(p_target);
$$;
COMMENT ON FUNCTION reembed.reading IS 'How a target is read now: each model with all that is needed to embed a query, the view and the function to search for it, and the percentages of canary and shadow reads.';

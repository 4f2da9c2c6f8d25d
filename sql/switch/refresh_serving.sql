CREATE OR REPLACE FUNCTION reembed.refresh_serving(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- The lock makes the second of two sessions read what the first has committed; otherwise both would insert.
  PERFORM FROM reembed.target WHERE name = p_target FOR NO KEY UPDATE;
  DELETE FROM reembed.serving AS s WHERE s.target = p_target;
  INSERT INTO reembed.serving (target, role, spellings, name, provider_model, dimensions, element_type, distance, document_prefix, query_prefix,
                               send_dimensions, token_limit, usd_per_million_tokens, provider, view, is_live, canary_percent)
  SELECT r.target, r.role, v.spellings,
         r.name, r.provider_model, r.dimensions, r.element_type, r.distance, r.document_prefix, r.query_prefix, r.send_dimensions, r.token_limit,
         r.usd_per_million_tokens, r.provider, r.view, r.is_live, r.canary_percent
    FROM reembed.reading(p_target) AS r
   CROSS JOIN LATERAL (SELECT reembed.target_spellings(r.target) AS spellings) AS v
   WHERE v.spellings IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION reembed.refresh_serving IS 'Refreshes the stored answer of reads_for() for a target.';

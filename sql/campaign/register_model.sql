CREATE OR REPLACE FUNCTION reembed.register_model(
  p_name text, p_provider_model text, p_dimensions integer, p_element_type text, p_distance text,
  p_document_prefix text DEFAULT '', p_query_prefix text DEFAULT '', p_send_dimensions boolean DEFAULT false,
  p_token_limit integer DEFAULT NULL, p_usd_per_million_tokens numeric DEFAULT NULL, p_provider text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.model;
BEGIN
  INSERT INTO reembed.model (name, provider_model, dimensions, element_type, distance, document_prefix, query_prefix,
                                      send_dimensions, token_limit, usd_per_million_tokens, provider)
  VALUES (p_name, p_provider_model, p_dimensions, p_element_type, p_distance, p_document_prefix, p_query_prefix,
          p_send_dimensions, p_token_limit, p_usd_per_million_tokens, p_provider)
  ON CONFLICT (name) DO NOTHING;
  SELECT * INTO STRICT m FROM reembed.model WHERE name = p_name;
  IF (m.provider_model, m.dimensions, m.document_prefix, m.query_prefix) IS DISTINCT FROM (p_provider_model, p_dimensions, p_document_prefix, p_query_prefix) THEN
    RAISE EXCEPTION 'model % is already registered with another definition', p_name
      USING ERRCODE = 'RE004',
            DETAIL = format('Registered: %s, %s dimensions, prefixes %L and %L.', m.provider_model, m.dimensions, m.document_prefix, m.query_prefix),
            HINT = 'Vectors of two definitions cannot be compared. Give the new model another name with --to-name.';
  ELSIF p_provider IS NOT NULL AND m.provider IS DISTINCT FROM p_provider THEN
    PERFORM reembed.set_provider(p_name, p_provider);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.register_model IS 'Registers a model; rejects a second definition under the same name.';

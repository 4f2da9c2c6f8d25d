CREATE OR REPLACE FUNCTION reembed.repeated_texts(p_campaign text, p_batch bigint, p_digests uuid[])
RETURNS TABLE (text_digest uuid, vector {vector_schema}.vector, is_pending boolean, provider_batch uuid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.text_digest, r.vector, b.state = 'pending', CASE WHEN b.state = 'pending' THEN b.provider_batch END
    FROM reembed.repeated_text AS r JOIN reembed.batch AS b ON b.campaign = r.campaign AND b.id = r.batch
   WHERE r.campaign = p_campaign AND r.batch < p_batch AND r.text_digest = ANY (p_digests)
$$;
COMMENT ON FUNCTION reembed.repeated_texts IS 'The texts of a batch that an earlier batch embeds: their vector, once there is one, whether that batch is still pending, and its provider batch.';

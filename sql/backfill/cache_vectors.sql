CREATE OR REPLACE FUNCTION reembed.cache_vectors(p_space uuid, p_digests uuid[], p_vectors text[]) RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  WITH stored AS (
    INSERT INTO reembed.cached_vector (space, text_digest, vector)
    SELECT p_space, i.text_digest, i.vector::{vector_schema}.vector FROM unnest(p_digests, p_vectors) AS i(text_digest, vector)
    ON CONFLICT (space, text_digest) DO NOTHING
    RETURNING 1
  )
  SELECT count(*) FROM stored
$$;
COMMENT ON FUNCTION reembed.cache_vectors IS 'Keeps vectors that were paid for, by the digests of their texts; returns how many are new.';

-- What pgvector allocates. HNSW: element, neighbour lists and vector (hnsw.h; confirmed by the NOTICE about a graph that no longer fits). IVFFlat: samples,
-- centers and bounds of k-means (ivfkmeans.c, which fails with less).
CREATE OR REPLACE FUNCTION reembed.index_build_bytes(
  p_method text, p_rows bigint, p_dimensions integer, p_vector_bytes bigint, p_m integer, p_lists integer
) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE p_method
           WHEN 'hnsw' THEN p_rows * (v.bytes + 192 + 32 * p_m)
           ELSE (v.bytes + 7) / 8 * 8 * (s.places + 2 * p_lists)
                + 4 * (s.samples * p_lists + 2 * s.samples + p_lists::bigint * (p_lists + p_dimensions + 3))
         END
    FROM (SELECT 8 + p_vector_bytes AS bytes) AS v,
         -- Older versions allocate the wanted number of samples, newer ones at most one for each row.
         LATERAL (SELECT w.samples AS places, least(w.samples, p_rows) AS samples
                    FROM (SELECT greatest(10000, 50::bigint * p_lists) AS samples) AS w) AS s;
$$;
COMMENT ON FUNCTION reembed.index_build_bytes IS 'Memory that the build of a vector index needs, in bytes: the HNSW graph, or the k-means of IVFFlat.';

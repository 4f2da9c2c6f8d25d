-- A row also counts as found when the tenth result is equally far: not all of many copies of one text can be among ten. A row that changed meanwhile gives no
-- result.
CREATE FUNCTION reembed.find_{role}_{suffix}(p_key text, p_hash bigint, p_vector text, p_is_read boolean) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off {candidate_settings}
BEGIN ATOMIC
  SELECT CASE WHEN w.distance IS NULL THEN NULL
              WHEN p_is_read THEN (
                SELECT coalesce(bool_or({f_is_w}), false) OR count(*) = 10 AND abs(max(f.distance) - w.distance) <= 0.000001
                  FROM (SELECT n.*, n.vector {distance} p_vector::{type} AS distance
                          FROM (SELECT {found_keys}, s.{column} AS vector FROM {searched} AS s
                                 ORDER BY {indexed_column} {indexed_distance} {indexed_query} LIMIT {candidate_rows}) AS n
                         ORDER BY n.vector {distance} p_vector::{type} LIMIT 10) AS f)
              -- When the old model is not read, its index must not be scanned, because contract waits until nothing scans it. The row must then be nearer than
              -- a sample of others.
              ELSE (
                SELECT coalesce(w.distance <= min(f.distance) + 0.000001, true)
                  FROM (SELECT {found_keys}, s.{column} {distance} p_vector::{type} AS distance
                          FROM {relation} AS s TABLESAMPLE SYSTEM (least(100, 500.0 * current_setting('block_size')::integer / greatest(1, {relation_bytes})))
                         WHERE s.{column} IS NOT NULL{sample_part} LIMIT 100) AS f
                 WHERE NOT ({f_is_w})) END
    FROM (SELECT {i_keys}, (SELECT r.{role}_vector {distance} p_vector::{type} FROM {row} AS r WHERE {r_is_i} AND reembed.text_hash(r.content) = p_hash) AS distance
            FROM (SELECT {keys_of_object} FROM (SELECT p_key::jsonb AS object) AS i) AS i) AS w;
END;
COMMENT ON FUNCTION reembed.find_{role}_{suffix} IS 'pg-reembed: whether a row is among the nearest to the vector of its own text; null when there is no result.';

-- Samples a page or two of the table.
CREATE FUNCTION reembed.any_{role}_{suffix}() RETURNS {type}
LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
  SELECT s.{column} FROM {relation} AS s TABLESAMPLE SYSTEM (least(100, 200.0 * current_setting('block_size')::integer / greatest(1, {relation_bytes})))
   WHERE s.{column} IS NOT NULL{sample_part} LIMIT 1;
END;
COMMENT ON FUNCTION reembed.any_{role}_{suffix} IS 'pg-reembed: a vector to search for.';

CREATE FUNCTION reembed.nearest_{role}_{suffix}(p_vector {type}) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER {candidate_settings}
BEGIN ATOMIC
  SELECT count(*)
    FROM (SELECT FROM (SELECT {found} AS vector FROM {search_from}{probe_part} ORDER BY {indexed_found} {indexed_distance} {indexed_query} LIMIT {candidate_rows}) AS n
           ORDER BY n.vector {distance} p_vector LIMIT 10) AS found;
END;
COMMENT ON FUNCTION reembed.nearest_{role}_{suffix} IS 'pg-reembed: one search like those of the live view, to be timed.';

-- The array makes PostgreSQL fetch each vector once instead of once for each function.
CREATE FUNCTION reembed.measure_{role}_{suffix}()
RETURNS TABLE (rows bigint, zero_rows bigint, not_finite_rows bigint, wrong_dimensions_rows bigint, unit_length_rows bigint, odd_norm_rows bigint,
               norm_min double precision, norm_median double precision, norm_max double precision, shared_vector_rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET row_security = off
BEGIN ATOMIC
  WITH measured AS MATERIALIZED (
    SELECT md5({send}(h.vector))::uuid AS digest, h.text_hash, {norm}(h.vector) AS norm, {vector_schema}.vector_dims(h.vector) AS dimensions
      FROM (SELECT (ARRAY[r.{role}_vector])[1] AS vector, reembed.text_hash(r.content) AS text_hash FROM {row} AS r OFFSET 0) AS h
     WHERE h.vector IS NOT NULL
  ), middle AS (
    SELECT q[2] AS median, q[1] - greatest(3 * (q[3] - q[1]), 0.01 * q[2]) AS shortest, q[3] + greatest(3 * (q[3] - q[1]), 0.01 * q[2]) AS longest
      FROM (SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY m.norm) AS q FROM measured AS m WHERE m.norm > 0 AND m.norm < 'infinity') AS quartiles
  )
  SELECT count(*), count(*) FILTER (WHERE m.norm = 0), count(*) FILTER (WHERE m.norm >= 'infinity'), count(*) FILTER (WHERE m.dimensions <> {dimensions}),
         count(*) FILTER (WHERE abs(m.norm - 1) <= 0.01), count(*) FILTER (WHERE m.norm > 0 AND m.norm < 'infinity' AND (m.norm < shortest OR m.norm > longest)),
         min(m.norm) FILTER (WHERE m.norm < 'infinity'), max(median), max(m.norm) FILTER (WHERE m.norm < 'infinity'),
         (SELECT coalesce(sum(s.rows), 0)::bigint FROM (SELECT count(*) AS rows FROM measured AS o WHERE o.norm > 0 GROUP BY o.digest HAVING min(o.text_hash) <> max(o.text_hash)) AS s)
    FROM measured AS m CROSS JOIN middle;
END;
COMMENT ON FUNCTION reembed.measure_{role}_{suffix} IS 'pg-reembed: measures the vectors of one model: zeros, NaN, wrong dimensions, odd lengths, and rows of different texts that share one vector. Reads the whole table.';

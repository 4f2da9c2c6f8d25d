CREATE OR REPLACE FUNCTION reembed.measure_vectors(p_target text, p_role text)
RETURNS TABLE (rows bigint, zero_rows bigint, not_finite_rows bigint, wrong_dimensions_rows bigint, unit_length_rows bigint, odd_norm_rows bigint,
               norm_min double precision, norm_median double precision, norm_max double precision, shared_vector_rows bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.vector_column;
  v_schema name;
  v_type name;
BEGIN
  SELECT c.* INTO STRICT v FROM reembed.vector_column AS c WHERE c.target = p_target AND c.role = p_role;
  SELECT n.nspname, y.typname INTO STRICT v_schema, v_type
    FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid JOIN pg_namespace AS n ON n.oid = y.typnamespace
   WHERE a.attrelid = v.relation AND a.attname = v.column_name;
  -- An array unpacks its elements: each vector is fetched once instead of once a function.
  RETURN QUERY EXECUTE format($q$
    WITH measured AS MATERIALIZED (
      SELECT md5(%1$I.%2$s_send(t.reembed_vector))::uuid AS digest, t.reembed_text_hash AS text_hash,
             %1$I.%3$s(t.reembed_vector) AS norm, %1$I.vector_dims(t.reembed_vector) AS dimensions
        FROM (SELECT (ARRAY[%4$s])[1] AS reembed_vector, reembed.text_hash((%5$s)::text) AS reembed_text_hash FROM %6$s AS t OFFSET 0) AS t
       WHERE t.reembed_vector IS NOT NULL
    ), middle AS (
      SELECT q[2] AS median, q[1] - greatest(3 * (q[3] - q[1]), 0.01 * q[2]) AS shortest, q[3] + greatest(3 * (q[3] - q[1]), 0.01 * q[2]) AS longest
        FROM (SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY norm) AS q FROM measured WHERE norm > 0 AND norm < 'infinity') AS quartiles
    )
    SELECT count(*), count(*) FILTER (WHERE norm = 0), count(*) FILTER (WHERE norm >= 'infinity'), count(*) FILTER (WHERE dimensions <> $1),
           count(*) FILTER (WHERE abs(norm - 1) <= 0.01), count(*) FILTER (WHERE norm > 0 AND norm < 'infinity' AND (norm < shortest OR norm > longest)),
           min(norm) FILTER (WHERE norm < 'infinity'), max(median), max(norm) FILTER (WHERE norm < 'infinity'),
           (SELECT coalesce(sum(s.rows), 0)::bigint FROM (SELECT count(*) AS rows FROM measured WHERE norm > 0 GROUP BY digest HAVING min(text_hash) <> max(text_hash)) AS s)
      FROM measured CROSS JOIN middle
  $q$, v_schema, v_type, CASE v_type WHEN 'halfvec' THEN 'l2_norm' ELSE 'vector_norm' END, reembed.vector_sql(p_target, p_role), reembed.row_text_sql(p_target),
       (SELECT relation FROM reembed.target WHERE name = p_target))
    USING (SELECT o.dimensions FROM reembed.model AS o WHERE o.name = v.model);
END;
$$;
COMMENT ON FUNCTION reembed.measure_vectors IS 'What the vectors of one role of a target show: zeros, NaN, wrong dimensions, odd lengths, and rows of different texts that share one vector. Reads the whole table.';

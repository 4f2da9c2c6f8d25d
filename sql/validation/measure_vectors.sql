CREATE OR REPLACE FUNCTION reembed.measure_vectors(p_target text, p_role text)
RETURNS TABLE (rows bigint, zero_rows bigint, not_finite_rows bigint, wrong_dimensions_rows bigint, unit_length_rows bigint, odd_norm_rows bigint,
               norm_min double precision, norm_median double precision, norm_max double precision, shared_vector_rows bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE reembed.render('SELECT * FROM reembed.measure_{role}_{suffix}()',
                                      (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target) || jsonb_build_object('role', p_role));
END;
$$;
COMMENT ON FUNCTION reembed.measure_vectors IS 'Measures the vectors of one role of a target: zeros, NaN, wrong dimensions, odd lengths, and rows of different texts that share one vector. Reads the whole table.';

-- Fitted with npm run bench:index: a row costs the more the more there are, by their number to the power of 0.3, because the way
-- to its neighbours grows and less of the graph is in the caches of the processor.
CREATE OR REPLACE FUNCTION reembed.predict_index_build(
  p_relation regclass, p_column name, p_type text, p_operator_class text, p_m integer, p_ef_construction integer, p_rows bigint, p_workers integer
) RETURNS double precision
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- A search in a sample that is not much larger than what it keeps in view would look at all of it.
  v_most constant integer := least(greatest(2000, 20 * p_ef_construction), 5000);
  v_wanted constant integer := least(p_rows, greatest(200, p_rows / 10), v_most);
  v_sample record;
BEGIN
  IF p_rows = 0 OR NOT has_database_privilege(current_database(), 'TEMPORARY') THEN
    RETURN NULL;
  END IF;
  v_sample := reembed.sample_build(p_relation, p_column, p_type, p_operator_class, p_m, p_ef_construction, v_wanted, 1.5 * v_wanted / p_rows);
  RETURN v_sample.seconds * (p_rows::double precision / v_sample.rows) ^ 1.3
         / CASE WHEN p_workers > 0 THEN reembed.parallel_speedup(p_workers) ELSE 1 END;
END;
$$;
COMMENT ON FUNCTION reembed.predict_index_build IS 'Seconds that an HNSW index will take to build while its graph fits in memory, from a sample built on this server; null where no sample can be built.';

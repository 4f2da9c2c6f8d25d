-- Fitted to builds of 10,000 to 100,000 rows (docs/performance.md). The cost of a row grows with their number: the path to its neighbours is longer and a
-- smaller part of the graph is in the processor caches, the more so the larger the vectors. In a graph not much larger than the candidate list of a search,
-- the search is shorter.
CREATE OR REPLACE FUNCTION reembed.predict_index_build(
  p_relation regclass, p_key text, p_operator_class text, p_m integer, p_ef_construction integer, p_vector_bytes integer, p_rows bigint, p_workers integer
) RETURNS double precision
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_growth constant double precision := 0.21 + 0.06 * log(2, p_vector_bytes / 3072.0);
  v_spared constant double precision := 14 * p_ef_construction;
  v_most constant integer := least(greatest(2000, 20 * p_ef_construction), 5000);
  v_wanted constant integer := least(p_rows, greatest(200, p_rows / 5), v_most);
  v_sample record;
  v_started constant timestamptz := clock_timestamp();
  v_rounds integer := 0;
  v_seconds double precision := 0;
  v_speedup double precision := 0;
  v_predicted double precision;
BEGIN
  IF p_rows = 0 OR NOT has_database_privilege(current_database(), 'TEMPORARY') THEN
    RETURN NULL;
  END IF;
  -- Several rounds average out other load of the server. A short build gets fewer rounds.
  LOOP
    v_sample := reembed.sample_build(p_relation, p_key, p_operator_class, p_m, p_ef_construction, v_wanted, 1.5 * v_wanted / p_rows);
    IF v_sample.rows = 0 THEN
      RETURN NULL;
    END IF;
    v_rounds := v_rounds + 1;
    v_seconds := v_seconds + v_sample.seconds / v_sample.rows;
    v_speedup := v_speedup + CASE WHEN p_workers > 0 THEN reembed.parallel_speedup(p_workers) ELSE 1 END;
    v_predicted := p_rows * (v_seconds / v_rounds) / (v_speedup / v_rounds)
                   * (p_rows::double precision / v_sample.rows) ^ v_growth
                   * (1 + v_spared / v_sample.rows) / (1 + v_spared / p_rows);
    EXIT WHEN v_rounds = 6 OR extract(epoch FROM clock_timestamp() - v_started) > 0.04 * v_predicted;
  END LOOP;
  RETURN v_predicted;
END;
$$;
COMMENT ON FUNCTION reembed.predict_index_build IS 'Seconds that the build of an HNSW index will take while its graph fits in memory, from a sample built on this server; null where no sample can be built.';

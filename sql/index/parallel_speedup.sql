-- SQL cannot see how many processors a build gets beside the other load. A query over a catalog that every database has measures it.
CREATE OR REPLACE FUNCTION reembed.parallel_speedup(p_workers integer) RETURNS double precision
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET parallel_setup_cost = 0
SET parallel_tuple_cost = 0
SET min_parallel_table_scan_size = 0
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
DECLARE
  -- Without workers, with workers, and with workers that have almost no work: the cost of starting them is negligible for a build.
  v_workers constant integer[] := ARRAY[0, p_workers, p_workers];
  v_rounds constant integer[] := ARRAY[1000, 1000, 1];
  v_seconds double precision[];
  v_started timestamptz;
BEGIN
  FOR i IN 1..3 LOOP
    PERFORM set_config('max_parallel_workers_per_gather', v_workers[i]::text, true);
    v_started := clock_timestamp();
    -- PERFORM fetches all rows at once; PostgreSQL starts parallel workers within a function only then.
    PERFORM count(*) FROM pg_proc AS p, generate_series(1, v_rounds[i]) AS n WHERE p.oid::bigint + n > 0;
    v_seconds[i] := extract(epoch FROM clock_timestamp() - v_started);
  END LOOP;
  RETURN greatest(1, least(p_workers + 1, v_seconds[1] / greatest(v_seconds[2] - v_seconds[3], v_seconds[1] / (p_workers + 1))));
END;
$$;
COMMENT ON FUNCTION reembed.parallel_speedup IS 'The speedup by parallel workers, measured in about half a second.';

-- How many processors a build gets, beside all else that runs, cannot be looked up; a query over a catalog that is there in every
-- database shows it.
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
  v_started timestamptz := clock_timestamp();
  v_alone double precision;
  v_together double precision;
BEGIN
  -- PERFORM fetches all rows at once; only then PostgreSQL starts parallel workers within a function.
  PERFORM count(*) FROM pg_proc AS p, generate_series(1, 600) AS i WHERE p.oid::bigint + i > 0;
  v_alone := extract(epoch FROM clock_timestamp() - v_started);
  PERFORM set_config('max_parallel_workers_per_gather', p_workers::text, true);
  v_started := clock_timestamp();
  PERFORM count(*) FROM pg_proc AS p, generate_series(1, 600) AS i WHERE p.oid::bigint + i > 0;
  v_together := extract(epoch FROM clock_timestamp() - v_started);
  RETURN greatest(1, least(p_workers + 1, v_alone / v_together));
END;
$$;
COMMENT ON FUNCTION reembed.parallel_speedup IS 'How many times faster work goes with parallel workers, measured in about a third of a second.';

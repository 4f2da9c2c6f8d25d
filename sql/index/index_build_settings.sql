-- SQL cannot see the memory and processors of the server. It sees settings that were chosen for them: shared_buffers is about a quarter of the memory,
-- max_parallel_workers about the number of processors. A build may use as much memory as shared_buffers and a quarter of the workers. A higher setting is
-- never lowered.
CREATE OR REPLACE FUNCTION reembed.index_build_settings(
  p_method text, p_version text, p_build_bytes bigint, p_vector_bytes bigint,
  p_memory bigint, p_shared_buffers bigint, p_memory_limit bigint,
  p_workers integer, p_worker_slots integer, p_workers_wanted integer,
  OUT memory bigint, OUT memory_limit bigint, OUT fits boolean, OUT workers integer, OUT is_unsafe boolean
)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_megabyte constant bigint := 1048576;
  -- PostgreSQL starts only as many workers as have this share of maintenance_work_mem each.
  v_share constant bigint := 32 * v_megabyte;
  -- A parallel build uses 3 MB for other purposes, and 1 MB stays free.
  v_spare constant bigint := 4 * v_megabyte;
  v_version constant integer[] := string_to_array(substring(p_version FROM '^[0-9.]+[0-9]'), '.')::integer[];
  v_wanted bigint;
BEGIN
  is_unsafe := p_method = 'hnsw' AND v_version >= '{0,6,0}' AND v_version < '{0,8,2}';
  workers := CASE
    WHEN is_unsafe OR p_worker_slots = 0 THEN 0
    WHEN p_workers_wanted IS NOT NULL THEN least(p_workers_wanted, p_worker_slots)
    WHEN p_workers = 0 THEN 0
    ELSE greatest(p_workers, least(p_worker_slots / 4, p_vector_bytes / v_share))
  END;
  memory_limit := least(greatest(p_memory, coalesce(p_memory_limit, p_shared_buffers)), 2147483647 * 1024::bigint);
  -- No more than needed: a parallel build allocates all of maintenance_work_mem from shared memory at its start.
  v_wanted := p_build_bytes + p_build_bytes / 10 + v_spare;
  IF workers > 0 AND p_vector_bytes >= v_share THEN
    v_wanted := greatest(v_wanted, v_share * (workers + 1));
  END IF;
  memory := greatest(p_memory, least(v_wanted, memory_limit));
  fits := p_build_bytes + v_spare <= memory;
END;
$$;
COMMENT ON FUNCTION reembed.index_build_settings IS 'Memory and parallel workers for the build of a vector index, from its size and the settings of the server. Bytes; limit and wanted workers are null where they are not set.';

CREATE OR REPLACE FUNCTION reembed.compiled_for_workers() RETURNS TABLE (name name)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  VALUES ('read_batch'::name), ('read_changes'), ('settle'), ('log_keys'), ('log_missing'), ('sample'), ('store_new'), ('store_old'), ('forget_new'), ('forget_old'),
         ('sweep_new'), ('sweep_old'), ('find_new'), ('find_old'), ('lacking')
$$;
COMMENT ON FUNCTION reembed.compiled_for_workers IS 'The compiled functions of a target that a worker calls.';

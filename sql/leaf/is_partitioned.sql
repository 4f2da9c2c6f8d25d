CREATE OR REPLACE FUNCTION reembed.is_partitioned(p_relation regclass) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (SELECT c.relkind = 'p' FROM pg_class AS c WHERE c.oid = p_relation)
$$;
COMMENT ON FUNCTION reembed.is_partitioned IS 'Whether a table is partitioned; null when it does not exist.';

-- pgvector compares each row with those before it, so the build of an index of 10 blocks of rows, or of 1 MB with vectors in the TOAST table, takes well
-- under 0.3 s, the lock_timeout that every DDL statement of the toolkit has. Only the catalog and the sizes of files are read: counting rows would run row
-- level security policies, which are the owner's code, with the rights of the installer.
CREATE OR REPLACE FUNCTION reembed.is_large(p_leaf regclass) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(reembed.blocks(p_leaf) >= 10 OR pg_table_size(p_leaf) >= 1048576, false)
$$;
COMMENT ON FUNCTION reembed.is_large IS 'Whether a leaf has so many rows that searching it without an index takes long, and building one blocks writes for long.';

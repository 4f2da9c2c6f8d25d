-- A condition without columns is evaluated once, before the scan below it begins, and the two scans run one after the other. So each has settings of its own, also
-- through a pooler in transaction mode, which allows no others.
CREATE OR REPLACE FUNCTION reembed.bridge_settings(p_rows text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('(SELECT pg_catalog.set_config(''hnsw.ef_search'', least(%s, 1000)::text, true)%s) IS NOT NULL AND ', p_rows,
                CASE WHEN reembed.scans_iteratively() THEN ' || pg_catalog.set_config(''hnsw.iterative_scan'', ''relaxed_order'', true)' ELSE '' END)
$$;
COMMENT ON FUNCTION reembed.bridge_settings IS 'A condition that sets how many rows the scan of an index examines, and lets it go on while a filter leaves too few. p_rows: SQL of the number.';
